/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include "allocation.h"
#include "core/reuse.h"

static totpgroup_credential *load_list(const char *line)
{
	char text[4000];

	assert_true(snprintf(text, sizeof text, SECRET "\n%s", line) < (int)sizeof text);
	return load(text);
}

static enum reuse spend(
	totpgroup_credential *credential, int64_t step, unsigned int window, bool always)
{
	struct error error = ERROR_INIT;
	enum reuse answer;

	assert_int_equal(reuse_spend(credential, step, window, always, &answer, &error), 0);
	assert_int_equal(error.code, 0);
	return answer;
}

static void assert_list(const totpgroup_credential *credential, const char *line)
{
	char text[4000];

	assert_true(snprintf(text, sizeof text, SECRET "\n%s", line) < (int)sizeof text);
	assert_credential(credential, text);
}

static void without_a_line_reuse_is_allowed(void **state)
{
	totpgroup_credential *credential = load_list("x\n");

	(void)state;
	assert_int_equal(spend(credential, 100, 3, false), REUSE_NOT_TRACKED);
	assert_int_equal(spend(credential, 100, 3, false), REUSE_NOT_TRACKED);
	assert_list(credential, "x\n");
	/* Unless `always` is set. */
	assert_int_equal(spend(credential, 100, 3, true), REUSE_FRESH);
	assert_list(credential, "\" DISALLOW_REUSE 100\nx\n");
	assert_int_equal(spend(credential, 100, 3, true), REUSE_SPENT_BEFORE);
	assert_int_equal(spend(credential, 100, 3, false), REUSE_SPENT_BEFORE);
	totpgroup_credential_free(credential);
}

static void a_spent_step_is_refused_and_a_fresh_one_listed(void **state)
{
	static const struct {
		const char *before;
		unsigned int window;
		const char *after; /* after step 100 was spent; NULL if it was spent before */
	} rows[] = {
		{"\" DISALLOW_REUSE\n", 3, "\" DISALLOW_REUSE 100\n"},
		{"\" DISALLOW_REUSE", 3, "\" DISALLOW_REUSE 100\n"},
		{"\" DISALLOW_REUSE \r\n", 3, "\" DISALLOW_REUSE 100\r\n"},
		{"\" DISALLOW_REUSE 99 101\n", 3, "\" DISALLOW_REUSE 99 101 100\n"},
		/* A listed step is spent, and nothing changes. */
		{"\" DISALLOW_REUSE 100\n", 3, NULL},
		{"\" DISALLOW_REUSE 90 100 101 \n", 3, NULL},
		{"\" DISALLOW_REUSE 99\t0100\n", 3, NULL},
		{"\" DISALLOW_REUSE 100\n\" DISALLOW_REUSE 7\n", 3, NULL},
		/* A step is dropped if it is as far away as the window is wide. */
		{"\" DISALLOW_REUSE 97 98 102 103\n", 3, "\" DISALLOW_REUSE 98 102 100\n"},
		{"\" DISALLOW_REUSE 99 101 99\n", 1, "\" DISALLOW_REUSE 100\n"},
		{"\" DISALLOW_REUSE 0 1 199 200\n", 100, "\" DISALLOW_REUSE 1 199 100\n"},
		{"\" DISALLOW_REUSE 4611686018427387903\n", 3, "\" DISALLOW_REUSE 100\n"},
		/* The first line counts, and the others are removed. */
		{"\" DISALLOW_REUSE 99\nx\n\" DISALLOW_REUSE 100\n", 3,
			"\" DISALLOW_REUSE 99 100\nx\n"},
		{"\" DISALLOW_REUSE 99\n\" DISALLOW_REUSE x\n", 3,
			"\" DISALLOW_REUSE 99 100\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load_list(rows[i].before);
		enum reuse answer = spend(credential, 100, rows[i].window, i % 2 == 0);

		assert_int_equal(
			answer, rows[i].after != NULL ? REUSE_FRESH : REUSE_SPENT_BEFORE);
		assert_list(credential, rows[i].after != NULL ? rows[i].after : rows[i].before);
		totpgroup_credential_free(credential);
	}
}

/* The first device's window is apart from those of the others by its skew, to either side. */
static void with_further_devices_a_window_reaches_as_far_as_the_skew(void **state)
{
	totpgroup_credential *credential = load_list(
		"\" DISALLOW_REUSE 87 88 92 93 98 102 107 108 112 113\n\" TIME_SKEW 10\n"
		"\" DEVICE " SECRET_2 " tablet\n");

	(void)state;
	assert_int_equal(spend(credential, 100, 3, false), REUSE_FRESH);
	assert_list(credential, "\" DISALLOW_REUSE 88 92 98 102 108 112 100\n\" TIME_SKEW 10\n"
				"\" DEVICE " SECRET_2 " tablet\n");
	totpgroup_credential_free(credential);
}

static void malformed_lists_are_refused(void **state)
{
	static const char *const values[] = {"x", "1 x", "100 x", "5x", "-5", "+5", "1,2",
		"4611686018427387904", "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct error error = ERROR_INIT;
		totpgroup_credential *credential;
		enum reuse answer;
		char line[100];

		snprintf(line, sizeof line, "y\n\" DISALLOW_REUSE %s\n", values[i]);
		credential = load_list(line);
		assert_int_equal(reuse_spend(credential, 100, 3, i % 2 == 0, &answer, &error),
			TOTPGROUP_EFORMAT);
		assert_int_equal(answer, REUSE_SPENT_BEFORE);
		assert_message(&error, "line 3: DISALLOW_REUSE");
		assert_list(credential, line);
		totpgroup_credential_free(credential);
	}
}

/* While the clock does not go back, a spent step stays spent, for windows of any width. */
static void no_step_is_fresh_twice(void **state)
{
	struct test_random random = test_random_begin();
	static bool spent[4000];

	(void)state;
	for (int run = 0; run < 40; run++) {
		totpgroup_credential *credential = load_list("\" DISALLOW_REUSE\n");
		unsigned int window = 1 + (unsigned int)test_random_below(&random, 100);
		int64_t now = 100;

		memset(spent, 0, sizeof spent);
		for (int i = 0; i < 1000; i++) {
			int64_t step;

			now += (int64_t)test_random_below(&random, 4);
			step = now - (window - 1) / 2 +
			       (int64_t)test_random_below(&random, window);
			assert_int_equal(spend(credential, step, window, false),
				spent[step] ? REUSE_SPENT_BEFORE : REUSE_FRESH);
			spent[step] = true;
		}
		totpgroup_credential_free(credential);
	}
}

/* More than usual, so that it needs memory of its own. */
#define TEN_STEPS " 99 101 98 102 99 101 98 102 99 101"
#define LONG_LIST                                                                              \
	TEN_STEPS TEN_STEPS TEN_STEPS TEN_STEPS TEN_STEPS TEN_STEPS TEN_STEPS TEN_STEPS        \
		TEN_STEPS

static void a_usual_list_is_spent_without_an_allocation(void **state)
{
	totpgroup_credential *credential = load_list("\" DISALLOW_REUSE 99 101\n");
	struct error error = ERROR_INIT;
	enum reuse answer;

	(void)state;
	allocation_to_fail = 1;
	assert_int_equal(reuse_spend(credential, 100, 3, false, &answer, &error), 0);
	assert_int_equal(allocation_to_fail, 1);
	allocation_to_fail = 0;
	assert_int_equal(answer, REUSE_FRESH);
	totpgroup_credential_free(credential);
}

static void each_failed_allocation_is_an_error(void **state)
{
	unsigned int failures = 0;

	(void)state;
	for (unsigned int i = 1;; i++) {
		totpgroup_credential *credential =
			load_list("\" DISALLOW_REUSE" LONG_LIST "\n");
		struct error error = ERROR_INIT;
		enum reuse answer = REUSE_FRESH;
		int status;

		allocation_to_fail = i;
		status = reuse_spend(credential, 100, 3, false, &answer, &error);
		totpgroup_credential_free(credential);
		if (allocation_to_fail > 0)
			break;
		assert_int_equal(status, TOTPGROUP_EMEMORY);
		assert_int_equal(answer, REUSE_SPENT_BEFORE);
		assert_message(&error, "memory");
		failures++;
	}
	allocation_to_fail = 0;
	assert_true(failures >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_line_reuse_is_allowed),
		cmocka_unit_test(a_spent_step_is_refused_and_a_fresh_one_listed),
		cmocka_unit_test(with_further_devices_a_window_reaches_as_far_as_the_skew),
		cmocka_unit_test(malformed_lists_are_refused),
		cmocka_unit_test(no_step_is_fresh_twice),
		cmocka_unit_test(a_usual_list_is_spent_without_an_allocation),
		cmocka_unit_test(each_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
