/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "message/handover.h"

#include "exchange/otp_key.h"
#include "exchange/otpauth_uri.h"
#include "message/translate.h"

/* Characters of the secret between two blanks. */
#define SECRET_GROUP 4

int handover_append_uri(const struct new_credential *credential, const char *label,
	const char *issuer, struct text *text)
{
	const struct otpauth_uri description = {
		.secret = credential->secret,
		.issuer = issuer,
		.account_name = label,
		.algorithm = credential->algorithm,
		.parameters =
			{
				.digits = credential->digits,
				.period = new_credential_period(credential),
				.totp = credential->time_based,
				.hotp_counter = credential->time_based ? 0 : 1,
			},
	};

	return otpauth_uri_append(text, &description);
}

int handover_append_groups(const struct new_credential *credential, struct text *text)
{
	const char *secret = credential->secret;
	int result = 0;

	for (size_t i = 0; result == 0 && secret[i] != '\0'; i++) {
		if (i > 0 && i % SECRET_GROUP == 0)
			result = text_append(text, " ", 1);
		if (result == 0)
			result = text_append(text, secret + i, 1);
	}
	return result;
}

int handover_append_kind(const struct new_credential *credential, struct text *text)
{
	unsigned int period = new_credential_period(credential);
	int result = text_append_format(text,
		credential->time_based ? translate("by time, %u digits")
				       : translate("by counter, %u digits"),
		credential->digits);

	if (result == 0 && credential->algorithm != HMAC_SHA1)
		result = text_append_format(
			text, ", %s", hmac_algorithm_name(credential->algorithm));
	if (result == 0 && credential->step_size != 0)
		result = text_append(text, ", ", 2);
	if (result == 0 && credential->step_size != 0)
		result = text_append_format(
			text, translate_plural("%u second", "%u seconds", period), period);
	return result;
}

int handover_append_secret(const struct new_credential *credential, struct text *text)
{
	int result = handover_append_groups(credential, text);

	if (result == 0)
		result = text_append(text, "  (", 3);
	if (result == 0)
		result = handover_append_kind(credential, text);
	return result == 0 ? text_append(text, ")", 1) : result;
}

static const char *explain_codes(bool hashed)
{
	if (hashed)
		return translate("Emergency codes, good once each, for when the app is not at "
				 "hand. Write them down\n"
				 "now, and not on the phone: they cannot be shown again, "
				 "because the file has only\n"
				 "hashes of them. Capitals and dashes do not matter.\n");
	return translate("Emergency codes, good once each, for when the app is not at "
			 "hand. Keep them\n"
			 "safe, and not on the phone:\n");
}

int handover_append_emergency_codes(const struct emergency_codes *codes, struct text *text)
{
	int result;

	if (codes->count == 0)
		return 0;
	result = text_append_format(text, "%s", explain_codes(codes->hashed));
	for (unsigned int i = 0; result == 0 && i < codes->count; i++)
		result = text_append_format(text, "  %s\n", codes->code[i]);
	return result;
}
