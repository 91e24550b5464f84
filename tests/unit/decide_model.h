/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A second, simple implementation of decide(), on fields in place of a text, with codes
 * from liboath. The secret of the first device is SECRET. The tests compare it with
 * decide(). */
#ifndef TOTPGROUP_DECIDE_MODEL_H
#define TOTPGROUP_DECIDE_MODEL_H

#include "decide_support.h"

#define MODEL_SEARCH 1499
#define MODEL_TIMES  120
#define MODEL_STEPS  250
#define MODEL_HOSTS  10

struct model_sighting {
	int64_t step, skew;
};

struct model_host {
	char name[16];
	int64_t time;
	bool used;
};

/* A credential. */
struct model {
	unsigned int algorithm, digits, period, window;
	bool totp;
	int64_t hotp_counter; /* 0 for none */
	bool limited;
	int64_t attempts, interval;
	int64_t times[MODEL_TIMES];
	size_t time_count;
	unsigned long emergency_codes[10];
	size_t emergency_count;
	bool disallow_reuse;
	int64_t used[MODEL_STEPS];
	size_t used_count;
	int64_t skew;
	struct model_sighting run[3];
	size_t run_length;
	struct model_host hosts[MODEL_HOSTS];
	int64_t pending_until; /* 0 for none */
	size_t further;	       /* devices besides the first */
};

#define MODEL_DEVICES 3

/* Codes of eight digits, by device and algorithm, for consecutive steps. Their ends are
 * the codes of fewer digits. */
#define CODES_FIRST (STEP - 1800)
#define CODES_COUNT 4200
#define HOTP_CODES  13000
struct model_codes {
	unsigned long totp[MODEL_DEVICES][3][CODES_COUNT];
	unsigned long hotp[3][HOTP_CODES];
};

static const int model_flags[] = {0, OATH_TOTP_HMAC_SHA256, OATH_TOTP_HMAC_SHA512};

static inline void model_codes_fill_device(struct model_codes *codes, size_t device)
{
	code_text code;

	for (int algorithm = 0; algorithm < 3; algorithm++)
		for (int i = 0; i < CODES_COUNT; i++) {
			put_code_of(device, CODES_FIRST + i, 8, model_flags[algorithm], code);
			codes->totp[device][algorithm][i] = strtoul(code, NULL, 10);
		}
}

static inline void model_codes_fill(struct model_codes *codes)
{
	code_text code;

	for (size_t device = 0; device < MODEL_DEVICES; device++)
		model_codes_fill_device(codes, device);
	for (int algorithm = 0; algorithm < 3; algorithm++)
		for (int i = 0; i < HOTP_CODES; i++) {
			put_code(i, 8, model_flags[algorithm], code);
			codes->hotp[algorithm][i] = strtoul(code, NULL, 10);
		}
}

static inline unsigned long shorten(unsigned long code, unsigned int digits)
{
	return digits == 6 ? code % 1000000 : digits == 7 ? code % 10000000 : code;
}

static inline unsigned long model_totp(
	const struct model_codes *codes, const struct model *model, size_t device, int64_t step)
{
	assert_true(step >= CODES_FIRST && step < CODES_FIRST + CODES_COUNT);
	return shorten(
		codes->totp[device][model->algorithm][step - CODES_FIRST], model->digits);
}

static inline unsigned long model_hotp(
	const struct model_codes *codes, const struct model *model, int64_t counter)
{
	assert_true(counter >= 0 && counter < HOTP_CODES);
	return shorten(codes->hotp[model->algorithm][counter], model->digits);
}

/* The state of one attempt. */
struct model_work {
	const struct model_codes *codes;
	struct model *model;
	const struct attempt *attempt;
	struct decision decision;
	size_t device; /* of the code */
};

static const char *const model_names[MODEL_DEVICES] = {"first", "a tablet", "on paper"};

static inline void model_refuse(
	struct model_work *work, enum totpgroup_reason reason, bool no_match)
{
	work->decision.result.verdict = TOTPGROUP_REFUSED;
	work->decision.result.reason = reason;
	work->decision.no_match = no_match;
}

/* Adds a time to the list. True if the limit is exceeded. */
static inline bool model_add_time(struct model *model, int64_t now)
{
	int64_t kept[MODEL_TIMES];
	size_t count = 0;

	model->times[model->time_count++] = now;
	for (size_t i = 0; i < model->time_count; i++)
		if (model->times[i] >= now - model->interval && model->times[i] <= now) {
			size_t at = count++;

			for (; at > 0 && kept[at - 1] > model->times[i]; at--)
				kept[at] = kept[at - 1];
			kept[at] = model->times[i];
		}
	model->time_count = 0;
	for (size_t i = 0; i < count; i++)
		if ((int64_t)(count - i) <= model->attempts)
			model->times[model->time_count++] = kept[i];
	return (int64_t)count > model->attempts;
}

/* Seconds until one more attempt is allowed, by trying each second. */
static inline int64_t model_wait(const struct model *model, int64_t now)
{
	int64_t seconds = 0;
	struct model later;

	do {
		later = *model;
		seconds++;
	} while (model_add_time(&later, now + seconds));
	return seconds;
}

/* Reads the typed number of that many digits; false if there is none. */
static inline bool model_read_typed(
	const struct attempt *attempt, size_t digits, unsigned long *code, size_t *password)
{
	char text[300];
	size_t length = 0;

	for (const char *at = attempt->typed; *at != '\0'; at++)
		if (attempt->password_before_code || (*at != ' ' && *at != '\t'))
			text[length++] = *at;
	if (length < digits || (length > digits && !attempt->password_before_code))
		return false;
	*password = length - digits;
	*code = 0;
	for (size_t i = length - digits; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*code = *code * 10 + (unsigned long)(text[i] - '0');
	}
	return true;
}

static inline struct model_host *model_find_host(struct model *model, const char *name)
{
	struct model_host *oldest = &model->hosts[0];

	for (size_t i = 0; i < MODEL_HOSTS; i++)
		if (model->hosts[i].used && strcmp(model->hosts[i].name, name) == 0)
			return &model->hosts[i];
	for (size_t i = 0; i < MODEL_HOSTS; i++)
		if (!model->hosts[i].used)
			return &model->hosts[i];
	for (size_t i = 0; i < MODEL_HOSTS; i++)
		if (model->hosts[i].time < oldest->time)
			oldest = &model->hosts[i];
	return oldest;
}

static inline void model_accept(
	struct model_work *work, enum totpgroup_method method, size_t password)
{
	const struct attempt *attempt = work->attempt;

	work->decision.result.verdict = TOTPGROUP_ACCEPTED;
	work->decision.result.reason = TOTPGROUP_REASON_NONE;
	work->decision.result.method = method;
	work->decision.no_match = false;
	work->decision.password_length = password;
	work->model->pending_until = 0;
	if (method == TOTPGROUP_METHOD_TOTP && work->model->further > 0)
		strcpy(work->decision.device, model_names[work->device]);
	if (attempt->grace_period > 0 && attempt->grace.host != NULL) {
		struct model_host *host = model_find_host(work->model, attempt->grace.host);

		snprintf(host->name, sizeof host->name, "%s", attempt->grace.host);
		host->time = attempt->now;
		host->used = true;
	}
}

static inline bool model_try_emergency(struct model_work *work)
{
	struct model *model = work->model;
	unsigned long code;
	size_t password;

	if (!model_read_typed(work->attempt, 8, &code, &password))
		return false;
	for (size_t i = 0; i < model->emergency_count; i++) {
		if (model->emergency_codes[i] != code)
			continue;
		model->emergency_count--;
		memmove(model->emergency_codes + i, model->emergency_codes + i + 1,
			(model->emergency_count - i) * sizeof model->emergency_codes[0]);
		model_accept(work, TOTPGROUP_METHOD_EMERGENCY, password);
		return true;
	}
	return false;
}

static inline void model_try_hotp(struct model_work *work, unsigned long code, size_t password)
{
	struct model *model = work->model;

	for (int64_t i = 0; i < model->window; i++) {
		int64_t counter = model->hotp_counter + i;

		if (model_hotp(work->codes, model, counter) != code)
			continue;
		model->hotp_counter = counter + 1;
		work->decision.penalty_due = false;
		work->decision.result.step = counter;
		model_accept(work, TOTPGROUP_METHOD_HOTP, password);
		return;
	}
	work->decision.penalty_due = true;
}

/* The smallest change of the clock that brings it into a step. */
static inline void model_offset(struct model_work *work, int64_t step)
{
	int64_t period = work->model->period, now = work->attempt->now;
	int64_t begin = step * period, end = begin + period - 1;

	work->decision.result.offset_known = true;
	work->decision.result.offset = now < begin ? begin - now : now > end ? end - now : 0;
}

static inline bool model_refuse_spent(struct model_work *work, int64_t step)
{
	const struct model *model = work->model;
	int64_t period = model->period, now = work->attempt->now;

	for (size_t i = 0; i < model->used_count; i++) {
		if (model->used[i] != step)
			continue;
		work->decision.result.retry_after = (now / period + 1) * period - now;
		model_refuse(work, TOTPGROUP_REASON_REUSED, false);
		return true;
	}
	return false;
}

/* The window of the first device is apart from that of the others by its skew. */
static inline bool model_is_in_reach(const struct model *model, int64_t distance)
{
	int64_t window = model->window;

	if (llabs(distance) < window)
		return true;
	return model->further > 0 && (llabs(distance - model->skew) < window ||
					     llabs(distance + model->skew) < window);
}

static inline void model_spend_step(struct model_work *work, int64_t step, size_t password)
{
	struct model *model = work->model;
	size_t kept = 0;

	work->decision.result.step = step;
	model_offset(work, step);
	if (!model->disallow_reuse && !work->attempt->disallow_reuse) {
		model_accept(work, TOTPGROUP_METHOD_TOTP, password);
		return;
	}
	if (model_refuse_spent(work, step))
		return;
	for (size_t i = 0; i < model->used_count; i++)
		if (model_is_in_reach(model, model->used[i] - step))
			model->used[kept++] = model->used[i];
	model->used[kept++] = step;
	model->used_count = kept;
	model->disallow_reuse = true;
	model_accept(work, TOTPGROUP_METHOD_TOTP, password);
}

/* Records a code of another time. True if it completes a run of three. */
static inline bool model_note(struct model *model, struct model_sighting seen)
{
	struct model_sighting *run = model->run;

	if (model->run_length == 3) {
		run[0] = run[1];
		run[1] = run[2];
		model->run_length = 2;
	}
	run[model->run_length++] = seen;
	if (model->run_length < 3)
		return false;
	for (int i = 0; i < 2; i++) {
		if (run[i + 1].step - run[i].step < 1 || run[i + 1].step - run[i].step > 2)
			return false;
		if (llabs(run[i].skew - run[2].skew) > 1)
			return false;
	}
	model->skew = (run[0].skew + run[1].skew + run[2].skew) / 3;
	model->run_length = 0;
	return true;
}

static inline void model_learn(
	struct model_work *work, int64_t now_step, int64_t skew, size_t password)
{
	struct model *model = work->model, before = *model;
	size_t length = model->run_length;
	bool again = length > 0 && model->run[length - 1].step + model->run[length - 1].skew ==
					   now_step + skew;
	bool complete;

	model_offset(work, now_step + skew);
	if (work->attempt->no_skew_adjust)
		return;
	complete = !again && model_note(model, (struct model_sighting){now_step, skew});
	if (model_refuse_spent(work, now_step + skew)) {
		if (complete)
			*model = before;
	} else if (complete) {
		model_spend_step(work, now_step + skew, password);
	} else {
		model_refuse(work, TOTPGROUP_REASON_WRONG_CODE, false);
	}
}

/* A code of a device's window. */
static inline bool model_try_window(
	struct model_work *work, size_t device, unsigned long code, size_t password)
{
	const struct model *model = work->model;
	int64_t center = work->attempt->now / model->period + (device == 0 ? model->skew : 0);
	int64_t window = model->window;

	for (int64_t i = -((window - 1) / 2); i <= window / 2; i++)
		if (model_totp(work->codes, model, device, center + i) == code) {
			work->device = device;
			model_spend_step(work, center + i, password);
			return true;
		}
	return false;
}

static inline void model_note_other_time(
	struct model_work *work, size_t device, int64_t now_step, int64_t skew, size_t password)
{
	if (device == 0)
		model_learn(work, now_step, skew, password);
	else
		model_offset(work, now_step + skew);
}

static inline bool model_try_other_time(
	struct model_work *work, size_t device, unsigned long code, size_t password)
{
	const struct model *model = work->model;
	int64_t now_step = work->attempt->now / model->period;

	for (int64_t i = 0; i <= MODEL_SEARCH; i++)
		for (int sign = -1; sign <= 1; sign += 2)
			if (model_totp(work->codes, model, device, now_step + sign * i) ==
				code) {
				model_note_other_time(
					work, device, now_step, sign * i, password);
				return true;
			}
	return false;
}

static inline void model_try_totp(struct model_work *work, unsigned long code, size_t password)
{
	const size_t devices = work->model->further + 1;

	for (size_t device = 0; device < devices; device++)
		if (model_try_window(work, device, code, password))
			return;
	for (size_t device = 0; device < devices; device++)
		if (model_try_other_time(work, device, code, password))
			return;
}

static inline void model_try_codes(struct model_work *work)
{
	const struct model *model = work->model;
	unsigned long code;
	size_t password;

	if (model->pending_until != 0 && work->attempt->now > model->pending_until) {
		model_refuse(work, TOTPGROUP_REASON_PENDING_EXPIRED, true);
		return;
	}
	model_refuse(work, TOTPGROUP_REASON_WRONG_CODE, true);
	if (model_try_emergency(work) ||
		!model_read_typed(work->attempt, model->digits, &code, &password))
		return;
	if (model->hotp_counter > 0)
		model_try_hotp(work, code, password);
	else if (model->totp)
		model_try_totp(work, code, password);
}

/* Gives the expected decision, and changes the model as the text should change. */
static inline struct decision model_decide(
	const struct model_codes *codes, struct model *model, const struct attempt *attempt)
{
	struct model_work work = {codes, model, attempt, DECISION_INIT, 0};

	if (attempt->count && model->limited && model_add_time(model, attempt->now)) {
		work.decision.result.retry_after = model_wait(model, attempt->now);
		model_refuse(&work, TOTPGROUP_REASON_RATE_LIMITED, false);
		return work.decision;
	}
	work.decision.penalty_due = attempt->penalty_due;
	if (attempt->typed == NULL)
		model_refuse(&work, TOTPGROUP_REASON_CONVERSATION, false);
	else
		model_try_codes(&work);
	if (work.decision.penalty_due && attempt->last) {
		work.decision.penalty_due = false;
		if (!attempt->no_increment_hotp && model->hotp_counter > 0)
			model->hotp_counter++;
	}
	return work.decision;
}

#endif
