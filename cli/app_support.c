/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "app_support.h"

#include <stdio.h>
#include <string.h>

#include "core/account.h"
#include "terminal.h"

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
	{"Google Authenticator of before 2024",
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

static void list_features(
	const struct new_credential *credential, unsigned int features, char *list, size_t size)
{
	char algorithm[16] = "", digits[16] = "", period[32] = "";

	if ((features & (FEATURE_SHA256 | FEATURE_SHA512)) != 0)
		snprintf(algorithm, sizeof(algorithm), ", %s",
			otp_algorithm_name(credential->algorithm));
	if ((features & FEATURE_DIGITS) != 0)
		snprintf(digits, sizeof(digits), ", %u digits", credential->digits);
	if ((features & FEATURE_PERIOD) != 0)
		snprintf(period, sizeof(period), ", %u seconds",
			new_credential_period(credential));
	snprintf(list, size, "%s%s%s", algorithm, digits, period);
	memmove(list, list + 2, strlen(list + 2) + 1);
}

static void list_apps(unsigned int features, char *list, size_t size)
{
	size_t length = 0;

	list[0] = '\0';
	for (size_t i = 0; i < sizeof(apps) / sizeof(apps[0]) && length < size; i++)
		if ((apps[i].ignores & features) != 0 && (apps[i].unless & features) == 0)
			length += (size_t)snprintf(list + length, size - length, "%s%s",
				length > 0 ? ", " : "", apps[i].name);
}

void app_support_warn(const struct new_credential *credential, bool confirmed)
{
	unsigned int features = features_of(credential);
	char chosen[64], names[256];

	if (features == 0)
		return;
	list_features(credential, features, chosen, sizeof(chosen));
	list_apps(features, names, sizeof(names));
	terminal_complain("%s: not every app can do that. Those that cannot show wrong codes, "
			  "without saying so: %s and others.%s%s",
		chosen, names,
		new_credential_is_ours(credential)
			? " The program google-authenticator will not accept the codes."
			: "",
		confirmed ? " The code from the app will tell."
			  : " No code from the app is asked for, so nothing will tell.");
}
