/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Emergency codes of which the credential keeps a hash only, in lines
 *
 *     " SCRATCH_HASH scrypt LOGN R P SALT HASH
 *
 * google-authenticator passes over them and keeps them. A code is 16
 * characters of 5 bits each, 0 to 9 and A to Z without I, L, O and U, at least
 * one of them a letter. It is written in groups of four, as in
 * 7K3M-Q9TD-X2HA-P5VW, and hashed in capitals without the dashes.
 */
#ifndef TOTPGROUP_CORE_EMERGENCY_HASH_H
#define TOTPGROUP_CORE_EMERGENCY_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/scrypt.h"
#include "base/text.h"
#include "core/credential.h"

#define EMERGENCY_HASH_KEY "SCRATCH_HASH"

/* Characters of a code without and with the dashes. */
#define EMERGENCY_HASH_LENGTH	      16
#define EMERGENCY_HASH_WRITTEN_LENGTH 19

/* One derivation serves for all lines with the same salt and cost. So many
 * different pairs may be in one credential. */
#define EMERGENCY_HASH_SETS_MAX 2

/*
 * Takes length bytes for a code if they have its form: either case, o for 0, i
 * and l for 1, dashes and blanks anywhere or nowhere; as_written, with the
 * three dashes where they are written and nothing else. False, with nothing
 * in code, for any other text.
 */
bool emergency_hash_read(
	const char *text, size_t length, bool as_written, char code[EMERGENCY_HASH_LENGTH + 1]);

/*
 * Compares code, as emergency_hash_read() gives it, with every line in
 * constant time, and removes the first that matches. Does not derive anything
 * where there is no line. Returns 0 with *found; else false and
 * TOTPGROUP_EFORMAT where a line is malformed, has a cost that is not allowed,
 * or is of one set too many; TOTPGROUP_EMEMORY; TOTPGROUP_ECRYPTO. error says
 * which line.
 */
int emergency_hash_spend(
	totpgroup_credential *credential, const char *code, bool *found, struct error *error);

/* Whether all lines can be compared with a code: 0, or the TOTPGROUP_EFORMAT that
 * emergency_hash_spend() would return. Derives nothing. */
int emergency_hash_check(const totpgroup_credential *credential, struct error *error);

/* How many well-formed lines there are. */
unsigned int emergency_hash_codes_left(const totpgroup_credential *credential);

/* Draws a code, in its written form. Returns 0 or TOTPGROUP_ECRYPTO. */
int emergency_hash_draw(char written[EMERGENCY_HASH_WRITTEN_LENGTH + 1]);

/* A salt for the lines of codes that are made together. */
struct emergency_hash_salt {
	uint8_t bytes[16];
};
int emergency_hash_draw_salt(struct emergency_hash_salt *salt);

/* Appends the line of a code in its written form, with the cost of our own
 * choice. Returns 0, TOTPGROUP_EFORMAT where it is none, or as scrypt_derive(). */
int emergency_hash_append(
	struct text *text, const char *written, const struct emergency_hash_salt *salt);

#endif
