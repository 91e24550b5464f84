/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Hashed emergency codes, in lines
 *
 *     " SCRATCH_HASH scrypt LOGN R P SALT HASH
 *
 * google-authenticator ignores and keeps them. A code has 16 characters of 5 bits each:
 * 0 to 9, and A to Z without I, L, O and U. At least one is a letter. It is written in
 * groups of four, as in 7K3M-Q9TD-X2HA-P5VW, and hashed in capitals without the dashes.
 */
#ifndef TOTPGROUP_CORE_EMERGENCY_HASH_H
#define TOTPGROUP_CORE_EMERGENCY_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/crypto.h"
#include "base/text.h"
#include "core/credential.h"

#define EMERGENCY_HASH_KEY "SCRATCH_HASH"

/* Characters of a code, without and with dashes. */
#define EMERGENCY_HASH_LENGTH	      16
#define EMERGENCY_HASH_WRITTEN_LENGTH 19

/* How many different pairs of salt and cost a credential may have. Each needs a
 * derivation; lines with the same pair share it. */
#define EMERGENCY_HASH_SETS_MAX 2

/*
 * Reads length bytes that have the form of a code: letters of either case, o for 0, i
 * and l for 1, dashes and blanks anywhere. With as_written, the three dashes must be in
 * their places, and no blanks. Returns false, with code wiped, for any other text.
 */
bool emergency_hash_read(
	const char *text, size_t length, bool as_written, char code[EMERGENCY_HASH_LENGTH + 1]);

/*
 * Compares a code from emergency_hash_read() with every line, in constant time, and
 * removes the first line that matches. Derives nothing where there is no line. Returns 0
 * with *found; otherwise *found is false. TOTPGROUP_EFORMAT, with the line in error,
 * where a line is malformed, has a cost that is not allowed, or one salt too many;
 * TOTPGROUP_EMEMORY; TOTPGROUP_ECRYPTO.
 */
int emergency_hash_spend(
	totpgroup_credential *credential, const char *code, bool *found, struct error *error);

/* Whether all lines can be compared with a code: 0, or the TOTPGROUP_EFORMAT that
 * emergency_hash_spend() would return. Derives nothing. */
int emergency_hash_check(const totpgroup_credential *credential, struct error *error);

/* How many well-formed lines there are. */
unsigned int emergency_hash_codes_left(const totpgroup_credential *credential);

/* Draws a code in its written form. Returns 0 or TOTPGROUP_ECRYPTO. */
int emergency_hash_draw(char written[EMERGENCY_HASH_WRITTEN_LENGTH + 1]);

/* The common salt of codes that are made together. */
struct emergency_hash_salt {
	uint8_t bytes[16];
};
int emergency_hash_draw_salt(struct emergency_hash_salt *salt);

/* Appends the line of a code, given in its written form, with the default cost. Returns
 * 0, TOTPGROUP_EFORMAT where written is no code, or an error of scrypt_derive(). */
int emergency_hash_append(
	struct text *text, const char *written, const struct emergency_hash_salt *salt);

#endif
