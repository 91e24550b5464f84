/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/decide.h"

#include <string.h>

#include "base/wipe.h"
#include "core/device.h"
#include "core/emergency.h"
#include "core/emergency_hash.h"
#include "core/grace.h"
#include "core/otp.h"
#include "core/pending.h"
#include "core/rate_limit.h"
#include "core/resync.h"
#include "core/reuse.h"
#include "core/skew.h"
#include "core/typed.h"

/* The state of one decision. */
struct work {
	totpgroup_credential *credential;
	const struct attempt *attempt;
	struct decision *decision;
	struct error *error;
	struct typed typed;
	struct device_keys keys;
	struct credential_parameters parameters;
};

/* Refuses, so that no other text of this login is tried. */
static int refuse(struct work *work, enum totpgroup_reason reason)
{
	work->decision->result.verdict = TOTPGROUP_REFUSED;
	work->decision->result.reason = reason;
	work->decision->no_match = false;
	return 0;
}

/* Turns damage in the credential into a refusal, and passes other errors on. */
static int refuse_for_damage(struct work *work, int status)
{
	return status == TOTPGROUP_EFORMAT ? refuse(work, TOTPGROUP_REASON_BAD_FILE) : status;
}

/* No other function accepts a code. */
static int accept_code(struct work *work, enum totpgroup_method method, size_t code_length)
{
	const struct attempt *attempt = work->attempt;
	struct decision *decision = work->decision;
	int status = 0;

	if (attempt->grace_period > 0)
		status = grace_record(work->credential, &attempt->grace, attempt->now,
			&decision->result.changed);
	if (status == 0)
		status = pending_confirm(work->credential, &decision->result.changed);
	if (status != 0)
		return error_set(work->error, status, "out of memory");
	decision->result.verdict = TOTPGROUP_ACCEPTED;
	decision->result.reason = TOTPGROUP_REASON_NONE;
	decision->result.method = method;
	decision->no_match = false;
	decision->password_length = work->typed.cut + work->typed.length - code_length;
	return 0;
}

/* Emergency codes come first, so that eight digits which are one are never mistaken for a
 * password of two characters with a six-digit code. */
static int try_emergency_code(struct work *work, bool *done)
{
	const char *code = typed_digits(&work->typed, EMERGENCY_CODE_LENGTH);
	int status;

	*done = false;
	if (code == NULL)
		return 0;
	status = emergency_code_spend(work->credential, code, done);
	if (status != 0)
		return error_set(work->error, status, "out of memory");
	if (!*done)
		return 0;
	work->decision->result.changed = true;
	return accept_code(work, TOTPGROUP_METHOD_EMERGENCY, EMERGENCY_CODE_LENGTH);
}

/* Hashes only text in the form of a hashed code, because hashing is expensive. */
static int try_hashed_code(struct work *work, bool *done)
{
	char code[EMERGENCY_HASH_LENGTH + 1];
	size_t length;
	int status;

	*done = false;
	if (!typed_hashed_code(&work->typed, code, &length))
		return 0;
	status = emergency_hash_spend(work->credential, code, done, work->error);
	WIPE_ARRAY(code);
	if (*done) {
		work->decision->result.changed = true;
		return accept_code(work, TOTPGROUP_METHOD_EMERGENCY, length);
	}
	*done = status != 0;
	return status != 0 ? refuse_for_damage(work, status) : 0;
}

static int refuse_spent(struct work *work)
{
	const int64_t period = work->parameters.period;

	work->decision->result.retry_after = period - work->attempt->now % period;
	return refuse(work, TOTPGROUP_REASON_REUSED);
}

/* Spends the time step of a right code, and accepts the code if it was not spent. */
static int accept_step(struct work *work, const struct device_match *match)
{
	struct totpgroup_result *result = &work->decision->result;
	const struct credential_parameters *parameters = &work->parameters;
	enum reuse reuse;
	int status;

	result->step = match->step;
	status = reuse_spend(work->credential, match->step, parameters->window,
		work->attempt->disallow_reuse, &reuse, work->error);
	if (status != 0)
		return refuse_for_damage(work, status);
	if (reuse == REUSE_SPENT_BEFORE)
		return refuse_spent(work);
	if (reuse == REUSE_FRESH)
		result->changed = true;
	if (work->keys.count > 1)
		status = device_name(
			work->credential, match->device, work->decision->device, work->error);
	return status != 0 ? status
			   : accept_code(work, TOTPGROUP_METHOD_TOTP, parameters->digits);
}

/* Learns from a code outside the window. A code that is spent, or may be, does not
 * complete a run: otherwise somebody who saw three codes could move the time to where
 * other old codes are accepted. */
static int learn_skew(struct work *work, const struct device_match *match, int64_t now_step)
{
	const int64_t skew = match->step - now_step;
	bool spent, learned;
	int reuse = reuse_look(work->credential, match->step, &spent, work->error);
	int status = skew_learn(work->credential, now_step, skew, reuse == 0 && !spent,
		&learned, &work->decision->result.changed);

	if (status != 0)
		return error_set(work->error, status, "out of memory");
	if (reuse != 0)
		return refuse_for_damage(work, reuse);
	if (spent)
		return refuse_spent(work);
	return learned ? accept_step(work, match) : refuse(work, TOTPGROUP_REASON_WRONG_CODE);
}

/* Judges the code that was found. A skew is learned only for the first device, because
 * the credential has one line for it. */
static int judge_match(struct work *work, const struct device_match *match, int64_t now_step)
{
	struct totpgroup_result *result = &work->decision->result;

	if (match->kind == DEVICE_MATCH_NONE)
		return 0;
	result->offset =
		otp_step_offset(match->step, work->attempt->now, work->parameters.period);
	result->offset_known = true;
	if (match->kind == DEVICE_MATCH_WINDOW)
		return accept_step(work, match);
	if (work->attempt->no_skew_adjust || match->device > 0)
		return 0;
	return learn_skew(work, match, now_step);
}

static int try_totp(struct work *work, const char *code)
{
	const struct credential_parameters *parameters = &work->parameters;
	const struct device_search search = {
		.now_step = otp_time_step(work->attempt->now, parameters->period),
		.first_skew = skew_stored(work->credential),
		.window = parameters->window,
		.digits = parameters->digits,
	};
	struct device_match match;
	int status;

	if (search.now_step == 0) {
		error_set(work->error, TOTPGROUP_ESYSTEM, "the clock says 1970: set it");
		return refuse(work, TOTPGROUP_REASON_STORE_ERROR);
	}
	status = device_search(&work->keys, &search, code, &match);
	if (status != 0)
		return error_set(work->error, status, "libgcrypt failed to compute a code");
	return judge_match(work, &match, search.now_step);
}

static int set_hotp_counter(struct work *work, int64_t counter)
{
	int status = credential_set_number(work->credential, "HOTP_COUNTER", counter);

	if (status != 0)
		return error_set(work->error, status, "out of memory");
	work->decision->result.changed = true;
	return 0;
}

static int try_hotp(struct work *work, const char *code)
{
	const struct credential_parameters *parameters = &work->parameters;
	struct otp_range range = {parameters->hotp_counter,
		parameters->hotp_counter + (int64_t)parameters->window - 1};
	bool found;
	int64_t counter;
	int status;

	status = otp_search(work->keys.hmac[0], range, range.first, code, parameters->digits,
		&found, &counter);
	if (status != 0)
		return error_set(work->error, status, "libgcrypt failed to compute a code");
	if (!found) {
		work->decision->penalty_due = true;
		status = resync_notice(
			work->keys.hmac[0], parameters, code, &work->decision->counter_behind);
		return status == 0 ? 0
				   : error_set(work->error, status,
					     "libgcrypt failed to compute a code");
	}
	status = set_hotp_counter(work, counter + 1);
	if (status != 0)
		return status;
	work->decision->penalty_due = false;
	work->decision->result.step = counter;
	return accept_code(work, TOTPGROUP_METHOD_HOTP, parameters->digits);
}

/* Takes two codes in a row, and spends both. Not for a front end: somebody may have typed them
 * into another page. */
static int try_hotp_pair(struct work *work, const char *pair)
{
	const struct credential_parameters *parameters = &work->parameters;
	bool found;
	int64_t counter;
	int status = resync_find(work->keys.hmac[0], parameters, pair,
		pair + parameters->digits, &found, &counter);

	if (status != 0)
		return error_set(work->error, status, "libgcrypt failed to compute a code");
	work->decision->penalty_due = !found;
	if (!found)
		return 0;
	status = set_hotp_counter(work, counter + 2);
	if (status != 0)
		return status;
	if (counter > parameters->hotp_counter)
		work->decision->counter_behind = counter + 2 - parameters->hotp_counter;
	work->decision->result.step = counter + 1;
	return accept_code(work, TOTPGROUP_METHOD_HOTP, 2 * (size_t)parameters->digits);
}

/* The text is no code. */
static int try_pair(struct work *work)
{
	const struct credential_parameters *parameters = &work->parameters;
	const int64_t last = CREDENTIAL_HOTP_COUNTER_MAX - RESYNC_LOOK_AHEAD - 2;
	const char *pair = typed_pair(&work->typed, parameters->digits);

	if (pair == NULL || parameters->totp || !work->attempt->resync_hotp ||
		work->attempt->front_end || parameters->hotp_counter <= 0 ||
		parameters->hotp_counter > last)
		return 0;
	return try_hotp_pair(work, pair);
}

/* Refuses for a damaged option. Its DIGITS may be damaged, so text with a code of any
 * length ends the login, unless the credential has no possible kind of code. */
static int refuse_for_option(struct work *work, int status)
{
	const int64_t counter = work->parameters.hotp_counter;
	bool counts = work->parameters.totp ||
		      (counter > 0 && counter <= CREDENTIAL_HOTP_COUNTER_MAX);

	status = refuse_for_damage(work, status);
	work->decision->no_match = !counts || !typed_holds_code(&work->typed);
	return status;
}

/* Refuses a credential that was not confirmed in time. The user is asked as usual, for
 * every text of this login. */
static int refuse_if_expired(struct work *work, bool *done)
{
	struct pending pending;
	int status = pending_look(work->credential, work->attempt->now, &pending, work->error);

	*done = status != 0 || pending.expired;
	if (!*done)
		return 0;
	status = status != 0 ? refuse_for_damage(work, status)
			     : refuse(work, TOTPGROUP_REASON_PENDING_EXPIRED);
	work->decision->no_match = true;
	return status;
}

/* Tries the typed text as every kind of code that the credential has. */
static int try_codes(struct work *work)
{
	const char *code;
	bool done;
	int status = refuse_if_expired(work, &done);

	if (done)
		return status;
	status = device_keys_open_first(work->credential, &work->keys, work->error);
	if (status != 0)
		status = refuse_for_damage(work, status);
	/* Without a secret no code can match, but the user is asked as usual. */
	work->decision->no_match = true;
	if (status != 0 || work->keys.count == 0)
		return status;
	if (work->attempt->hashed_codes_alone)
		return try_hashed_code(work, &done);
	status = try_emergency_code(work, &done);
	if (status == 0 && !done)
		status = try_hashed_code(work, &done);
	if (status != 0 || done)
		return status;
	status = credential_parameters(work->credential, &work->parameters, work->error);
	if (status == 0)
		status = device_keys_open_further(work->credential, &work->keys, work->error);
	if (status != 0)
		return refuse_for_option(work, status);
	code = typed_digits(&work->typed, work->parameters.digits);
	if (code == NULL)
		return try_pair(work);
	if (work->parameters.totp)
		return try_totp(work, code);
	return work->parameters.hotp_counter > 0 ? try_hotp(work, code) : 0;
}

/* Increments the counter after a wrong HOTP code, so that guesses are not made against
 * the same codes. Not for a front end, which could move the counter away from the token
 * that is used for logins. */
static int apply_hotp_penalty(struct work *work)
{
	struct decision *decision = work->decision;
	int64_t counter;

	if (!decision->penalty_due || !work->attempt->last)
		return 0;
	decision->penalty_due = false;
	counter = credential_lenient_number(work->credential, "HOTP_COUNTER");
	if (work->attempt->no_increment_hotp || work->attempt->front_end || counter <= 0 ||
		counter > CREDENTIAL_HOTP_COUNTER_MAX)
		return 0;
	return set_hotp_counter(work, counter + 1);
}

/* Counts the attempt. *limited is set where it is refused. */
static int apply_rate_limit(struct work *work, bool *limited)
{
	struct totpgroup_result *result = &work->decision->result;
	struct rate_limit_answer answer;
	const struct attempt *attempt = work->attempt;
	int status;

	*limited = true;
	if (attempt->front_end)
		status = rate_limit_count_front_end(
			work->credential, attempt->now, &answer, &result->changed, work->error);
	else
		status = rate_limit_count(work->credential, attempt->now,
			!attempt->blocked_uncounted, &answer, &result->changed, work->error);
	if (status != 0)
		return refuse_for_damage(work, status);
	*limited = answer.exceeded;
	result->retry_after = answer.retry_after;
	return answer.exceeded ? refuse(work, TOTPGROUP_REASON_RATE_LIMITED) : 0;
}

static int decide_attempt(struct work *work)
{
	const struct attempt *attempt = work->attempt;
	bool limited = false;
	int status = 0;

	if (!otp_time_is_possible(attempt->now)) {
		error_set(work->error, TOTPGROUP_ESYSTEM, "the clock is %s: set it",
			attempt->now < 0 ? "before 1970" : "beyond any real time");
		return refuse(work, TOTPGROUP_REASON_STORE_ERROR);
	}
	if (attempt->count)
		status = apply_rate_limit(work, &limited);
	if (status != 0 || limited)
		return status;
	work->decision->penalty_due = attempt->penalty_due;
	if (attempt->typed == NULL) {
		status = refuse(work, TOTPGROUP_REASON_CONVERSATION);
	} else {
		typed_read(&work->typed, attempt->typed, attempt->password_before_code);
		status = try_codes(work);
	}
	return status != 0 ? status : apply_hotp_penalty(work);
}

int decide(totpgroup_credential *credential, const struct attempt *attempt,
	struct decision *decision, struct error *error)
{
	struct work work;
	int status;

	/* What was typed is written before it is read, and need not be zeroed. */
	work.credential = credential;
	work.attempt = attempt;
	work.decision = decision;
	work.error = error;
	work.keys.count = 0;
	*decision = (struct decision)DECISION_INIT;
	decision->result.reason = TOTPGROUP_REASON_WRONG_CODE;
	status = decide_attempt(&work);
	if (status != 0) {
		*decision = (struct decision)DECISION_INIT;
		decision->result.reason = TOTPGROUP_REASON_STORE_ERROR;
	}
	WIPE_OBJECT(&work.typed);
	return status;
}
