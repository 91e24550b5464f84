/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/enroll_defaults.h"

#include "core/otp.h"

#define QR_WORDS "auto|none|ansi|ansi_inverse|ansi_grey|utf8|utf8_inverse|utf8_grey|ansi256"

#define AT(field) .offset = offsetof(struct enroll_defaults, field)

const struct key_definition enroll_definitions[] = {
	{"issuer", KEY_TEXT, AT(issuer)},
	{"qr", KEY_NAME, AT(qr), .words = QR_WORDS},
	{"time_based", KEY_WORD, AT(time_based), ENROLL_YES, .words = "yes|no"},
	{"disallow_reuse", KEY_WORD, AT(disallow_reuse), ENROLL_YES, .words = "yes|no"},
	{"algorithm", KEY_WORD, AT(algorithm), HMAC_SHA1, .words = "SHA1|SHA256|SHA512"},
	{"digits", KEY_NUMBER, AT(digits), OTP_DIGITS_MIN, OTP_DIGITS_MAX},
	{"step_size", KEY_NUMBER, AT(step_size), OTP_PERIOD_MIN, OTP_PERIOD_MAX},
	{"window_size", KEY_NUMBER, AT(window_size), 1, 21},
	{"rate_limit", KEY_RATE, AT(rate_limit), 1, 10, NULL, 15, 600},
	{"emergency_codes", KEY_NUMBER, AT(emergency_codes), 0, 10},
	{"codes", KEY_WORD, AT(codes), ENROLL_CODES_PLAIN, .words = "plain|hashed"},
	{"language", KEY_TEXT, AT(language)},
	{"template", KEY_TEXT, AT(letter_template)},
	{"organization", KEY_TEXT, AT(organization)},
	{"logo", KEY_TEXT, AT(logo)},
	{"contact", KEY_TEXT, AT(contact)},
	{.name = NULL},
};

static void choose_limits(
	const struct enroll_defaults *defaults, struct new_credential *credential)
{
	credential->disallow_reuse = defaults->disallow_reuse != ENROLL_NO;
	credential->window_size = defaults->window_size;
	if (!defaults->rate_limit.given)
		return;
	/* Both are 0 without a limit. */
	credential->rate_limit = defaults->rate_limit.attempts;
	credential->rate_time = defaults->rate_limit.seconds;
}

/* A file that google-authenticator cannot read need not keep the codes readable. */
static bool are_codes_hashed(
	const struct enroll_defaults *defaults, const struct new_credential *credential)
{
	if (defaults->codes == ENROLL_CODES_CHOOSE)
		return new_credential_is_ours(credential);
	return defaults->codes == ENROLL_CODES_HASHED;
}

int default_credential_draw(const struct enroll_defaults *defaults,
	struct new_credential *credential, struct error *error)
{
	int result;

	*credential = (struct new_credential)NEW_CREDENTIAL_DEFAULT;
	new_credential_choose_kind(credential, (enum hmac_algorithm)defaults->algorithm,
		(unsigned int)defaults->digits, defaults->step_size);
	choose_limits(defaults, credential);
	result = new_credential_draw(credential, error);
	if (result != 0)
		return result;
	return emergency_codes_draw(&credential->emergency_codes,
		(unsigned int)defaults->emergency_codes, are_codes_hashed(defaults, credential),
		error);
}
