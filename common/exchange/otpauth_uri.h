/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The otpauth:// URIs that authenticator apps read. */
#ifndef TOTPGROUP_EXCHANGE_OTPAUTH_URI_H
#define TOTPGROUP_EXCHANGE_OTPAUTH_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/crypto.h"
#include "base/text.h"
#include "core/credential.h"
#include "exchange/otp_key.h"

/* The parts of a URI to be written. */
struct otpauth_uri {
	const char *secret;	  /* base32, as in the first line of a credential */
	const char *issuer;	  /* UTF-8; NULL or empty for none */
	const char *account_name; /* UTF-8 */
	enum hmac_algorithm algorithm;
	struct credential_parameters parameters;
	bool hotp; /* even where the counter is 0 */
};

/*
 * Appends the URI. The label is "issuer:account name", and the issuer is also a
 * parameter. All but RFC 3986's unreserved characters is escaped, except for '@' in
 * the label. The secret is in upper case without gaps. Parameters with the usual value
 * are left out; HOTP always has a counter.
 *
 * Returns 0, TOTPGROUP_EMEMORY, TOTPGROUP_EARGUMENT where the account name is empty or
 * the algorithm unknown, or TOTPGROUP_EFORMAT where the secret is not base32 or shorter
 * than a byte. Nothing is appended after an error.
 */
int otpauth_uri_append(struct text *text, const struct otpauth_uri *uri);

/* The same for a key, whose HOTP counter may be 0. */
int otpauth_uri_append_key(struct text *text, const struct otp_key *key);

/*
 * Reads length characters of a URI, written by any program, into a key, which must be
 * OTP_KEY_INIT. Scheme, type, algorithm and the names of parameters may have either
 * case. In parameters a '+' is a blank. HTML's &amp; is read as &. Parameters of other
 * programs, and everything behind a '#', are ignored, but a name that is nearly one of ours
 * is an error. The issuer may be in the label, in a parameter, or in both; where they
 * differ, the key has the parameter's and a note. HOTP without a counter begins at 0, with
 * a note.
 *
 * Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT for another text: a parameter is
 * malformed or there with two values, the secret is missing, or the codes are Steam's. The
 * message names the part, never the secret.
 */
int otpauth_uri_parse(struct otp_key *key, const char *uri, size_t length, struct error *error);

/* Reads what passwords' vaults have for codes: a URI, or a secret in base32. Steam's are refused.
 * Errors as above. */
otp_key_setter otpauth_uri_or_secret;

#endif
