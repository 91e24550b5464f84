/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading the otpauth:// URIs that any program wrote. */
#ifndef TOTPGROUP_EXCHANGE_OTPAUTH_URI_PARSE_H
#define TOTPGROUP_EXCHANGE_OTPAUTH_URI_PARSE_H

#include "exchange/otp_key.h"

/*
 * Reads length characters of a URI into a key, which must be
 * OTP_KEY_INIT. Scheme, type, algorithm and the parameters' names are read
 * in either case; unknown parameters, and what comes behind a '#', are passed
 * over. The issuer may stand before the account in the label, in a parameter,
 * or in both; where they differ the parameter's is kept, and a note says so.
 *
 * Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where it is no such URI: a
 * parameter malformed or there twice, no secret, no counter for HOTP. The
 * message names the part, never the secret.
 */
int otpauth_uri_parse(struct otp_key *key, const char *uri, size_t length, struct error *error);

#endif
