/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Steps 4 to 7 of a login: the prompt, and what becomes of what was typed. */
#include "config.h"

#include "base/wipe.h"
#include "pam/conversation.h"
#include "pam/enrollment.h"
#include "pam/flow_state.h"
#include "pam/log.h"
#include "store/credential_place.h"
#include "store/dummy_decision.h"

/* Steps 5 to 7: anything but a verdict on a durable state refuses, unless that it
 * could not be written is to be overlooked. */
static void transact(struct flow *flow, struct attempt *attempt)
{
	struct error unrecorded = ERROR_INIT;
	int status =
		credential_place_verify(&flow->login.place.credential, attempt, &flow->decision,
			flow->options.allow_readonly ? &unrecorded : NULL, &flow->error);

	if (unrecorded.code != 0)
		log_unrecorded(flow->pamh, &flow->login, &unrecorded);
	if (status != 0)
		flow_refuse(flow, status == TOTPGROUP_ENOTFOUND
					  ? TOTPGROUP_REASON_STORE_ERROR
					  : credential_place_reason(status));
}

/* Costs what a wrong code costs, and is one: another text may be tried. */
static void pretend(struct flow *flow, const struct attempt *attempt)
{
	dummy_decide(attempt);
	flow_refuse(flow, flow->unusable);
	flow->decision.no_match = true;
}

/* Decides on one text, and leaves its password for the next module where that
 * is wanted. */
static void try_text(struct flow *flow, const char *typed, bool password_before_code, bool last)
{
	struct attempt attempt;
	int status;

	flow_begin_attempt(flow, &attempt);
	attempt.typed = typed;
	attempt.password_before_code = password_before_code;
	attempt.last = last;
	attempt.penalty_due = flow->decision.penalty_due;
	if (options_socket(&flow->options) != NULL)
		flow_ask_daemon(flow, typed);
	else if (flow->usable)
		transact(flow, &attempt);
	else
		pretend(flow, &attempt);
	flow->counted = true;
	if (flow->decision.result.verdict != TOTPGROUP_ACCEPTED || !flow->options.forward_pass)
		return;
	status = conversation_forward_pass(flow->pamh, typed, flow->decision.password_length);
	if (status != 0) {
		error_set(&flow->error, status, "cannot pass the password on");
		flow_refuse(flow, TOTPGROUP_REASON_STORE_ERROR);
	}
}

/* The password of an earlier module, with the code at its end. True where
 * that settles it. */
static bool try_first_pass(struct flow *flow)
{
	bool only = flow->options.use_first_pass;
	const char *typed;

	if (!only && !flow->options.try_first_pass)
		return false;
	typed = conversation_first_pass(flow->pamh);
	if (typed == NULL && !only)
		return false;
	try_text(flow, typed, true, only);
	return only || !flow->decision.no_match;
}

void flow_ask(struct flow *flow)
{
	char *typed;

	if (try_first_pass(flow))
		return;
	typed = conversation_ask_code(flow->pamh, &flow->options);
	try_text(flow, typed, flow->options.forward_pass, true);
	if (typed == NULL)
		flow_refuse(flow, TOTPGROUP_REASON_CONVERSATION);
	wipe_free_string(typed);
}

void flow_count_limited(struct flow *flow)
{
	struct totpgroup_result limited = flow->decision.result;

	try_text(flow, NULL, false, true);
	flow_refuse(flow, limited.reason);
	flow->decision.result.retry_after = limited.retry_after;
}

void flow_enroll(struct flow *flow)
{
	bool optional = flow->skip == SKIP_NOT_ENROLLED;
	enum enrollment outcome;

	flow->skip = SKIP_NOT;
	outcome = enrollment_offer(flow->pamh, &flow->configuration, &flow->login, optional,
		&flow->decision.result, &flow->error);
	if (outcome == ENROLLMENT_PASSED_OVER)
		flow->skip = SKIP_NOT_ENROLLED;
	else if (outcome != ENROLLMENT_STORED)
		flow_refuse(flow, flow->decision.result.reason);
}
