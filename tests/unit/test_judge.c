/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"
#include "hashed_codes.h"
#include "mutant.h"

#include "core/device.h"
#include "core/judge.h"
#include "core/otp.h"
#include "core/pending.h"

#define TOTP SECRET "\n\" TOTP_AUTH\n"

#define TEXTS 20000

static void assert_judged(const char *text, const char *message)
{
	struct error error = ERROR_INIT;

	if (message == NULL) {
		if (credential_judge_text(text, strlen(text), &error) != 0)
			fail_msg("%s: %s", text, error.message);
		assert_int_equal(error.code, 0);
		return;
	}
	if (credential_judge_text(text, strlen(text), &error) != TOTPGROUP_EFORMAT)
		fail_msg("taken: %s", text);
	assert_int_equal(error.code, TOTPGROUP_EFORMAT);
	assert_message(&error, message);
}

static void a_rate_limit_with_a_blank_at_its_end_is_refused(void **state)
{
	(void)state;
	assert_judged(TOTP "\" RATE_LIMIT 3 30 \n", "line 3: RATE_LIMIT");
	assert_judged(TOTP "\" RATE_LIMIT 3 30\n", NULL);
}

static void all_that_an_attempt_can_read_is_judged(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{"", "line 1: no secret"},
		{"\n", "line 1: not a base32 secret"},
		{TOTP "\" RATE_LIMIT 3 30\n\" FRONT_END_ATTEMPTS x\n",
			"line 4: FRONT_END_ATTEMPTS"},
		{TOTP "\" PENDING_UNTIL soon\n", "line 3: PENDING_UNTIL"},
		{"NOT=\n", "line 1: not a base32 secret"},
		{TOTP "\" ALGORITHM MD5\n", "line 3: ALGORITHM"},
		{TOTP A_1 "\" SCRATCH_HASH scrypt 17 8 1\n", "line 4: SCRATCH_HASH"},
		{TOTP A_1 A_2 LINE_1 "0\n", "line 5: SCRATCH_HASH"},
		{TOTP "\" DIGITS 9\n", "line 3: DIGITS"},
		{TOTP "\" STEP_SIZE 0\n", "line 3: STEP_SIZE"},
		{TOTP "\" WINDOW_SIZE x\n", "line 3: WINDOW_SIZE"},
		{SECRET "\n\" WINDOW_SIZE x\n", "line 2: WINDOW_SIZE"},
		{SECRET "\n\" HOTP_COUNTER 9223372036854775807\n", "line 2: HOTP_COUNTER"},
		{TOTP "\" DEVICE " SECRET_2 "\n", "line 3: DEVICE"},
		{TOTP "\" DEVICE 1 tablet\n", "line 3: not a base32 secret"},
		{TOTP "\" DISALLOW_REUSE 1 x\n", "line 3: DISALLOW_REUSE"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_judged(rows[i].text, rows[i].message);
}

static void lines_that_no_login_reads_may_say_anything(void **state)
{
	static const char *const texts[] = {
		SECRET,
		TOTP "\" FRONT_END_ATTEMPTS x\n",
		TOTP "\" LAST0 x y z\n\" TIME_SKEW x\n\" RESETTING_TIME_SKEW x\n",
		TOTP "foreign\n\" UNKNOWN x\n99999999999\n",
		SECRET "\n\" HOTP_COUNTER 1\n\" STEP_SIZE x\n\" DISALLOW_REUSE x\n"
		       "\" DEVICE x\n",
		TOTP "\" RATE_LIMIT 3 30\n\" RATE_LIMIT x\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_judged(texts[i], NULL);
}

static void an_expired_or_limited_credential_is_no_error(void **state)
{
	(void)state;
	assert_judged(TOTP "\" PENDING_UNTIL 1\n", NULL);
	assert_judged(TOTP "\" RATE_LIMIT 1 3600 9223372036854775807\n", NULL);
}

static void a_text_that_is_no_credential_is_refused(void **state)
{
	static char text[CREDENTIAL_TEXT_MAX + 1];
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(credential_judge_text("A\0B", 3, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "NUL");
	memset(text, 'A', sizeof text);
	assert_int_equal(credential_judge_text(text, sizeof text, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "longer than");
	assert_int_equal(credential_judge_text(text, sizeof text - 1, &error), 0);
}

/* First lines, valid ones more often. */
static const char *const first_lines[] = {SECRET "\n", SECRET "\n", SECRET "\n", SECRET "\n",
	SECRET "\r\n", SECRET "\n\" TOTP_AUTH\n", SECRET "\n\" TOTP_AUTH\n", "NOT=\n", "\n",
	"\" TOTP_AUTH\n"};

/* Lines that are valid, valid in some texts, and malformed. */
static const char *const lines[] = {
	"\" TOTP_AUTH\n",
	"\" TOTP_AUTH\n",
	"\" TOTP_AUTH\n",
	"\" HOTP_COUNTER 5\n",
	"\" HOTP_COUNTER 9223372036854775807\n",
	"\" RATE_LIMIT 3 30\n",
	"\" RATE_LIMIT 3 30 1799999990 1800000000\n",
	"\" RATE_LIMIT 1 3600 1800000000 1800000001\n",
	"\" RATE_LIMIT 3 30 \n",
	"\" RATE_LIMIT 3\n",
	"\" FRONT_END_ATTEMPTS 1799999990\n",
	"\" FRONT_END_ATTEMPTS 17x\n",
	"\" PENDING_UNTIL 1800000100\n",
	"\" PENDING_UNTIL 1700000000\n",
	"\" PENDING_UNTIL 1800000100 1\n",
	"\" ALGORITHM SHA256\n",
	"\" ALGORITHM SHA512 \n",
	"\" DIGITS 8\n",
	"\" DIGITS 5\n",
	"\" STEP_SIZE 60\n",
	"\" STEP_SIZE 3601\n",
	"\" WINDOW_SIZE 17\n",
	"\" WINDOW_SIZE 101\n",
	"\" DISALLOW_REUSE\n",
	"\" DISALLOW_REUSE 59999999 60000000\n",
	"\" DISALLOW_REUSE 59999999 6000000x\n",
	"\" TIME_SKEW -20\n",
	"\" TIME_SKEW -2147483648\n",
	"\" TIME_SKEW x\n",
	"\" RESETTING_TIME_SKEW 59999998+20 59999999+20\n",
	"\" RESETTING_TIME_SKEW 59999998x20\n",
	"\" DEVICE " SECRET_2 " tablet\n",
	"\" DEVICE " SECRET_3 " on paper\n",
	"\" DEVICE " SECRET_3 "\n",
	"\" DEVICE 1 tablet\n",
	"\" LAST0 192.0.2.7 1799999999\n",
	"\" LAST0 192.0.2.7 x\n",
	"\" LABEL x\n",
	A_1,
	B_1,
	A_2,
	"\" SCRATCH_HASH scrypt 1 8 1 CAIREEYUCULBOGAZDINRYHI6D4 " HASH_A "\n",
	"\" SCRATCH_HASH scrypt 1 8 2 " SALT_1 " " HASH_A "\n",
	"\" SCRATCH_HASH scrypt 30 8 1 " SALT_1 " " HASH_A "\n",
	"12345678\n",
	"foreign\n",
};

static const char *const pieces[] = {"\n", "\r", "\r\n", "\"", "\" ", " ", "\t", "0", "9", "-1",
	"x", "99999999999999999999", "9223372036854775807", "\x80"};

static void make(struct mutant *mutant, struct test_random *random)
{
	static const struct mutant_pieces all = {pieces, COUNT(pieces)};

	mutant->length = 0;
	mutant_append(mutant, first_lines[pick(random, COUNT(first_lines))]);
	for (size_t i = pick(random, 8); i > 0; i--)
		mutant_append(mutant, lines[pick(random, COUNT(lines))]);
	if (pick(random, 3) == 0)
		for (size_t i = 1 + pick(random, 3); i > 0; i--)
			mutate(mutant, &all, random);
}

/* The outcome of all attempts on one text. */
struct outcome {
	const struct mutant *mutant;
	const struct error *judged;
	bool damaged; /* an attempt ended with a format error */
	bool same;    /* and one with the error of the judge */
};

static void note_outcome(
	struct outcome *outcome, enum totpgroup_reason reason, const struct error *error)
{
	if (reason != TOTPGROUP_REASON_BAD_FILE)
		return;
	assert_int_equal(error->code, TOTPGROUP_EFORMAT);
	outcome->damaged = true;
	if (strcmp(error->message, outcome->judged->message) == 0)
		outcome->same = true;
}

/* Makes an attempt on the original text. */
static void try_text(struct outcome *outcome, const struct attempt *attempt)
{
	totpgroup_credential *credential =
		load_bytes(outcome->mutant->text, outcome->mutant->length);
	struct totpgroup_result before;
	struct error error = ERROR_INIT;
	struct decision decision;

	assert_int_equal(decide_before_prompt(credential, attempt, &before, &error), 0);
	note_outcome(outcome, before.reason, &error);
	error = (struct error)ERROR_INIT;
	assert_int_equal(decide(credential, attempt, &decision, &error), 0);
	note_outcome(outcome, decision.result.reason, &error);
	totpgroup_credential_free(credential);
}

/* The right codes of the credential, which reach the last parts of a decision. */
struct right_codes {
	char code[DEVICES_MAX][OTP_DIGITS_MAX + 1];
	size_t count;
};

static void find_codes(
	const totpgroup_credential *credential, int64_t now, struct right_codes *codes)
{
	struct credential_parameters parameters;
	struct device_keys keys = {.count = 0};
	struct error ignored = ERROR_INIT;

	codes->count = 0;
	if (credential_parameters(credential, &parameters, &ignored) == 0 &&
		device_keys_open_first(credential, &keys, &ignored) == 0)
		(void)device_keys_open_further(credential, &keys, &ignored);
	for (size_t i = 0; i < keys.count; i++) {
		int64_t counter = parameters.totp ? otp_time_step(now, parameters.period)
						  : parameters.hotp_counter;

		assert_int_equal(otp_generate(keys.hmac[i], (uint64_t)counter,
					 parameters.digits, codes->code[i]),
			0);
		codes->count++;
	}
}

/* Tries a code with and without RATE_LIMIT. */
static void try_code(
	struct outcome *outcome, const char *typed, int64_t now, struct test_random *random)
{
	struct attempt attempt = attempt_with(typed);

	attempt.now = now;
	attempt.grace.host = "192.0.2.7";
	attempt.grace.service = pick(random, 2) == 0 ? "sshd" : NULL;
	attempt.grace_period = pick(random, 2) == 0 ? 0 : 100;
	attempt.disallow_reuse = pick(random, 2) == 0;
	attempt.no_skew_adjust = pick(random, 2) == 0;
	attempt.blocked_uncounted = pick(random, 2) == 0;
	attempt.password_before_code = pick(random, 4) == 0;
	attempt.count = false;
	try_text(outcome, &attempt);
	attempt.count = true;
	attempt.front_end = pick(random, 2) == 0;
	try_text(outcome, &attempt);
}

/* Makes all attempts. They are made before the credential expires, because later nothing
 * is read. */
static void try_all(struct outcome *outcome, const totpgroup_credential *credential,
	int64_t until, struct test_random *random)
{
	const int64_t now = until < NOW ? until : NOW;
	struct attempt attempt = attempt_with("");
	struct right_codes codes;

	attempt.now = now;
	attempt.front_end = true;
	try_text(outcome, &attempt);
	attempt.front_end = false;
	attempt.typed = NULL;
	try_text(outcome, &attempt);
	try_code(outcome, WRITTEN_A, now, random);
	try_code(outcome, "12345678", now, random);
	try_code(outcome, "123456", now, random);
	find_codes(credential, now, &codes);
	for (size_t i = 0; i < codes.count; i++)
		try_code(outcome, codes.code[i], now, random);
	attempt = attempt_with(codes.count > 0 ? codes.code[0] : "");
	attempt.now = now;
	attempt.count = false;
	try_text(outcome, &attempt);
}

/* The faults that the judge must have found in the course of the test. */
static const char *const faults[] = {"RATE_LIMIT", "FRONT_END_ATTEMPTS", "PENDING_UNTIL",
	"secret", "ALGORITHM", "SCRATCH_HASH,", "different salts", "HOTP_COUNTER", "DIGITS",
	"STEP_SIZE", "WINDOW_SIZE", "DEVICE", "DISALLOW_REUSE"};

static void tally_fault(const struct error *error, unsigned int *tally)
{
	for (size_t i = 0; i < COUNT(faults); i++)
		tally[i] += strstr(error->message, faults[i]) != NULL;
}

/* Judges the text, makes all attempts on it, and compares. */
static void judge_and_try(
	const struct mutant *mutant, struct error *judged, struct test_random *random)
{
	totpgroup_credential *credential = load_bytes(mutant->text, mutant->length);
	struct outcome outcome = {.mutant = mutant, .judged = judged};
	struct error ignored = ERROR_INIT;
	struct pending pending;
	int64_t until = NOW;
	int status = credential_judge(credential, judged);

	assert_int_equal(status, judged->code);
	(void)pending_look(credential, 0, &pending, &ignored);
	if (pending.pending)
		until = pending.until;
	/* Earlier clocks may be in time step 0, which has no codes. */
	if (until < OTP_PERIOD_MAX)
		goto out;
	try_all(&outcome, credential, until, random);
	if (outcome.damaged != (status != 0))
		fail_msg("%s: %.*s", status != 0 ? judged->message : "taken",
			(int)mutant->length, mutant->text);
	if (outcome.damaged && !outcome.same)
		fail_msg("no attempt says: %s", judged->message);
out:
	assert_memory_equal(credential->text.data, mutant->text, mutant->length);
	totpgroup_credential_free(credential);
}

static void a_text_is_refused_exactly_where_an_attempt_is(void **state)
{
	static struct mutant mutant;
	struct test_random random = test_random_begin();
	unsigned int good = 0, tally[COUNT(faults)] = {0};

	(void)state;
	for (int i = 0; i < TEXTS; i++) {
		struct error judged = ERROR_INIT;

		make(&mutant, &random);
		if (mutant.length == 0)
			continue;
		judge_and_try(&mutant, &judged, &random);
		good += judged.code == 0;
		tally_fault(&judged, tally);
	}
	fprintf(stderr, "# %u of %d taken\n", good, TEXTS);
	assert_true(good > TEXTS / 20);
	for (size_t i = 0; i < COUNT(faults); i++)
		if (tally[i] < 10)
			fail_msg("%s was damaged %u times", faults[i], tally[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_limit_with_a_blank_at_its_end_is_refused),
		cmocka_unit_test(all_that_an_attempt_can_read_is_judged),
		cmocka_unit_test(lines_that_no_login_reads_may_say_anything),
		cmocka_unit_test(an_expired_or_limited_credential_is_no_error),
		cmocka_unit_test(a_text_that_is_no_credential_is_refused),
		cmocka_unit_test(a_text_is_refused_exactly_where_an_attempt_is),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
