/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The otpauth:// URI that authenticator apps read from a QR code. */
#ifndef TOTPGROUP_EXCHANGE_OTPAUTH_URI_H
#define TOTPGROUP_EXCHANGE_OTPAUTH_URI_H

#include "base/hmac.h"
#include "base/text.h"
#include "core/credential.h"
#include "exchange/otp_key.h"

/* What goes into the URI. */
struct otpauth_uri {
	const char *secret;	  /* base32, as in the credential's first line */
	const char *issuer;	  /* UTF-8; NULL or empty for none */
	const char *account_name; /* UTF-8 */
	enum hmac_algorithm algorithm;
	struct credential_parameters parameters;
	bool hotp; /* even where the counter is 0 */
};

/*
 * Appends the URI to text: label "issuer:account" and the same issuer as a
 * parameter, everything but RFC 3986's unreserved characters (and '@' in the
 * label) escaped, a colon inside either part too; the secret in upper case
 * without gaps; parameters at their defaults left out, the counter always in
 * for HOTP.
 *
 * Returns 0, TOTPGROUP_EMEMORY, TOTPGROUP_EARGUMENT where the account name is empty
 * or the algorithm unknown, or TOTPGROUP_EFORMAT where the secret is not
 * base32 or has no whole byte. text is unchanged after an error.
 */
int otpauth_uri_append(struct text *text, const struct otpauth_uri *uri);

/* The same for a key of import and export. HOTP begins at its counter,
 * which may be 0. */
int otpauth_uri_append_key(struct text *text, const struct otp_key *key);

#endif
