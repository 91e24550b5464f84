/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/decide.h"
#include "core/grace.h"
#include "core/otp.h"
#include "core/pending.h"
#include "core/rate_limit.h"

int decide_before_prompt(const totpgroup_credential *credential, const struct attempt *attempt,
	struct totpgroup_result *result, struct error *error)
{
	struct rate_limit_answer answer;
	struct error ignored = ERROR_INIT;
	struct hmac *hmac = NULL;
	int status;

	*result = (struct totpgroup_result)TOTPGROUP_RESULT_INIT;
	/* decide() reports an impossible clock, after the prompt. */
	if (!otp_time_is_possible(attempt->now))
		return 0;
	status = rate_limit_look(
		credential, attempt->now, !attempt->blocked_uncounted, &answer, error);
	if (status != 0) {
		result->reason = status == TOTPGROUP_EFORMAT ? TOTPGROUP_REASON_BAD_FILE
							     : TOTPGROUP_REASON_STORE_ERROR;
		return status == TOTPGROUP_EFORMAT ? 0 : status;
	}
	if (answer.exceeded) {
		result->reason = TOTPGROUP_REASON_RATE_LIMITED;
		result->retry_after = answer.retry_after;
		return 0;
	}
	/* decide() reports a damaged secret, after the prompt. A pending credential has to
	 * be confirmed with a code. */
	if (pending_is_there(credential) ||
		!grace_applies(
			credential, &attempt->grace, attempt->now, attempt->grace_period) ||
		credential_first_hmac(credential, &hmac, &ignored) != 0)
		return 0;
	result->verdict = TOTPGROUP_ACCEPTED;
	result->method = TOTPGROUP_METHOD_GRACE;
	return 0;
}
