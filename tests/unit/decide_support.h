/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attempts for the tests of the decision. */
#ifndef TOTPGROUP_DECIDE_SUPPORT_H
#define TOTPGROUP_DECIDE_SUPPORT_H

#include "credential_support.h"

#include "core/decide.h"

/* The default time of attempts: the middle of a step of 30 seconds. */
#define STEP INT64_C(60000000)
#define NOW  (STEP * 30 + 15)

static inline struct attempt attempt_with(const char *typed)
{
	struct attempt attempt = ATTEMPT_INIT;

	attempt.typed = typed;
	attempt.now = NOW;
	return attempt;
}

/* Checks what is true of every decision. */
static inline void assert_sound(const struct decision *decision, const struct error *error)
{
	const struct totpgroup_result *result = &decision->result;

	if (result->verdict == TOTPGROUP_ACCEPTED) {
		assert_int_equal(result->reason, TOTPGROUP_REASON_NONE);
		assert_int_not_equal(result->method, TOTPGROUP_METHOD_NONE);
		assert_int_equal(result->retry_after, 0);
		assert_false(decision->no_match);
		assert_int_equal(error->code, 0);
		return;
	}
	assert_int_equal(result->verdict, TOTPGROUP_REFUSED);
	assert_int_not_equal(result->reason, TOTPGROUP_REASON_NONE);
	assert_int_equal(result->method, TOTPGROUP_METHOD_NONE);
	assert_int_equal(decision->password_length, 0);
	if (result->reason == TOTPGROUP_REASON_BAD_FILE ||
		result->reason == TOTPGROUP_REASON_STORE_ERROR)
		assert_int_not_equal(error->code, 0);
	else
		assert_int_equal(error->code, 0);
}

/* Decides, and checks what is true of every decision. */
static inline struct decision decide_on(
	totpgroup_credential *credential, const struct attempt *attempt, struct error *error)
{
	struct text before = TEXT_INIT;
	struct decision decision;

	*error = (struct error)ERROR_INIT;
	assert_int_equal(
		text_append(&before, credential->text.data, credential->text.length), 0);
	memset(&decision, 0xff, sizeof decision);
	assert_int_equal(decide(credential, attempt, &decision, error), 0);
	assert_sound(&decision, error);
	if (!decision.result.changed)
		assert_credential(credential, before.data);
	text_free(&before);
	return decision;
}

static inline struct decision assert_accepted(totpgroup_credential *credential,
	const struct attempt *attempt, enum totpgroup_method method)
{
	struct error error;
	struct decision decision = decide_on(credential, attempt, &error);

	if (decision.result.verdict != TOTPGROUP_ACCEPTED)
		fail_msg("refused: %s %s", totpgroup_reason_name(decision.result.reason),
			error.message);
	assert_int_equal(decision.result.method, method);
	return decision;
}

static inline struct decision assert_refused(totpgroup_credential *credential,
	const struct attempt *attempt, enum totpgroup_reason reason)
{
	struct error error;
	struct decision decision = decide_on(credential, attempt, &error);

	if (decision.result.verdict != TOTPGROUP_REFUSED || decision.result.reason != reason)
		fail_msg("%s %s, not %s: %s",
			decision.result.verdict == TOTPGROUP_REFUSED ? "refused" : "accepted",
			totpgroup_reason_name(decision.result.reason),
			totpgroup_reason_name(reason), error.message);
	return decision;
}

#endif
