/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The exports in JSON of Aegis and Bitwarden, both without encryption:
 *
 *     {"db": {"entries": [{"type", "name", "issuer", "info": {"secret", "algo", ...}}]}}
 *     {"items": [{"name", "login": {"username", "totp"}}]}
 *
 * where totp is an otpauth URI, or base32 alone.
 */
#ifndef TOTPGROUP_EXCHANGE_VAULT_JSON_H
#define TOTPGROUP_EXCHANGE_VAULT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "exchange/otp_key.h"

enum vault_kind {
	VAULT_AEGIS = 1,
	VAULT_BITWARDEN,
};

/* An export that is being read. Owns nothing. */
struct vault {
	enum vault_kind kind;
	struct json_value entries;
	struct json_value entry; /* the one before the next */
	const char *text;	 /* counted up to here */
	unsigned int line;	 /* of text, counted from 1 */
};

/* Which of them a text is; 0 for none. Encrypted ones count. */
enum vault_kind vault_guess(const char *text, size_t length);

/* Opens a text, which must outlive the reader. TOTPGROUP_EFORMAT where it is no such export, or
 * is encrypted. */
int vault_open(struct vault *vault, enum vault_kind kind, const char *text, size_t length,
	struct error *error);

/*
 * Reads the next entry that has codes, into a key that must be OTP_KEY_INIT; *found is false at
 * the end. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where the entry is not usable:
 * error names the line, and the next call reads the next one.
 */
int vault_next(struct vault *vault, struct otp_key *key, bool *found, struct error *error);

#endif
