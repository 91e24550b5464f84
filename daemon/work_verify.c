/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods Verify and Status. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/decide.h"
#include "core/summary.h"
#include "daemon/local.h"
#include "daemon/log.h"
#include "daemon/work.h"
#include "host/dummy_decision.h"
#include "host/user_store.h"
#include "totpgroup.h"

static struct log_subject subject_of(const struct work *work, const struct access *access)
{
	return (struct log_subject){.user = work->call.user,
		.service = work->call.service != NULL ? work->call.service : access->service,
		.peer = work->peer->uid,
		.rhost = work->call.rhost,
		.bounds = work->log_bounds,
		.metrics = work->metrics};
}

static void log_limited(const struct log_subject *subject, int64_t wait)
{
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	const struct error none = ERROR_INIT;

	result.reason = TOTPGROUP_REASON_RATE_LIMITED;
	result.retry_after = wait;
	verify_log_result(subject, &result, &none);
}

/* The reply to an attempt that is one too many in memory. */
static int reply_limited(struct work *work, const struct access *access, int64_t wait)
{
	struct log_subject subject = subject_of(work, access);

	log_limited(&subject, wait);
	reply_begin(&work->reply, NULL);
	reply_string(&work->reply, "result", "limited");
	reply_number(&work->reply, "retry_after", wait);
	return reply_end(&work->reply);
}

/* Adds where the accepted code begins, to a client that cannot know it. */
static void reply_code_length(struct work *work, const struct decision *decision)
{
	if (work->call.behind_password && decision->result.verdict == TOTPGROUP_ACCEPTED)
		reply_number(&work->reply, "code_length",
			(int64_t)(strlen(work->call.code) - decision->password_length));
}

/* The reply to root and to the user herself. */
static int reply_in_full(struct work *work, const struct decision *decision)
{
	const struct totpgroup_result *result = &decision->result;
	bool accepted = result->verdict == TOTPGROUP_ACCEPTED;
	bool limited = !accepted && result->reason == TOTPGROUP_REASON_RATE_LIMITED;
	struct text *reply = &work->reply;

	reply_begin(reply, NULL);
	reply_string(reply, "result", accepted ? "accepted" : limited ? "limited" : "refused");
	reply_number(reply, "retry_after", result->retry_after);
	if (accepted)
		reply_string(reply, "method", totpgroup_method_name(result->method));
	else
		reply_string(reply, "reason", totpgroup_reason_name(result->reason));
	if (result->offset_known)
		reply_number(reply, "offset", result->offset);
	if (work->peer->uid == 0 && *decision->device != '\0')
		reply_string(reply, "device", decision->device);
	if (work->peer->uid == 0 && decision->counter_behind > 0)
		reply_number(reply, "counter_behind", decision->counter_behind);
	reply_code_length(work, decision);
	return reply_end(reply);
}

/* The reply to a front end. That the credential's own limit is reached would reveal that
 * there is a credential, so it is a refusal like others. Only a peer with a right code learns
 * when the next code comes. */
static int reply_to_front_end(struct work *work, const struct decision *decision)
{
	const struct totpgroup_result *result = &decision->result;
	bool accepted = result->verdict == TOTPGROUP_ACCEPTED;
	bool reused = !accepted && result->reason == TOTPGROUP_REASON_REUSED;

	if (accepted)
		work->hold = false;
	reply_begin(&work->reply, NULL);
	reply_string(&work->reply, "result", accepted ? "accepted" : "refused");
	reply_number(&work->reply, "retry_after", reused ? result->retry_after : 0);
	reply_code_length(work, decision);
	return reply_end(&work->reply);
}

/* What root says about the login. */
static void begin_attempt(
	const struct work *work, const struct user_store *store, struct attempt *attempt)
{
	const struct call *call = &work->call;

	attempt->typed = call->code;
	attempt->password_before_code = call->behind_password;
	/* Somebody may have typed the codes into another page minutes ago. root asks for the
	 * logins of this host; a program that runs as the user is a front end in this. */
	attempt->no_skew_adjust = work->peer->uid != 0;
	attempt->last = call->turn != CALL_TURN_FIRST && call->turn != CALL_TURN_UNNEEDED;
	attempt->count = call->turn == CALL_TURN_ONLY || call->turn == CALL_TURN_FIRST;
	attempt->penalty_due = call->turn == CALL_TURN_LAST;
	if (call->turn != CALL_TURN_UNNEEDED) {
		attempt->grace = work_grace_key(work, store);
		return;
	}
	/* As login_cut_code() has it. Without a key no grace period begins. */
	attempt->disallow_reuse = true;
	attempt->no_skew_adjust = true;
}

static int decide_on_code(struct work *work, struct user_store *store, struct access *access)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision = DECISION_INIT;
	const struct totpgroup_result *result = &decision.result;
	struct error error = ERROR_INIT;
	struct log_subject subject = subject_of(work, access);
	int status;

	begin_attempt(work, store, &attempt);
	attempt.front_end = access->kind == ACCESS_FRONT_END;
	status = user_store_verify(store, work->call.user, &attempt, &decision, &error);
	if (status != 0)
		decision.result.verdict = TOTPGROUP_REFUSED;
	if (status != 0 && access->kind == ACCESS_FULL && user_store_was_silent(store))
		subject.is_local = local_verify(work, store, &attempt, &decision, &error);
	subject.device = decision.device;
	subject.counter_behind = decision.counter_behind;
	/* A password that ends with digits is no wrong code. */
	if (work->call.turn != CALL_TURN_UNNEEDED || result->verdict == TOTPGROUP_ACCEPTED)
		verify_log_result(&subject, result, &error);
	if (status == 0)
		local_log_copy(work, store);
	if (result->reason == TOTPGROUP_REASON_STORE_ERROR ||
		result->reason == TOTPGROUP_REASON_CONFIG_ERROR)
		return reply_error(&work->reply,
			status == TOTPGROUP_EBUSY ? ERROR_BUSY : ERROR_STORE, NULL, NULL);
	return access->kind == ACCESS_FULL ? reply_in_full(work, &decision)
					   : reply_to_front_end(work, &decision);
}

/* The reply that a front end gets for a user without a secret, after the same work. */
static int refuse_like_a_wrong_code(struct work *work)
{
	struct attempt attempt = ATTEMPT_INIT;
	const struct decision refused = DECISION_INIT;

	attempt.typed = work->call.code;
	attempt.password_before_code = work->call.behind_password;
	attempt.front_end = true;
	attempt.now = work->now / 1000;
	dummy_decide(&attempt);
	return reply_to_front_end(work, &refused);
}

/* A user whom no grant covers, or who does not exist. */
static int refuse_uncovered_user(struct work *work, const struct access *access)
{
	struct log_subject subject = subject_of(work, access);

	verify_log_not_covered(&subject);
	return refuse_like_a_wrong_code(work);
}

/* A user who was asked about by other spellings of the name, too. That they are the same user
 * is nothing for the front end, which hears of the limit of each spelling alone. */
static int refuse_limited_account(struct work *work, const struct access *access, int64_t wait)
{
	struct log_subject subject = subject_of(work, access);

	log_limited(&subject, wait);
	return refuse_like_a_wrong_code(work);
}

static int verify_for_front_end(
	struct work *work, struct user_store *store, struct access *access, struct error *error)
{
	struct coverage coverage;
	int64_t wait = 0;
	int status = access_covers(
		work->peer, work->policy, work->call.user, ACCESS_TO_VERIFY, &coverage, error);

	if (status != 0)
		return status;
	if (coverage.covered) {
		access->service = coverage.service;
		status = work_count_account(work, access, coverage.uid, &wait);
	}
	if (status == 0 && !coverage.covered)
		status = refuse_uncovered_user(work, access);
	else if (status == 0 && wait > 0)
		status = refuse_limited_account(work, access, wait);
	else if (status == 0)
		status = decide_on_code(work, store, access);
	return status != 0 ? error_set(error, status, "out of memory") : 0;
}

/* Whether the call says what only root may say. */
static bool is_about_login(const struct call *call)
{
	return call->service != NULL || call->rhost != NULL || call->session != NULL ||
	       call->turn_word != NULL;
}

int work_verify(struct work *work, struct user_store *store, struct error *error)
{
	struct access access = access_of(work->peer, work->policy, work->call.user);
	int64_t wait;
	int status;

	if (work->peer->uid != 0 && work->call.code == NULL)
		return reply_error(&work->reply, ERROR_INVALID, "parameter", "code");
	work->hold = access.kind != ACCESS_FULL;
	if ((access.kind != ACCESS_FULL && access.kind != ACCESS_FRONT_END) ||
		(work->peer->uid != 0 && is_about_login(&work->call)))
		return work_refuse_peer(work, access.service);
	status = work_count_attempt(work, &access, work->call.user, &wait);
	if (status == 0 && wait > 0)
		status = reply_limited(work, &access, wait);
	else if (status == 0 && access.kind == ACCESS_FRONT_END)
		return verify_for_front_end(work, store, &access, error);
	else if (status == 0)
		status = decide_on_code(work, store, &access);
	return status != 0 ? error_set(error, status, "out of memory") : 0;
}

static const char *state_of(const struct credential_summary *summary)
{
	if (!summary->pending.pending)
		return "active";
	return summary->pending.expired ? "expired" : "pending";
}

static const char *kind_of(const struct credential_summary *summary)
{
	if (summary->kind == SUMMARY_TOTP)
		return "totp";
	return summary->kind == SUMMARY_HOTP ? "hotp" : "emergency";
}

/* summary is NULL for a user who is not enrolled. */
static int reply_status(struct text *reply, const struct credential_summary *summary)
{
	reply_begin(reply, NULL);
	reply_flag(reply, "enrolled", summary != NULL);
	if (summary != NULL) {
		reply_string(reply, "state", state_of(summary));
		reply_string(reply, "kind", kind_of(summary));
		reply_number(reply, "codes_left",
			(int64_t)summary->plain_codes + summary->hashed_codes);
		reply_flag(reply, "limited", summary->limited);
		reply_number(reply, "retry_after", summary->retry_after);
	}
	return reply_end(reply);
}

/* A front end gets the same refusal for every user whom its grants do not cover, and for one
 * who does not exist. */
int work_status(struct work *work, struct user_store *store, struct error *error)
{
	const enum access_kind kind = access_of(work->peer, work->policy, work->call.user).kind;
	struct credential_summary summary;
	struct coverage coverage = {.covered = kind == ACCESS_FULL};
	int status = 0;

	work->hold = kind != ACCESS_FULL;
	if (kind == ACCESS_FRONT_END)
		status = access_covers(work->peer, work->policy, work->call.user,
			ACCESS_TO_STATUS, &coverage, error);
	if (status != 0)
		return status;
	if (!coverage.covered)
		return reply_error(&work->reply, ERROR_NOT_PERMITTED, NULL, NULL);
	status = user_store_summarize(store, work->call.user, &summary, error);
	if (status != 0 && status != TOTPGROUP_ENOTFOUND)
		return status;
	status = reply_status(&work->reply, status == 0 ? &summary : NULL);
	return status != 0 ? error_set(error, status, "out of memory") : 0;
}
