/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "flow.h"

#include <security/pam_ext.h>
#include <syslog.h>
#include <time.h>

#include "base/error.h"
#include "base/text.h"
#include "base/wipe.h"
#include "config/options.h"
#include "conversation.h"
#include "core/decide.h"
#include "dummy.h"
#include "gate/group_gate.h"
#include "log.h"
#include "login.h"
#include "store/file_store.h"

/* How often a login decides anew because somebody else changed the file. */
#define CONFLICTS_MAX 10

/* Why no code is due. The values are none that memory holds by chance. */
enum skip {
	SKIP_NOT = 0,
	SKIP_NOT_IN_GROUP = 0x4e1b93d7,
	SKIP_NOT_ENROLLED = 0x19a7c64b,
};

/* One login on its way. */
struct flow {
	pam_handle_t *pamh;
	int flags;
	struct options options;
	struct login login;
	enum skip skip;
	struct decision decision;
	struct error error;
	/* There is a credential that can be decided on. Otherwise the person is
	 * asked all the same, and refused for `unusable`. */
	bool usable;
	enum totpgroup_reason unusable;
	/* Of the texts tried in this login, one was counted already. */
	bool counted;
};

static void refuse(struct flow *flow, enum totpgroup_reason reason)
{
	flow->decision.result.verdict = TOTPGROUP_REFUSED;
	flow->decision.result.reason = reason;
	flow->decision.no_match = false;
}

/* What a failure of the store is called in the log. */
static enum totpgroup_reason reason_of(int status)
{
	switch (status) {
	case TOTPGROUP_EUNSAFE:
	case TOTPGROUP_EFORMAT:
		return TOTPGROUP_REASON_BAD_FILE;
	case TOTPGROUP_ENOTFOUND:
	case TOTPGROUP_EARGUMENT:
		return TOTPGROUP_REASON_NOT_ENROLLED;
	default:
		return TOTPGROUP_REASON_STORE_ERROR;
	}
}

/* Step 1. */
static bool read_options(struct flow *flow, int argc, const char **argv)
{
	login_name(flow->pamh, &flow->login);
	if (options_read_all(&flow->options, argc, argv, &flow->error) == 0)
		return true;
	refuse(flow, TOTPGROUP_REASON_CONFIG_ERROR);
	return false;
}

/* Step 2. A user without a place for a credential is asked all the same. */
static bool find_login(struct flow *flow)
{
	int status = login_find(flow->pamh, &flow->options, &flow->login, &flow->error);

	if (status == TOTPGROUP_ECONFIG) {
		refuse(flow, TOTPGROUP_REASON_CONFIG_ERROR);
		return false;
	}
	flow->unusable = status == 0 ? TOTPGROUP_REASON_NOT_ENROLLED : reason_of(status);
	return true;
}

/* Step 3. An unknown user is never skipped, because that would tell who
 * exists; but a broken list refuses everybody alike. */
static bool pass_gate(struct flow *flow)
{
	const struct passwd *account = flow->login.account;
	gid_t gid = account != NULL ? account->pw_gid : (gid_t)-1;
	enum group_gate gate;

	if (flow->options.group == NULL)
		return true;
	gate = group_gate_judge(flow->options.group, flow->login.user, gid, &flow->error);
	log_debug(flow->pamh, &flow->options, "group=%s %s", flow->options.group,
		gate == GROUP_GATE_INSIDE ? "asks" : "does not ask");
	if (gate == GROUP_GATE_INSIDE || (gate == GROUP_GATE_OUTSIDE && account == NULL))
		return true;
	if (gate == GROUP_GATE_OUTSIDE)
		flow->skip = SKIP_NOT_IN_GROUP;
	else
		refuse(flow, TOTPGROUP_REASON_GROUP_ERROR);
	return false;
}

/* A piece of work on the credential's file, for login_as_identity(). */
struct file_work {
	struct flow *flow;
	struct attempt *attempt;
	struct text *text;
};

/* Reads the credential without a lock. */
static int look_at_file(void *argument)
{
	struct file_work *work = argument;

	return file_store_look(&work->flow->login.rules, work->text, &work->flow->error);
}

static void begin_attempt(const struct flow *flow, struct attempt *attempt)
{
	*attempt = (struct attempt)ATTEMPT_INIT;
	attempt->now = (int64_t)time(NULL);
	attempt->host = flow->login.host;
	attempt->grace_period = flow->options.grace_period;
	attempt->count = !flow->counted;
	attempt->disallow_reuse = flow->options.disallow_reuse;
	attempt->no_skew_adjust = flow->options.noskewadj;
	attempt->no_increment_hotp = flow->options.no_increment_hotp;
}

/* What the text says before anybody is asked; false where that is final. */
static bool look_at_text(struct flow *flow, const struct text *text)
{
	totpgroup_credential *credential = NULL;
	struct totpgroup_result *result = &flow->decision.result;
	struct attempt attempt;
	int status;

	status = credential_load(&credential, text->data, text->length, &flow->error);
	if (status != 0) {
		flow->unusable = reason_of(status);
		return true;
	}
	begin_attempt(flow, &attempt);
	status = decide_before_prompt(credential, &attempt, result, &flow->error);
	totpgroup_credential_free(credential);
	flow->usable = status == 0;
	flow->unusable = TOTPGROUP_REASON_STORE_ERROR;
	return result->verdict != TOTPGROUP_ACCEPTED && result->reason == TOTPGROUP_REASON_NONE;
}

/* Step 4, first half: is there a credential, is it limited, does grace apply? */
static bool look(struct flow *flow)
{
	struct text text = TEXT_INIT;
	struct file_work work = {.flow = flow, .text = &text};
	bool go_on = true;
	int status;

	if (flow->login.path == NULL)
		return true;
	log_debug(flow->pamh, &flow->options, "looking at %s with the rights of uid %u",
		flow->login.path, flow->login.identity->pw_uid);
	status = login_as_identity(flow->pamh, &flow->login, look_at_file, &work, &flow->error);
	if (status == 0)
		go_on = look_at_text(flow, &text);
	else
		flow->unusable = reason_of(status);
	text_free(&text);
	if (status != TOTPGROUP_ENOTFOUND)
		return go_on;
	if (flow->options.nullok && flow->login.account != NULL) {
		flow->skip = SKIP_NOT_ENROLLED;
		return false;
	}
	return true;
}

/* Whether the failure to write may be overlooked. */
static bool is_forgiven(struct flow *flow, int status)
{
	if (status != TOTPGROUP_EUNWRITABLE || !flow->options.allow_readonly)
		return false;
	log_unrecorded(flow->pamh, &flow->login, &flow->error);
	flow->error = (struct error)ERROR_INIT;
	return true;
}

/* Steps 5 to 7: begin, decide, commit. */
static int decide_on_file(void *argument)
{
	struct file_work *work = argument;
	struct flow *flow = work->flow;
	struct file_store_transaction *transaction = NULL;
	totpgroup_credential *credential = NULL;
	struct text text = TEXT_INIT;
	int status;

	status = file_store_begin(&flow->login.rules, &transaction, &text, &flow->error);
	if (status == 0)
		status = credential_load(&credential, text.data, text.length, &flow->error);
	/* Read under the lock, so that of two logins the later one has the later
	 * time, and drops nothing of the earlier one as being in its future. */
	work->attempt->now = (int64_t)time(NULL);
	if (status == 0)
		status = decide(credential, work->attempt, &flow->decision, &flow->error);
	if (status == 0 && flow->decision.result.changed) {
		status = file_store_commit(transaction, &credential->text, &flow->error);
		transaction = NULL;
	}
	file_store_abort(transaction);
	totpgroup_credential_free(credential);
	text_free(&text);
	return status;
}

/* Tells the person that it is not the code that is wrong. */
static void tell_unwritable(struct flow *flow)
{
	if (((unsigned int)flow->flags & PAM_SILENT) == 0)
		pam_error(
			flow->pamh, "The login could not be recorded. Ask the administrator.");
}

/* Steps 5 to 7: anything but a verdict on a durable state refuses. */
static void transact(struct flow *flow, struct attempt *attempt)
{
	struct file_work work = {.flow = flow, .attempt = attempt};
	int status = TOTPGROUP_ECONFLICT;

	for (int i = 0; i < CONFLICTS_MAX && status == TOTPGROUP_ECONFLICT; i++) {
		flow->decision = (struct decision)DECISION_INIT;
		flow->error = (struct error)ERROR_INIT;
		status = login_as_identity(
			flow->pamh, &flow->login, decide_on_file, &work, &flow->error);
	}
	if (status == 0 || is_forgiven(flow, status))
		return;
	refuse(flow, status == TOTPGROUP_ENOTFOUND ? TOTPGROUP_REASON_STORE_ERROR
						   : reason_of(status));
	if (status == TOTPGROUP_EUNWRITABLE)
		tell_unwritable(flow);
}

/* Costs what a wrong code costs, and is one: another text may be tried. */
static void pretend(struct flow *flow, const struct attempt *attempt)
{
	dummy_decide(attempt);
	refuse(flow, flow->unusable);
	flow->decision.no_match = true;
}

/* Decides on one text, and leaves its password for the next module where that
 * is wanted. */
static void try_text(struct flow *flow, const char *typed, bool password_before_code, bool last)
{
	struct attempt attempt;
	int status;

	begin_attempt(flow, &attempt);
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
		refuse(flow, TOTPGROUP_REASON_STORE_ERROR);
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

/* Step 4, second half, and all that follows from what was typed. No lock, no
 * file and no secret is held while the person thinks: sshd may kill the
 * process at any moment of it. */
static void ask(struct flow *flow)
{
	char *typed;

	if (try_first_pass(flow))
		return;
	typed = conversation_ask_code(flow->pamh, &flow->options);
	try_text(flow, typed, flow->options.forward_pass, true);
	if (typed == NULL)
		refuse(flow, TOTPGROUP_REASON_CONVERSATION);
	wipe_free_string(typed);
}

/* Records that a login was refused before the prompt, which google-authenticator
 * counts as an attempt too. */
static void count_limited(struct flow *flow)
{
	struct totpgroup_result limited = flow->decision.result;

	try_text(flow, NULL, false, true);
	refuse(flow, limited.reason);
	flow->decision.result.retry_after = limited.retry_after;
}

static void run(struct flow *flow, int argc, const char **argv)
{
	if (!read_options(flow, argc, argv) || !find_login(flow) || !pass_gate(flow))
		return;
	if (look(flow))
		ask(flow);
	else if (flow->decision.result.reason == TOTPGROUP_REASON_RATE_LIMITED)
		count_limited(flow);
}

/* The one place where the outcome becomes a PAM code. */
static int conclude(const struct flow *flow)
{
	if (flow->skip == SKIP_NOT_IN_GROUP || flow->skip == SKIP_NOT_ENROLLED)
		return PAM_IGNORE;
	if (flow->decision.result.verdict == TOTPGROUP_ACCEPTED)
		return PAM_SUCCESS;
	switch (flow->decision.result.reason) {
	case TOTPGROUP_REASON_CONFIG_ERROR:
	case TOTPGROUP_REASON_GROUP_ERROR:
		return PAM_SERVICE_ERR;
	case TOTPGROUP_REASON_BAD_FILE:
	case TOTPGROUP_REASON_STORE_ERROR:
		return PAM_AUTHINFO_UNAVAIL;
	default:
		return PAM_AUTH_ERR;
	}
}

static void report(const struct flow *flow)
{
	if (flow->skip == SKIP_NOT_IN_GROUP)
		log_skipped(flow->pamh, &flow->login, "not-in-group");
	else if (flow->skip == SKIP_NOT_ENROLLED)
		log_skipped(flow->pamh, &flow->login, "not-enrolled");
	else
		log_verdict(flow->pamh, &flow->login, &flow->decision.result, &flow->error);
}

int flow_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct flow flow = {
		.pamh = pamh,
		.flags = flags,
		.options = OPTIONS_INIT,
		.decision = DECISION_INIT,
		.error = ERROR_INIT,
	};
	int code;

	run(&flow, argc, argv);
	report(&flow);
	code = conclude(&flow);
	login_free(&flow.login);
	return code;
}
