/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "message/enrollment_text.h"

#include "core/otp.h"
#include "exchange/otp_key.h"
#include "exchange/otpauth_uri.h"
#include "message/translate.h"
#include "totpgroup.h"

/* Characters of the secret between two blanks. */
#define SECRET_GROUP 4

/* Offsets of more seconds are told in minutes. */
#define OFFSET_SECONDS_MAX 119

/* Parameters that apps may ignore. */
enum feature {
	FEATURE_SHA256 = 1 << 0,
	FEATURE_SHA512 = 1 << 1,
	FEATURE_DIGITS = 1 << 2,
	FEATURE_PERIOD = 1 << 3,
};

/* Widely used apps with known gaps; totp-enroll-enroll(1) says when they were reported. */
static const struct {
	const char *name;
	unsigned int ignores;
	unsigned int unless; /* another row names the app for this feature */
} apps[] = {
	{"Microsoft Authenticator",
		FEATURE_SHA256 | FEATURE_SHA512 | FEATURE_DIGITS | FEATURE_PERIOD, 0},
	{"Google Authenticator", FEATURE_PERIOD, 0},
	{N_("Google Authenticator from before 2024"),
		FEATURE_SHA256 | FEATURE_SHA512 | FEATURE_DIGITS, FEATURE_PERIOD},
	{"Authy", FEATURE_SHA256 | FEATURE_SHA512, 0},
	{"Duo Mobile", FEATURE_SHA256 | FEATURE_SHA512, 0},
	{"Okta Verify", FEATURE_SHA256 | FEATURE_SHA512 | FEATURE_DIGITS, 0},
	{"Yubico Authenticator", FEATURE_SHA256 | FEATURE_SHA512, 0},
	{"1Password", FEATURE_SHA512 | FEATURE_DIGITS, 0},
};

int enrollment_append_uri(const struct new_credential *credential, const char *label,
	const char *issuer, struct text *text)
{
	const struct otpauth_uri uri = {
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

	return otpauth_uri_append(text, &uri);
}

int enrollment_append_secret_groups(const struct new_credential *credential, struct text *text)
{
	const char *secret = credential->secret;

	for (size_t i = 0; secret[i] != '\0'; i++) {
		if (i > 0 && i % SECRET_GROUP == 0)
			text_append(text, " ", 1);
		text_append(text, secret + i, 1);
	}
	return text->status;
}

static int append_period(const struct new_credential *credential, struct text *text)
{
	unsigned int period = new_credential_period(credential);

	return text_append_format(
		text, translate_plural("%u second", "%u seconds", period), period);
}

int enrollment_append_parameters(const struct new_credential *credential, struct text *text)
{
	text_append_format(text,
		credential->time_based ? translate("by time, %u digits")
				       : translate("by counter, %u digits"),
		credential->digits);
	if (credential->algorithm != HMAC_SHA1)
		text_append_format(text, ", %s", hmac_algorithm_name(credential->algorithm));
	if (credential->step_size != 0) {
		text_append_string(text, ", ");
		append_period(credential, text);
	}
	return text->status;
}

int enrollment_append_secret(const struct new_credential *credential, struct text *text)
{
	enrollment_append_secret_groups(credential, text);
	text_append_string(text, "  (");
	enrollment_append_parameters(credential, text);
	return text_append_string(text, ")");
}

static unsigned int features_of(const struct new_credential *credential)
{
	unsigned int features = 0;

	if (credential->algorithm == HMAC_SHA256)
		features |= FEATURE_SHA256;
	if (credential->algorithm == HMAC_SHA512)
		features |= FEATURE_SHA512;
	if (credential->digits != NEW_CREDENTIAL_DIGITS)
		features |= FEATURE_DIGITS;
	if (credential->time_based &&
		new_credential_period(credential) != NEW_CREDENTIAL_PERIOD)
		features |= FEATURE_PERIOD;
	return features;
}

static void append_comma(struct text *list)
{
	if (list->length > 0)
		text_append_string(list, ", ");
}

static void list_features(
	const struct new_credential *credential, unsigned int features, struct text *list)
{
	if ((features & (FEATURE_SHA256 | FEATURE_SHA512)) != 0)
		text_append_string(list, hmac_algorithm_name(credential->algorithm));
	if ((features & FEATURE_DIGITS) != 0) {
		append_comma(list);
		text_append_format(list, translate("%u digits"), credential->digits);
	}
	if ((features & FEATURE_PERIOD) != 0) {
		append_comma(list);
		append_period(credential, list);
	}
}

static void list_apps(unsigned int features, struct text *list)
{
	for (size_t i = 0; i < sizeof apps / sizeof apps[0]; i++)
		if ((apps[i].ignores & features) != 0 && (apps[i].unless & features) == 0) {
			append_comma(list);
			text_append_string(list, translate(apps[i].name));
		}
}

int enrollment_append_app_support(const struct new_credential *credential, struct text *text)
{
	unsigned int features = features_of(credential);
	struct text chosen = TEXT_INIT, names = TEXT_INIT;
	int status = TOTPGROUP_EMEMORY;

	if (features == 0)
		return 0;
	list_features(credential, features, &chosen);
	list_apps(features, &names);
	if (chosen.status == 0 && names.status == 0)
		status = text_append_format(text,
			translate("%s: not every app supports this. Apps that do not will "
				  "show wrong codes without a warning: %s and others."),
			chosen.data, names.data);
	text_free(&chosen);
	text_free(&names);
	return status;
}

static const char *explain_emergency_codes(bool hashed)
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

int enrollment_append_emergency_codes(const struct emergency_codes *codes, struct text *text)
{
	if (codes->count == 0)
		return 0;
	text_append_string(text, explain_emergency_codes(codes->hashed));
	for (unsigned int i = 0; i < codes->count; i++)
		text_append_format(text, "  %s\n", codes->code[i]);
	return text->status;
}

static int append_clock_offset(int64_t offset, struct text *text)
{
	int64_t size = offset < 0 ? -offset : offset;
	bool minutes = size > OFFSET_SECONDS_MAX;

	/* The conversions are a number and its unit. */
	return text_append_format(text,
		translate(offset > 0 ? N_("This code belongs to another time.\n"
					  "Your phone's clock is %lld %s ahead: set it to "
					  "automatic time.\n")
				     : N_("This code belongs to another time.\n"
					  "Your phone's clock is %lld %s behind: set it to "
					  "automatic time.\n")),
		(long long)(minutes ? size / 60 : size), minutes ? "min" : "s");
}

int enrollment_append_wrong_code(const struct new_credential *credential,
	const struct confirmation *confirmation, struct text *text)
{
	static const char *const digits[] = {
		N_("A code has six digits.\n"),
		N_("A code has seven digits.\n"),
		N_("A code has eight digits.\n"),
	};

	switch (confirmation->verdict) {
	case CONFIRMATION_RIGHT:
		return 0;
	case CONFIRMATION_OTHER_TIME:
		return append_clock_offset(confirmation->offset, text);
	case CONFIRMATION_NO_CODE:
		return text_append_string(
			text, translate(digits[credential->digits - OTP_DIGITS_MIN]));
	default:
		return text_append_string(
			text, translate("This code is wrong. Is it the one for this account, "
					"and still on the screen?\n"));
	}
}
