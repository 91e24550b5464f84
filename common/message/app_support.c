/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "message/app_support.h"

#include "exchange/otp_key.h"
#include "message/translate.h"

/* What apps may ignore. */
enum feature {
	FEATURE_SHA256 = 1 << 0,
	FEATURE_SHA512 = 1 << 1,
	FEATURE_DIGITS = 1 << 2,
	FEATURE_PERIOD = 1 << 3,
};

/* Widely used apps of which it was reported; the manual says when. */
static const struct {
	const char *name;
	unsigned int ignores;
	unsigned int unless; /* where it is named for that in another row */
} apps[] = {
	{"Microsoft Authenticator",
		FEATURE_SHA256 | FEATURE_SHA512 | FEATURE_DIGITS | FEATURE_PERIOD, 0},
	{"Google Authenticator", FEATURE_PERIOD, 0},
	{N_("Google Authenticator of before 2024"),
		FEATURE_SHA256 | FEATURE_SHA512 | FEATURE_DIGITS, FEATURE_PERIOD},
	{"Authy", FEATURE_SHA256 | FEATURE_SHA512, 0},
	{"Duo Mobile", FEATURE_SHA256 | FEATURE_SHA512, 0},
	{"Okta Verify", FEATURE_SHA256 | FEATURE_SHA512 | FEATURE_DIGITS, 0},
	{"Yubico Authenticator", FEATURE_SHA256 | FEATURE_SHA512, 0},
	{"1Password", FEATURE_SHA512 | FEATURE_DIGITS, 0},
};

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

/* A comma, where there is something before. */
static int separate(struct text *list)
{
	return list->length > 0 ? text_append(list, ", ", 2) : 0;
}

static int list_features(
	const struct new_credential *credential, unsigned int features, struct text *list)
{
	unsigned int period = new_credential_period(credential);
	int result = 0;

	if ((features & (FEATURE_SHA256 | FEATURE_SHA512)) != 0)
		result = text_append_format(
			list, "%s", hmac_algorithm_name(credential->algorithm));
	if (result == 0 && (features & FEATURE_DIGITS) != 0) {
		result = separate(list);
		if (result == 0)
			result = text_append_format(
				list, translate("%u digits"), credential->digits);
	}
	if (result == 0 && (features & FEATURE_PERIOD) != 0) {
		result = separate(list);
		if (result == 0)
			result = text_append_format(list,
				translate_plural("%u second", "%u seconds", period), period);
	}
	return result;
}

static int list_apps(unsigned int features, struct text *list)
{
	int result = 0;

	for (size_t i = 0; i < sizeof(apps) / sizeof(apps[0]) && result == 0; i++) {
		if ((apps[i].ignores & features) == 0 || (apps[i].unless & features) != 0)
			continue;
		result = separate(list);
		if (result == 0)
			result = text_append_format(list, "%s", translate(apps[i].name));
	}
	return result;
}

int app_support_append(const struct new_credential *credential, struct text *text)
{
	unsigned int features = features_of(credential);
	struct text chosen = TEXT_INIT, names = TEXT_INIT;
	int result;

	if (features == 0)
		return 0;
	result = list_features(credential, features, &chosen);
	if (result == 0)
		result = list_apps(features, &names);
	if (result == 0)
		result = text_append_format(text,
			translate("%s: not every app can do that. Those that cannot show "
				  "wrong codes, without saying so: %s and others."),
			chosen.data, names.data);
	text_free(&chosen);
	text_free(&names);
	return result;
}
