/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Steps 4 to 7 of a login: the prompt, and what becomes of what was typed. */
#include "config.h"

#include <time.h>

#include "base/text.h"
#include "base/wipe.h"
#include "conversation.h"
#include "dummy.h"
#include "enrollment.h"
#include "flow_state.h"
#include "log.h"
#include "separate_state.h"
#include "store/file_store.h"

/* How often a login decides anew because somebody else changed the file. */
#define CONFLICTS_MAX 10

/* A piece of work on the credential's file, for login_as_identity(). */
struct decide_work {
	struct flow *flow;
	struct attempt *attempt;
};

/* Whether the failure to write may be overlooked. */
static bool is_forgiven(struct flow *flow, int status)
{
	if (status != TOTPGROUP_EUNWRITABLE || !flow->options.allow_readonly)
		return false;
	log_unrecorded(flow->pamh, &flow->login, &flow->error);
	flow->error = (struct error)ERROR_INIT;
	return true;
}

/* Step 6. The clock is read under the lock, so that of two logins the later one
 * has the later time, and drops nothing of the earlier one as being in its
 * future. */
static int decide_now(struct decide_work *work, totpgroup_credential *credential)
{
	struct flow *flow = work->flow;

	work->attempt->now = (int64_t)time(NULL);
	return decide(credential, work->attempt, &flow->decision, &flow->error);
}

/* Steps 5 to 7: begin, decide, commit. */
static int decide_on_file(void *argument)
{
	struct decide_work *work = argument;
	struct flow *flow = work->flow;
	struct file_store_transaction *transaction = NULL;
	totpgroup_credential *credential = NULL;
	struct text text = TEXT_INIT;
	int status;

	status = file_store_begin(&flow->login.rules, &transaction, &text, &flow->error);
	if (status == 0)
		status = credential_load(&credential, text.data, text.length, &flow->error);
	if (status == 0)
		status = decide_now(work, credential);
	if (status == 0 && flow->decision.result.changed) {
		status = file_store_commit(transaction, &credential->text, &flow->error);
		transaction = NULL;
	}
	file_store_abort(transaction);
	totpgroup_credential_free(credential);
	text_free(&text);
	return status;
}

/* The same where the secret's file is not the one that is written. */
static int decide_on_separate_state(struct decide_work *work)
{
	struct flow *flow = work->flow;
	struct separate_state state = SEPARATE_STATE_INIT;
	totpgroup_credential *credential = NULL;
	int status = separate_state_begin(
		flow->pamh, &flow->login, &state, &credential, &flow->error);

	if (status == 0)
		status = decide_now(work, credential);
	if (status == 0 && flow->decision.result.changed)
		status = separate_state_commit(&state, credential, &flow->error);
	totpgroup_credential_free(credential);
	separate_state_end(&state);
	return status;
}

static int begin_decide_commit(struct decide_work *work)
{
	struct flow *flow = work->flow;

	if (flow->login.state_path != NULL)
		return decide_on_separate_state(work);
	return login_as_identity(flow->pamh, &flow->login, decide_on_file, work, &flow->error);
}

/* Steps 5 to 7: anything but a verdict on a durable state refuses. */
static void transact(struct flow *flow, struct attempt *attempt)
{
	struct decide_work work = {.flow = flow, .attempt = attempt};
	int status = TOTPGROUP_ECONFLICT;

	for (int i = 0; i < CONFLICTS_MAX && status == TOTPGROUP_ECONFLICT; i++) {
		flow->decision = (struct decision)DECISION_INIT;
		flow->error = (struct error)ERROR_INIT;
		status = begin_decide_commit(&work);
	}
	if (status == 0 || is_forgiven(flow, status))
		return;
	flow_refuse(flow, status == TOTPGROUP_ENOTFOUND ? TOTPGROUP_REASON_STORE_ERROR
							: flow_reason_of(status));
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
	if (flow->usable)
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
