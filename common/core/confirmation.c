/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/confirmation.h"

#include "base/hmac.h"
#include "base/wipe.h"
#include "core/otp.h"
#include "core/typed.h"
#include "totpgroup.h"

/* Steps to either side: those that the login accepts by default, and those
 * among which a clock that is set wrong is looked for. */
#define ACCEPTED_STEPS 1
#define SEARCHED_STEPS 1500

/* Far beyond any real time, and no sum of steps overflows before. */
#define CLOCK_MAX (INT64_MAX / 4)

static int find(struct hmac *hmac, int64_t step, int64_t distance, const char *code,
	unsigned int digits, bool *found, int64_t *match)
{
	const struct otp_range range = {step - distance, step + distance};

	return otp_search(hmac, range, step, code, digits, found, match);
}

static int judge_code(const struct new_credential *credential, struct hmac *hmac,
	const char *code, int64_t now, struct confirmation *confirmation)
{
	unsigned int period = new_credential_period(credential);
	int64_t step = otp_time_step(now, period);
	enum confirmation_verdict verdict = CONFIRMATION_RIGHT;
	bool found = false;
	int64_t match = 0;
	int result;

	result = find(hmac, step, ACCEPTED_STEPS, code, credential->digits, &found, &match);
	if (result == 0 && !found) {
		verdict = CONFIRMATION_OTHER_TIME;
		result = find(
			hmac, step, SEARCHED_STEPS, code, credential->digits, &found, &match);
	}
	if (result != 0 || !found)
		return result;
	confirmation->verdict = verdict;
	confirmation->step = match;
	confirmation->offset = otp_step_offset(match, now, period);
	return 0;
}

static int judge_typed(const struct new_credential *credential, const struct typed *typed,
	int64_t now, struct confirmation *confirmation)
{
	const char *code = typed_digits(typed, credential->digits);
	struct hmac *hmac;
	int result;

	if (code == NULL) {
		confirmation->verdict = CONFIRMATION_NO_CODE;
		return 0;
	}
	result = hmac_open(
		&hmac, credential->algorithm, credential->key, credential->key_length);
	if (result != 0)
		return result;
	result = judge_code(credential, hmac, code, now, confirmation);
	hmac_close(hmac);
	return result;
}

int confirmation_judge(const struct new_credential *credential, const char *typed, int64_t now,
	struct confirmation *confirmation, struct error *error)
{
	struct typed read;
	int result;

	*confirmation = (struct confirmation){.verdict = CONFIRMATION_WRONG};
	if (now < 0 || now > CLOCK_MAX)
		return error_set(error, TOTPGROUP_ESYSTEM,
			"the clock says a time that cannot be: set it");
	typed_read(&read, typed, false);
	result = judge_typed(credential, &read, now, confirmation);
	WIPE_OBJECT(&read);
	if (result == 0)
		return 0;
	confirmation->verdict = CONFIRMATION_WRONG;
	return error_set(error, result, "cannot compute codes: %s", totpgroup_strerror(result));
}
