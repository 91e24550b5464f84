/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/confirmation.h"

#include "base/crypto.h"
#include "base/wipe.h"
#include "core/otp.h"
#include "core/typed.h"
#include "totpgroup.h"

/* Steps to either side: those that a login accepts by default, and those in which a
 * wrong clock is looked for. */
#define ACCEPTED_STEPS 1
#define SEARCHED_STEPS 1500

static int judge_code(const struct new_credential *credential, struct hmac *hmac,
	const char *code, int64_t now, struct confirmation *confirmation)
{
	static const struct {
		int64_t distance;
		enum confirmation_verdict verdict;
	} searches[] = {
		{ACCEPTED_STEPS, CONFIRMATION_RIGHT},
		{SEARCHED_STEPS, CONFIRMATION_OTHER_TIME},
	};
	const unsigned int period = new_credential_period(credential);
	const int64_t step = otp_time_step(now, period);
	bool found = false;
	int64_t match;
	int status = 0;

	for (size_t i = 0; status == 0 && !found && i < 2; i++) {
		const struct otp_range range = {
			step - searches[i].distance, step + searches[i].distance};

		status =
			otp_search(hmac, range, step, code, credential->digits, &found, &match);
		if (found)
			*confirmation = (struct confirmation){searches[i].verdict, match,
				otp_step_offset(match, now, period)};
	}
	return status;
}

static int judge_typed(const struct new_credential *credential, const struct typed *typed,
	int64_t now, struct confirmation *confirmation)
{
	const char *code = typed_digits(typed, credential->digits);
	struct hmac *hmac;
	int status;

	if (code == NULL) {
		confirmation->verdict = CONFIRMATION_NO_CODE;
		return 0;
	}
	status = hmac_open(
		&hmac, credential->algorithm, credential->key, credential->key_length);
	if (status == 0)
		status = judge_code(credential, hmac, code, now, confirmation);
	hmac_close(hmac);
	return status;
}

int confirmation_judge(const struct new_credential *credential, const char *typed, int64_t now,
	struct confirmation *confirmation, struct error *error)
{
	struct typed read;
	int status;

	*confirmation = (struct confirmation){.verdict = CONFIRMATION_WRONG};
	if (now < 0 || now > OTP_TIME_MAX)
		return error_set(error, TOTPGROUP_ESYSTEM,
			"the clock is before 1970 or beyond any real time: set it");
	typed_read(&read, typed, false);
	status = judge_typed(credential, &read, now, confirmation);
	WIPE_OBJECT(&read);
	if (status == 0)
		return 0;
	confirmation->verdict = CONFIRMATION_WRONG;
	return error_set(error, status, "cannot compute codes: %s", totpgroup_strerror(status));
}
