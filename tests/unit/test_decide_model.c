/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_model_text.h"

/* Chains of random attempts on random credentials. decide() and the model must agree on
 * every verdict and every field of the text. */

#define CREDENTIALS 420
#define ATTEMPTS    60
#define TEXT_SIZE   12000

/* Writes all fields of a model, for comparison; a missing option has its default. */
static void describe_model(const struct model *model, char *text)
{
	sprintf(text, "%lld %lld %lld %d %zu", (long long)model->hotp_counter,
		(long long)model->skew, (long long)model->pending_until, model->disallow_reuse,
		model->used_count);
	add_numbers(text, model->used, model->used_count);
	add_numbers(text, model->times, model->time_count);
	for (size_t i = 0; i < model->emergency_count; i++)
		sprintf(text + strlen(text), "%lu\n", model->emergency_codes[i]);
	for (size_t i = 0; i < model->run_length; i++)
		sprintf(text + strlen(text), "%lld%+lld ", (long long)model->run[i].step,
			(long long)model->run[i].skew);
	for (size_t i = 0; i < MODEL_HOSTS; i++)
		if (model->hosts[i].used)
			sprintf(text + strlen(text), "\n%zu %s %lld", i, model->hosts[i].name,
				(long long)model->hosts[i].time);
}

static size_t read_numbers(const char *line, int64_t *numbers, size_t most)
{
	size_t count = 0;
	char *end;

	while (*line == ' ') {
		assert_true(count < most);
		numbers[count++] = strtoll(line, &end, 10);
		line = end;
	}
	assert_int_equal(*line, '\0');
	return count;
}

static void read_run(const char *value, struct model *model)
{
	long long step, skew;
	int length = 0;

	while (sscanf(value, " %lld%lld%n", &step, &skew, &length) == 2) {
		model->run[model->run_length++] = (struct model_sighting){step, skew};
		value += length;
	}
}

static void read_host(const char *line, struct model *model)
{
	unsigned int slot;
	long long time;
	char name[16];

	assert_int_equal(sscanf(line, "\" LAST%u %15s %lld", &slot, name, &time), 3);
	assert_true(slot < MODEL_HOSTS);
	model->hosts[slot].used = true;
	model->hosts[slot].time = time;
	strcpy(model->hosts[slot].name, name);
}

static const char *value_of(const char *line, const char *start)
{
	return strncmp(line, start, strlen(start)) == 0 ? line + strlen(start) : NULL;
}

/* Reads the fields that attempts can change back from a line of a text. */
static void read_line_into(const char *line, struct model *model)
{
	int64_t numbers[MODEL_TIMES + 2];
	const char *value;

	if ((value = value_of(line, "\" HOTP_COUNTER")) != NULL)
		model->hotp_counter = strtoll(value, NULL, 10);
	else if ((value = value_of(line, "\" TIME_SKEW")) != NULL)
		model->skew = strtoll(value, NULL, 10);
	else if ((value = value_of(line, "\" PENDING_UNTIL")) != NULL)
		model->pending_until = strtoll(value, NULL, 10);
	else if ((value = value_of(line, "\" RESETTING_TIME_SKEW")) != NULL)
		read_run(value, model);
	else if (value_of(line, "\" LAST") != NULL)
		read_host(line, model);
	else if ((value = value_of(line, "\" RATE_LIMIT")) != NULL) {
		model->time_count = read_numbers(value, numbers, COUNT(numbers)) - 2;
		memcpy(model->times, numbers + 2, model->time_count * sizeof numbers[0]);
	} else if ((value = value_of(line, "\" DISALLOW_REUSE")) != NULL) {
		model->disallow_reuse = true;
		model->used_count = read_numbers(value, model->used, MODEL_STEPS);
	} else if (*line >= '0' && *line <= '9' && strcmp(line, "99999999") != 0)
		model->emergency_codes[model->emergency_count++] = strtoul(line, NULL, 10);
}

static void describe_text(const char *text, char *description)
{
	static char copy[TEXT_SIZE];
	static struct model model;
	char *rest = copy;

	assert_true(snprintf(copy, sizeof copy, "%s", text) < (int)sizeof copy);
	model = (struct model){0};
	assert_string_equal(strsep(&rest, "\n"), SECRET);
	while (rest != NULL)
		read_line_into(strsep(&rest, "\n"), &model);
	describe_model(&model, description);
}

/* The person who logs in, and her device. */
struct person {
	int64_t device_skew;
	char last[32];
	unsigned long emergency_codes[10];
	size_t emergency_count;
};

/* A code of one of the devices, of about the current step. */
static unsigned long device_code(const struct model_codes *codes, const struct model *model,
	const struct person *person, int64_t now, struct test_random *random)
{
	size_t device = pick(random, model->further + 1);
	int64_t step = now / model->period;
	int64_t width = pick(random, 4) == 0 ? model->window / 2 + 2 : 2;

	step += device == 0 || pick(random, 8) == 0 ? person->device_skew : 0;
	step += (int64_t)pick(random, (size_t)(2 * width - 1)) - (width - 1);
	if (model->hotp_counter > 0)
		return model_hotp(codes, model,
			model->hotp_counter + (int64_t)pick(random, model->window + 2) - 1);
	return model_totp(codes, model, device, step);
}

/* Chooses the text to type. */
static void type(const struct model_codes *codes, const struct model *model,
	struct person *person, int64_t now, char *typed, struct test_random *random)
{
	static const char *const junk[] = {
		"", "12345", "password", "123456789", "1234 5", "99999999", "000000", " "};
	size_t kind = pick(random, 20);

	if (kind < 11)
		sprintf(typed, "%0*lu", (int)model->digits,
			device_code(codes, model, person, now, random));
	else if (kind < 14)
		strcpy(typed, person->last);
	else if (kind < 16 && person->emergency_count > 0)
		sprintf(typed, "%lu",
			person->emergency_codes[pick(random, person->emergency_count)]);
	else if (kind < 17)
		sprintf(typed, "%0*lu", (int)model->digits,
			shorten(pick(random, 100000000), model->digits));
	else
		strcpy(typed, junk[pick(random, COUNT(junk))]);
	strcpy(person->last, typed);
}

/* Adds a password before the code, or blanks. */
static void dress(char *typed, bool password_before_code, struct test_random *random)
{
	static const char *const passwords[] = {"", "secret", "pass 12", "7",
		"a password of more than sixty-four characters, as some managers make them"};
	const char *first = passwords[pick(random, COUNT(passwords))];

	if (!password_before_code)
		first = pick(random, 8) == 0 ? " " : "";
	memmove(typed + strlen(first), typed, strlen(typed) + 1);
	memcpy(typed, first, strlen(first));
	if (!password_before_code && strlen(typed) >= 6 && pick(random, 8) == 0) {
		memmove(typed + 4, typed + 3, strlen(typed + 3) + 1);
		typed[3] = ' ';
	}
}

static void assert_same_decision(const struct decision *found, const struct decision *expected)
{
	const struct totpgroup_result *a = &found->result, *b = &expected->result;

	if (a->verdict != b->verdict || a->reason != b->reason)
		fail_msg("decided %s, the model says %s", totpgroup_reason_name(a->reason),
			totpgroup_reason_name(b->reason));
	assert_int_equal(a->method, b->method);
	assert_int_equal(a->offset_known, b->offset_known);
	if (a->offset_known)
		assert_true(a->offset == b->offset);
	if (b->step != 0)
		assert_true(a->step == b->step);
	assert_true(a->retry_after == b->retry_after);
	assert_int_equal(found->no_match, expected->no_match);
	assert_int_equal(found->penalty_due, expected->penalty_due);
	assert_int_equal(found->password_length, expected->password_length);
	assert_string_equal(found->device, expected->device);
}

/* How often each outcome was seen. */
struct tally {
	unsigned int attempts;
	unsigned int methods[TOTPGROUP_METHOD_GRACE + 1];
	unsigned int reasons[TOTPGROUP_REASON_PENDING_EXPIRED + 1];
	unsigned int learned;
	unsigned int further; /* accepted with another device than the first */
};

/* Makes one attempt with decide() and with the model. */
static struct decision attempt_both(const struct model_codes *codes, struct model *model,
	totpgroup_credential *credential, const struct attempt *attempt, struct tally *tally)
{
	static char expected_text[TEXT_SIZE], text[TEXT_SIZE];
	int64_t skew = model->skew;
	struct decision expected = model_decide(codes, model, attempt);
	struct error error;
	struct decision decision = decide_on(credential, attempt, &error);

	assert_same_decision(&decision, &expected);
	describe_model(model, expected_text);
	describe_text(credential->text.data, text);
	assert_string_equal(text, expected_text);
	tally->attempts++;
	tally->methods[decision.result.method]++;
	tally->reasons[decision.result.reason]++;
	tally->learned += model->skew != skew;
	tally->further += *decision.device != '\0' && strcmp(decision.device, "first") != 0;
	return decision;
}

/* Makes a login with one text or two. */
static void log_in(const struct model_codes *codes, struct model *model,
	totpgroup_credential *credential, struct attempt *attempt, struct person *person,
	struct tally *tally, struct test_random *random)
{
	static const char *const hosts[] = {NULL, "192.0.2.1", "192.0.2.2", "2001:db8::3", "h4",
		"h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12"};
	char typed[200];
	struct decision decision;

	attempt->count = true;
	attempt->penalty_due = false;
	attempt->last = pick(random, 4) > 0;
	attempt->grace.host = hosts[pick(random, COUNT(hosts))];
	attempt->password_before_code = !attempt->last || pick(random, 3) == 0;
	type(codes, model, person, attempt->now, typed, random);
	dress(typed, attempt->password_before_code, random);
	attempt->typed = pick(random, 50) > 0 ? typed : NULL;
	decision = attempt_both(codes, model, credential, attempt, tally);
	if (attempt->last || !decision.no_match)
		return;
	attempt->last = true;
	attempt->count = false;
	attempt->penalty_due = decision.penalty_due;
	attempt->password_before_code = false;
	type(codes, model, person, attempt->now, typed, random);
	dress(typed, false, random);
	attempt->typed = pick(random, 10) > 0 ? typed : NULL;
	attempt_both(codes, model, credential, attempt, tally);
}

static void run_chain(
	const struct model_codes *codes, struct tally *tally, struct test_random *random)
{
	static struct model model;
	char text[2000];
	struct person person = {.last = "000000"};
	struct attempt attempt = ATTEMPT_INIT;
	totpgroup_credential *credential;

	make_model(&model, random);
	write_text(&model, text, random);
	person.device_skew = PICK(random, 0, 0, 0, 1, -1, 3, 20, -20, 1400, -1400);
	person.emergency_count = model.emergency_count;
	memcpy(person.emergency_codes, model.emergency_codes, sizeof person.emergency_codes);
	attempt.now = STEP * model.period + (int64_t)pick(random, model.period);
	attempt.disallow_reuse = pick(random, 6) == 0;
	attempt.no_skew_adjust = pick(random, 4) == 0;
	attempt.no_increment_hotp = pick(random, 4) == 0;
	attempt.grace_period = PICK(random, 0, 0, 100);
	credential = load(text);
	for (int i = 0; i < ATTEMPTS; i++) {
		int64_t gap = (int64_t)pick(random, 2 * model.period + 1);

		attempt.now += pick(random, 20) > 0 ? gap : -gap;
		log_in(codes, &model, credential, &attempt, &person, tally, random);
	}
	totpgroup_credential_free(credential);
}

static void random_logins_agree_with_the_model(void **state)
{
	struct test_random random = test_random_begin();
	struct tally tally = {0};

	for (int i = 0; i < CREDENTIALS; i++)
		run_chain(*state, &tally, &random);
	fprintf(stderr,
		"# %u attempts: %u totp, %u hotp, %u emergency, %u wrong, %u reused, "
		"%u limited, %u pending expired, %u without a text, %u learned, "
		"%u with a further device\n",
		tally.attempts, tally.methods[TOTPGROUP_METHOD_TOTP],
		tally.methods[TOTPGROUP_METHOD_HOTP], tally.methods[TOTPGROUP_METHOD_EMERGENCY],
		tally.reasons[TOTPGROUP_REASON_WRONG_CODE],
		tally.reasons[TOTPGROUP_REASON_REUSED],
		tally.reasons[TOTPGROUP_REASON_RATE_LIMITED],
		tally.reasons[TOTPGROUP_REASON_PENDING_EXPIRED],
		tally.reasons[TOTPGROUP_REASON_CONVERSATION], tally.learned, tally.further);
	assert_true(tally.attempts >= 20000);
	assert_true(tally.methods[TOTPGROUP_METHOD_TOTP] > 500);
	assert_true(tally.methods[TOTPGROUP_METHOD_HOTP] > 200);
	assert_true(tally.methods[TOTPGROUP_METHOD_EMERGENCY] > 200);
	assert_true(tally.reasons[TOTPGROUP_REASON_REUSED] > 100);
	assert_true(tally.reasons[TOTPGROUP_REASON_RATE_LIMITED] > 500);
	assert_true(tally.reasons[TOTPGROUP_REASON_PENDING_EXPIRED] > 100);
	assert_true(tally.learned > 10);
	assert_true(tally.further > 200);
}

static int set_up(void **state)
{
	struct model_codes *codes = malloc(sizeof *codes);

	if (codes == NULL || oath_init() != OATH_OK)
		return -1;
	model_codes_fill(codes);
	oath_done();
	*state = codes;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_logins_agree_with_the_model),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
