/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A key as credential text, and back. */
#ifndef TOTPGROUP_EXCHANGE_OTP_KEY_CREDENTIAL_H
#define TOTPGROUP_EXCHANGE_OTP_KEY_CREDENTIAL_H

#include "exchange/otp_key.h"

/*
 * Appends the key as credential text. What the key does not say is as
 * a person gets who enrolls and takes what is offered: each TOTP code is good
 * once, and attempts are limited. Where last_code is one of about the time now,
 * in seconds since 1970, that code and those before it are spent.
 *
 * The text cannot hold the HOTP counter 0, and has 1 in its place; the code
 * of counter 0 is lost.
 *
 * Returns 0, TOTPGROUP_EMEMORY, TOTPGROUP_EARGUMENT where there is no secret or
 * a number is out of its bounds, TOTPGROUP_ECRYPTO, or TOTPGROUP_EFORMAT where there are so many
 * emergency codes that the text would be too long. text is unchanged after an
 * error.
 */
int otp_key_to_credential(
	const struct otp_key *key, int64_t now, struct text *text, struct error *error);

/*
 * Reads length bytes of credential text into a key, which must be
 * OTP_KEY_INIT, and says in its notes what was left out. A credential that
 * accepts neither TOTP nor HOTP codes is no key. Returns 0,
 * TOTPGROUP_EFORMAT, TOTPGROUP_EMEMORY or TOTPGROUP_ECRYPTO; error names the
 * line.
 */
int otp_key_from_credential(
	struct otp_key *key, const char *text, size_t length, struct error *error);

#endif
