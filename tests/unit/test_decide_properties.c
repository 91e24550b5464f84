/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"

static size_t pick(struct test_random *random, size_t limit)
{
	return (size_t)test_random_below(random, limit);
}

/* Codes of the steps around STEP. */
#define FIRST (STEP - 200)
#define CODES 2000
typedef code_text code_table[CODES];

static void fill(code_table codes)
{
	for (int64_t i = 0; i < CODES; i++)
		put_code(FIRST + i, 6, 0, codes[i]);
}

/* Types every possible code, old ones first, again and again while time passes. */
static void try_all(totpgroup_credential *credential, struct attempt *attempt,
	const code_table codes, int64_t width, bool *accepted, unsigned int *count)
{
	int64_t now_step = attempt->now / 30;

	for (int64_t step = now_step - width; step <= now_step + width; step++) {
		struct error error;
		struct decision decision;

		attempt->typed = codes[step - FIRST];
		decision = decide_on(credential, attempt, &error);
		if (decision.result.verdict != TOTPGROUP_ACCEPTED)
			continue;
		assert_false(accepted[decision.result.step - FIRST]);
		accepted[decision.result.step - FIRST] = true;
		(*count)++;
	}
}

static void no_step_is_accepted_twice(void **state)
{
	static code_table codes;
	static bool accepted[CODES];
	struct test_random random = test_random_begin();

	(void)state;
	fill(codes);
	for (int run = 0; run < 12; run++) {
		int window = (int)(const int[]){1, 2, 3, 3, 6, 17}[pick(&random, 6)];
		int skew = (int)pick(&random, 7) - 3;
		struct attempt attempt = attempt_with(NULL);
		totpgroup_credential *credential;
		unsigned int count = 0;
		char text[200];

		snprintf(text, sizeof text,
			SECRET "\n\" TOTP_AUTH\n\" WINDOW_SIZE %d\n\" TIME_SKEW %d\n%s", window,
			skew, run % 2 == 0 ? "\" DISALLOW_REUSE\n" : "");
		credential = load(text);
		memset(accepted, 0, sizeof accepted);
		attempt.disallow_reuse = run % 2 != 0;
		attempt.no_skew_adjust = true;
		for (int i = 0; i < 24; i++) {
			attempt.now += (int64_t)(i % 2 == 0 ? 30 + pick(&random, 70)
							    : pick(&random, 20));
			try_all(credential, &attempt, codes, window + 4, accepted, &count);
		}
		assert_true(count >= 12);
		totpgroup_credential_free(credential);
	}
}

/* In any m seconds at most n attempts are evaluated, whatever is typed, with one text or
 * two. */
static void no_more_attempts_pass_than_allowed(void **state)
{
	static const char *const typed[] = {
		"000000", "12345678", "password", "", "87654321", NULL};
	static int64_t evaluated[20000];
	struct test_random random = test_random_begin();

	(void)state;
	for (int run = 0; run < 40; run++) {
		size_t allowed = 1 + pick(&random, 10);
		int64_t interval = 1 + (int64_t)pick(&random, 200);
		struct attempt attempt = attempt_with(NULL);
		totpgroup_credential *credential;
		size_t count = 0;
		char text[200];

		snprintf(text, sizeof text,
			SECRET "\n\" HOTP_COUNTER 1\n\" RATE_LIMIT %zu %d\n12345678\n", allowed,
			(int)interval);
		credential = load(text);
		for (int i = 0; i < 500; i++) {
			struct error error;

			attempt.now += (int64_t)pick(
				&random, i % 50 < 25 ? 4 : (size_t)(2 * interval + 4));
			attempt.typed = typed[pick(&random, COUNT(typed))];
			if (decide_on(credential, &attempt, &error).result.reason !=
				TOTPGROUP_REASON_RATE_LIMITED)
				evaluated[count++] = attempt.now;
		}
		assert_true(count > allowed);
		for (size_t i = allowed; i < count; i++)
			assert_true(evaluated[i] - evaluated[i - allowed] > interval);
		totpgroup_credential_free(credential);
	}
}

/* Tries all codes but the right ones of a window. The text stays readable. */
static void no_wrong_code_is_accepted(void **state)
{
	static code_table codes;
	totpgroup_credential *credential = load(SECRET "\n\" TOTP_AUTH\n\" WINDOW_SIZE 5\n");
	struct test_random random = test_random_begin();
	struct attempt attempt = attempt_with(NULL);
	char typed[8];

	(void)state;
	fill(codes);
	attempt.no_skew_adjust = true;
	attempt.typed = typed;
	for (unsigned int i = 0; i < test_rounds(3000); i++) {
		bool good = false;
		struct error error;

		snprintf(typed, sizeof typed, "%06u", (unsigned int)pick(&random, 1000000));
		for (int64_t step = STEP - 2; step <= STEP + 2; step++)
			good = good || strcmp(codes[step - FIRST], typed) == 0;
		assert_int_equal(decide_on(credential, &attempt, &error).result.verdict ==
					 TOTPGROUP_ACCEPTED,
			good);
	}
	totpgroup_credential_free(credential);
}

/* Any number of codes, in any order. */
static void each_emergency_code_is_accepted_once(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (int run = 0; run < 200; run++) {
		char text[400] = SECRET "\n\" TOTP_AUTH\n";
		char codes[10][9];
		bool spent[10] = {false};
		totpgroup_credential *credential;

		for (size_t i = 0; i < COUNT(codes); i++) {
			snprintf(codes[i], sizeof codes[i], "%zu%07u", 1 + i % 9,
				(unsigned int)(i * 1000 + pick(&random, 1000)));
			strcat(strcat(text, codes[i]), pick(&random, 2) == 0 ? "\n" : "\r\n");
		}
		credential = load(text);
		for (int i = 0; i < 60; i++) {
			size_t code = pick(&random, COUNT(codes));
			struct attempt attempt = attempt_with(codes[code]);
			struct error error;

			assert_int_equal(
				decide_on(credential, &attempt, &error).result.verdict ==
					TOTPGROUP_ACCEPTED,
				!spent[code]);
			spent[code] = true;
		}
		totpgroup_credential_free(credential);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_step_is_accepted_twice),
		cmocka_unit_test(no_more_attempts_pass_than_allowed),
		cmocka_unit_test(no_wrong_code_is_accepted),
		cmocka_unit_test(each_emergency_code_is_accepted_once),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
