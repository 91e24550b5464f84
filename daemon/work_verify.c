/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The method Verify. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/decide.h"
#include "daemon/access.h"
#include "daemon/reply.h"
#include "daemon/verify_log.h"
#include "daemon/work.h"
#include "host/user_store.h"
#include "store/dummy_decision.h"
#include "totpgroup.h"

#define NOT_PERMITTED "not-permitted"

static struct log_subject subject_of(const struct work *work, const struct access *access)
{
	return (struct log_subject){work->call.user, access->service, work->peer->uid, NULL};
}

static int answer_limited(struct work *work, int64_t wait)
{
	struct reply reply = reply_begin(&work->answer, NULL);

	reply_string(&reply, "result", "limited");
	reply_number(&reply, "retry_after", wait);
	if (work->peer->uid == 0)
		reply_string(&reply, "reason", "rate-limited");
	return reply_end(&reply);
}

/* Counts the attempt in memory. *limited is set, and the answer, where it is one too
 * many. */
static int count(struct work *work, const struct access *access, bool *limited)
{
	const struct policy_grant *grant = &work->policy->grants[access->grant];
	struct log_subject subject = subject_of(work, access);
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	const struct error none = ERROR_INIT;
	char peer[16];
	int64_t wait = 0;
	int status = 0;

	snprintf(peer, sizeof peer, "%" PRIu32, (uint32_t)work->peer->uid);
	if (access->kind == ACCESS_FRONT_END)
		status = attempt_limits_count(grant->peers, peer, work->now, &wait);
	if (access->kind == ACCESS_FRONT_END && status == 0 && wait == 0)
		status = attempt_limits_count(grant->users, work->call.user, work->now, &wait);
	else if (access->kind == ACCESS_FULL && work->peer->uid != 0)
		status = attempt_limits_count(
			work->policy->self, work->call.user, work->now, &wait);
	*limited = wait > 0;
	if (status != 0 || !*limited)
		return status;
	result.reason = TOTPGROUP_REASON_RATE_LIMITED;
	result.retry_after = wait;
	verify_log_result(&subject, &result, &none);
	return answer_limited(work, wait);
}

/* What root and the user herself are told. */
static int answer_in_full(struct work *work, const struct totpgroup_result *result)
{
	bool accepted = result->verdict == TOTPGROUP_ACCEPTED;
	struct reply reply = reply_begin(&work->answer, NULL);

	reply_string(&reply, "result",
		accepted					  ? "accepted"
		: result->reason == TOTPGROUP_REASON_RATE_LIMITED ? "limited"
								  : "refused");
	reply_number(&reply, "retry_after", result->retry_after);
	if (accepted)
		reply_string(&reply, "method", totpgroup_method_name(result->method));
	else
		reply_string(&reply, "reason", totpgroup_reason_name(result->reason));
	if (result->offset_known)
		reply_number(&reply, "offset", result->offset);
	return reply_end(&reply);
}

/* What a front end is told: that a credential is limited would tell that there is
 * one, and so is a refusal like others. Only whoever has a right code learns when the
 * next one comes. */
static int answer_front_end(struct work *work, const struct totpgroup_result *result)
{
	bool accepted = result->verdict == TOTPGROUP_ACCEPTED;
	bool spent = !accepted && result->reason == TOTPGROUP_REASON_REUSED;
	struct reply reply = reply_begin(&work->answer, NULL);

	if (accepted)
		work->evened = false;
	reply_string(&reply, "result", accepted ? "accepted" : "refused");
	reply_number(&reply, "retry_after", spent ? result->retry_after : 0);
	return reply_end(&reply);
}

static int answer_result(struct work *work, const struct access *access, int status,
	const struct totpgroup_result *result)
{
	if (result->reason == TOTPGROUP_REASON_STORE_ERROR ||
		result->reason == TOTPGROUP_REASON_CONFIG_ERROR)
		return reply_error(&work->answer,
			status == TOTPGROUP_EBUSY ? ERROR_BUSY : ERROR_STORE, NULL, NULL);
	return access->kind == ACCESS_FULL ? answer_in_full(work, result)
					   : answer_front_end(work, result);
}

static int decide_on_code(struct work *work, struct user_store *store, struct access *access)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision = DECISION_INIT;
	struct error error = ERROR_INIT;
	struct log_subject subject = subject_of(work, access);
	int status;

	attempt.typed = work->call.code;
	attempt.front_end = access->kind == ACCESS_FRONT_END;
	status = user_store_verify(store, work->call.user, &attempt, &decision, &error);
	if (status != 0)
		decision.result.verdict = TOTPGROUP_REFUSED;
	subject.device = decision.device;
	verify_log_result(&subject, &decision.result, &error);
	return answer_result(work, access, status, &decision.result);
}

/* Of a user whom no grant covers, and of one who does not exist, a front end learns
 * what it learns of one without a secret, after the same work. */
static int pretend(struct work *work, const struct access *access)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	struct log_subject subject = subject_of(work, access);

	attempt.typed = work->call.code;
	attempt.front_end = true;
	attempt.now = work->now / 1000;
	dummy_decide(&attempt);
	verify_log_refused(&subject, NOT_PERMITTED);
	return answer_front_end(work, &result);
}

int work_verify(struct work *work, struct user_store *store, struct error *error)
{
	struct access access = access_of(work->peer, work->policy, work->call.user);
	struct log_subject subject = subject_of(work, &access);
	bool limited, covered = true;
	int status;

	work->evened = access.kind != ACCESS_FULL;
	if (access.kind != ACCESS_FULL && access.kind != ACCESS_FRONT_END) {
		verify_log_refused(&subject, NOT_PERMITTED);
		return reply_error(&work->answer, ERROR_NOT_PERMITTED, NULL, NULL);
	}
	status = count(work, &access, &limited);
	if (status != 0)
		return error_set(error, status, "out of memory");
	if (limited)
		return 0;
	if (access.kind == ACCESS_FRONT_END)
		status = access_covers(work->peer, work->policy, work->call.user, false,
			&covered, &access.service, error);
	if (status != 0)
		return status;
	status = covered ? decide_on_code(work, store, &access) : pretend(work, &access);
	return status != 0 ? error_set(error, status, "out of memory") : 0;
}
