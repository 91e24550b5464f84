/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include "allocation.h"
#include "core/skew.h"

/* The effect of one code. */
enum step {
	IGNORED, /* nothing */
	TAKEN,	 /* it is recorded */
	LEARNED, /* it was the third */
};

static enum step learn(totpgroup_credential *credential, int64_t now_step, int64_t skew)
{
	bool learned = true, changed = false;

	assert_int_equal(skew_learn(credential, now_step, skew, true, &learned, &changed), 0);
	assert_true(changed || !learned);
	if (learned)
		return LEARNED;
	return changed ? TAKEN : IGNORED;
}

static void three_codes_teach_a_skew(void **state)
{
	totpgroup_credential *credential = load(SECRET "\nx\n");

	(void)state;
	assert_int_equal(learn(credential, 100, -20), TAKEN);
	assert_credential(credential, SECRET "\n\" RESETTING_TIME_SKEW 100-20\nx\n");
	assert_int_equal(learn(credential, 101, -20), TAKEN);
	assert_credential(credential, SECRET "\n\" RESETTING_TIME_SKEW 100-20 101-20\nx\n");
	assert_int_equal(learn(credential, 102, -20), LEARNED);
	assert_credential(
		credential, SECRET "\n\" TIME_SKEW -20\n\" RESETTING_TIME_SKEW \nx\n");
	/* A new run begins. */
	assert_int_equal(learn(credential, 103, 0), TAKEN);
	assert_credential(
		credential, SECRET "\n\" TIME_SKEW -20\n\" RESETTING_TIME_SKEW 103+0\nx\n");
	totpgroup_credential_free(credential);
}

/* Runs of three codes at steps 100, 100 + a and 100 + a + b. */
static void codes_may_be_two_steps_apart(void **state)
{
	(void)state;
	for (int64_t a = -3; a <= 5; a++) {
		for (int64_t b = -3; b <= 5; b++) {
			totpgroup_credential *credential = load(SECRET "\n");
			bool good = a >= 1 && a <= 2 && b >= 1 && b <= 2;

			(void)learn(credential, 100, 7);
			assert_int_equal(
				learn(credential, 100 + a, 7), a == 0 ? IGNORED : TAKEN);
			/* If a code was ignored, the third code is the second of the run. */
			assert_int_equal(learn(credential, 100 + a + b, 7), b == 0 ? IGNORED
									    : good ? LEARNED
										   : TAKEN);
			totpgroup_credential_free(credential);
		}
	}
}

/* Even if their skews are nearly the same. */
static void two_codes_in_one_step_teach_nothing(void **state)
{
	totpgroup_credential *credential = load(SECRET "\n");

	(void)state;
	assert_int_equal(learn(credential, 100, 6), TAKEN);
	assert_int_equal(learn(credential, 100, 5), TAKEN);
	assert_int_equal(learn(credential, 101, 6), TAKEN);
	assert_int_equal(learn(credential, 101, 5), TAKEN);
	assert_int_equal(learn(credential, 102, 6), TAKEN);
	assert_int_equal(learn(credential, 103, 6), LEARNED);
	totpgroup_credential_free(credential);
}

/* Runs of three codes with the skews a, b and c. */
static void a_skew_may_drift_by_one_step(void **state)
{
	(void)state;
	for (int64_t a = -4; a <= 4; a++)
		for (int64_t b = -4; b <= 4; b++)
			for (int64_t c = -4; c <= 4; c++) {
				totpgroup_credential *credential = load(SECRET "\n");
				bool good = llabs(a - c) <= 1 && llabs(b - c) <= 1;
				enum step third;

				(void)learn(credential, 100, a);
				/* The same code, seen two steps later. */
				if (learn(credential, 102, b) == IGNORED) {
					assert_int_equal(102 + b, 100 + a);
					totpgroup_credential_free(credential);
					continue;
				}
				third = learn(credential, 104, c);
				if (104 + c == 102 + b)
					assert_int_equal(third, IGNORED);
				else
					assert_int_equal(third, good ? LEARNED : TAKEN);
				totpgroup_credential_free(credential);
			}
}

/* The mean is cut towards zero. */
static void the_mean_of_three_is_learned(void **state)
{
	static const struct {
		int64_t skews[3];
		const char *mean;
	} rows[] = {
		{{5, 5, 5}, "5"},
		{{5, 5, 6}, "5"},
		{{6, 6, 5}, "5"},
		{{5, 7, 6}, "6"},
		{{-5, -5, -6}, "-5"},
		{{-6, -6, -5}, "-5"},
		{{1, 1, 0}, "0"},
		{{-1, -1, 0}, "0"},
		{{-1, 1, 0}, "0"},
		{{1499, 1499, 1499}, "1499"},
		{{-1499, -1499, -1499}, "-1499"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load(SECRET "\n");
		struct credential_option option;

		assert_int_equal(learn(credential, 2000, rows[i].skews[0]), TAKEN);
		assert_int_equal(learn(credential, 2002, rows[i].skews[1]), TAKEN);
		assert_int_equal(learn(credential, 2004, rows[i].skews[2]), LEARNED);
		assert_true(credential_find(credential, "TIME_SKEW", &option));
		assert_int_equal(option.length, strlen(rows[i].mean));
		assert_memory_equal(option.value, rows[i].mean, option.length);
		totpgroup_credential_free(credential);
	}
}

/* In the same step or a later one. */
static void the_same_code_again_teaches_nothing(void **state)
{
	static const char text[] = SECRET "\n\" RESETTING_TIME_SKEW 99+21 100+20\n";
	totpgroup_credential *credential = load(text);

	(void)state;
	assert_int_equal(learn(credential, 100, 20), IGNORED);
	assert_int_equal(learn(credential, 101, 19), IGNORED);
	assert_int_equal(learn(credential, 120, 0), IGNORED);
	assert_int_equal(learn(credential, 130, -10), IGNORED);
	assert_credential(credential, text);
	totpgroup_credential_free(credential);
	/* Only the latest code is compared. */
	credential = load(SECRET "\n\" RESETTING_TIME_SKEW 100+20 101+20\n");
	assert_int_equal(learn(credential, 102, 18), TAKEN);
	totpgroup_credential_free(credential);
}

/* A broken run goes on with the latest codes. */
static void only_the_latest_three_count(void **state)
{
	totpgroup_credential *credential = load(SECRET "\n");

	(void)state;
	assert_int_equal(learn(credential, 100, 20), TAKEN);
	assert_int_equal(learn(credential, 110, 20), TAKEN);
	assert_int_equal(learn(credential, 111, 20), TAKEN);
	assert_credential(credential, SECRET "\n\" RESETTING_TIME_SKEW 100+20 110+20 111+20\n");
	assert_int_equal(learn(credential, 112, 21), LEARNED);
	assert_credential(credential, SECRET "\n\" TIME_SKEW 20\n\" RESETTING_TIME_SKEW \n");
	totpgroup_credential_free(credential);
}

/* How a line is read shows in the line after a third code at 102+20. */
static void a_stored_run_is_read_up_to_its_first_error(void **state)
{
	static const struct {
		const char *before;
		const char *after; /* NULL where the code completes the run */
	} rows[] = {
		{"", "102+20"},
		{"100+20", "100+20 102+20"},
		{"100+20 101+20", NULL},
		{"  100+20\t101+20  ", NULL},
		{"99-3 100+20 101+20", NULL},
		{"1+1 2+2 3+3 100+20 101+20", NULL},
		{"100+20 101+20 x", NULL},
		{"100+20 x 101+20", "100+20 102+20"},
		{"x 100+20 101+20", "102+20"},
		{"100+20 101+20x", "100+20 102+20"},
		{"100+20 101", "100+20 102+20"},
		{"100+20 101+", "100+20 102+20"},
		{"100+20 +20", "100+20 102+20"},
		{"100+20 101--20", "100+20 102+20"},
		{"100+20 -101+20", "100+20 102+20"},
		{"100+20 101+ 20", "100+20 102+20"},
		{"100+20 101+99999999999", "100+20 102+20"},
		{"100+20 99999999999999999999+1", "100+20 102+20"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		totpgroup_credential *credential;
		bool complete = rows[i].after == NULL;

		snprintf(text, sizeof text, SECRET "\n\" RESETTING_TIME_SKEW %s\r\n",
			rows[i].before);
		credential = load(text);
		assert_int_equal(learn(credential, 102, 20), complete ? LEARNED : TAKEN);
		snprintf(text, sizeof text, SECRET "\n%s\" RESETTING_TIME_SKEW %s\r\n",
			complete ? "\" TIME_SKEW 20\n" : "", complete ? "" : rows[i].after);
		assert_credential(credential, text);
		totpgroup_credential_free(credential);
	}
}

/* Steps of one second go beyond 32 bits in 2038. */
static void steps_may_exceed_32_bits(void **state)
{
	totpgroup_credential *credential = load(SECRET "\n");

	(void)state;
	assert_int_equal(learn(credential, INT64_C(9000000000), 5), TAKEN);
	assert_int_equal(learn(credential, INT64_C(9000000001), 5), TAKEN);
	assert_int_equal(learn(credential, INT64_C(9000000002), 5), LEARNED);
	totpgroup_credential_free(credential);
}

static void each_failed_allocation_is_an_error(void **state)
{
	static const char *const texts[] = {SECRET "\n" /* room at the end of a small one */,
		SECRET "\n\" RESETTING_TIME_SKEW 100+20 101+20\n"};

	(void)state;
	for (size_t t = 0; t < COUNT(texts); t++) {
		unsigned int failures = 0;

		for (unsigned int i = 1;; i++) {
			totpgroup_credential *credential = load(texts[t]);
			bool learned = true, changed = false;
			int status;

			allocation_to_fail = i;
			status = skew_learn(credential, 102, 20, true, &learned, &changed);
			totpgroup_credential_free(credential);
			if (allocation_to_fail > 0)
				break;
			assert_int_equal(status, TOTPGROUP_EMEMORY);
			assert_false(learned);
			failures++;
		}
		allocation_to_fail = 0;
		assert_in_range(failures, 1, 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_codes_teach_a_skew),
		cmocka_unit_test(codes_may_be_two_steps_apart),
		cmocka_unit_test(two_codes_in_one_step_teach_nothing),
		cmocka_unit_test(a_skew_may_drift_by_one_step),
		cmocka_unit_test(the_mean_of_three_is_learned),
		cmocka_unit_test(the_same_code_again_teaches_nothing),
		cmocka_unit_test(only_the_latest_three_count),
		cmocka_unit_test(a_stored_run_is_read_up_to_its_first_error),
		cmocka_unit_test(steps_may_exceed_32_bits),
		cmocka_unit_test(each_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
