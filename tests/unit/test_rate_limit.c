/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include "allocation.h"
#include "core/rate_limit.h"

#define NOW 1800000000

static totpgroup_credential *load_limit(const char *line)
{
	char text[8000];

	assert_true(snprintf(text, sizeof text, SECRET "\n\n%s", line) < (int)sizeof text);
	return load(text);
}

/* Counts an attempt, and checks that rate_limit_look() agrees. */
static struct rate_limit_answer count(totpgroup_credential *credential, int64_t now)
{
	struct rate_limit_answer look, answer;
	struct error error = ERROR_INIT;
	struct text before = TEXT_INIT;
	bool changed = false;

	assert_int_equal(
		text_append(&before, credential->text.data, credential->text.length), 0);
	assert_int_equal(rate_limit_look(credential, now, true, &look, &error), 0);
	assert_credential(credential, before.data);
	text_free(&before);
	assert_int_equal(rate_limit_count(credential, now, true, &answer, &changed, &error), 0);
	assert_true(changed);
	assert_int_equal(look.exceeded, answer.exceeded);
	assert_true(look.retry_after == answer.retry_after);
	assert_int_equal(error.code, 0);
	return answer;
}

static void without_a_line_there_is_no_limit(void **state)
{
	totpgroup_credential *credential = load_limit("\" RATE_LIMITS 3 30\n");
	struct rate_limit_answer answer;
	struct error error = ERROR_INIT;
	bool changed = false;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(
			rate_limit_count(credential, NOW, true, &answer, &changed, &error), 0);
		assert_false(answer.exceeded);
	}
	assert_false(changed);
	assert_credential(credential, SECRET "\n\n\" RATE_LIMITS 3 30\n");
	totpgroup_credential_free(credential);
}

/* If blocked attempts do not count, the block ends in spite of them. */
static void blocked_attempts_need_not_count(void **state)
{
	static const char full[] = "\" RATE_LIMIT 2 30 1799999990 1799999980\n";
	totpgroup_credential *credential = load_limit(full);
	struct rate_limit_answer answer;
	struct error error = ERROR_INIT;

	(void)state;
	for (int64_t now = NOW; now <= 1800000010; now++) {
		bool changed = false;

		assert_int_equal(rate_limit_look(credential, now, false, &answer, &error), 0);
		assert_true(answer.exceeded);
		assert_int_equal(answer.retry_after, 1799999980 + 31 - now);
		assert_int_equal(
			rate_limit_count(credential, now, false, &answer, &changed, &error), 0);
		assert_true(answer.exceeded);
		assert_int_equal(answer.retry_after, 1799999980 + 31 - now);
		assert_false(changed);
	}
	for (int i = 0; i < 2; i++) {
		bool changed = false;

		assert_int_equal(rate_limit_count(credential, 1800000011, false, &answer,
					 &changed, &error),
			0);
		assert_int_equal(answer.exceeded, i == 1);
		assert_int_equal(changed, i == 0);
	}
	assert_credential(credential, SECRET "\n\n\" RATE_LIMIT 2 30 1799999990 1800000011\n");
	totpgroup_credential_free(credential);
}

static void assert_malformed(const char *line)
{
	totpgroup_credential *credential = load_limit(line);
	struct rate_limit_answer answer;
	struct error error = ERROR_INIT;
	bool changed = false;
	int status = rate_limit_look(credential, NOW, true, &answer, &error);

	if (status != TOTPGROUP_EFORMAT)
		fail_msg("status %d for \"%s\"", status, line);
	assert_message(&error, "line 3: RATE_LIMIT");
	error = (struct error)ERROR_INIT;
	assert_int_equal(rate_limit_count(credential, NOW, true, &answer, &changed, &error),
		TOTPGROUP_EFORMAT);
	assert_message(&error, "line 3: RATE_LIMIT");
	assert_false(changed);
	totpgroup_credential_free(credential);
}

static void malformed_lines_are_refused(void **state)
{
	static const char *const values[] = {"", " ", " 3", " 3 ", " x 30", " 3 x", " 0 30",
		" 101 30", " 3 0", " 3 3601", " -3 30", " 3 -30", " +3 30", " 3x 30", " 3 30x",
		" 3,30", " 3 30 ", " 3 30\t", " 3 30 x", " 3 30 5x", " 3 30 -5", " 3 30 5 ",
		" 3 30 5 6  ", " 3 30 99999999999999999999", " 4294967299 30"};
	char line[100];

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		snprintf(line, sizeof line, "\" RATE_LIMIT%s", values[i]);
		assert_malformed(line);
		snprintf(line, sizeof line, "\" RATE_LIMIT%s\r\n", values[i]);
		assert_malformed(line);
	}
	/* The first line counts. */
	assert_malformed("\" RATE_LIMIT x\n\" RATE_LIMIT 3 30\n");
}

static void well_formed_lines_are_accepted(void **state)
{
	static const char *const values[] = {" 1 1", " 100 3600", "\t3\t30", "  3  30",
		" 03 030", " 3 30 5", " 3 30\t5\t6", " 3 30  5  6",
		" 3 30 0 9223372036854775807", " 3 30\n\" RATE_LIMIT x"};
	char line[100];

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		totpgroup_credential *credential;

		snprintf(line, sizeof line, "\" RATE_LIMIT%s\n", values[i]);
		credential = load_limit(line);
		assert_false(count(credential, NOW).exceeded);
		totpgroup_credential_free(credential);
	}
}

static void an_attempt_is_written_to_the_line(void **state)
{
	static const struct {
		const char *before;
		const char *after;
		int64_t retry_after; /* 0 where it is not exceeded */
	} rows[] = {
		{"3 30", "3 30 1800000000", 0},
		{"3 30 1799999999", "3 30 1799999999 1800000000", 0},
		/* 30 seconds ago counts, 31 seconds do not. */
		{"3 30 1799999970", "3 30 1799999970 1800000000", 0},
		{"3 30 1799999969", "3 30 1800000000", 0},
		/* A time in the future is dropped; now is not. */
		{"3 30 1800000001 1800000000", "3 30 1800000000 1800000000", 0},
		{"1 30 9223372036854775807", "1 30 1800000000", 0},
		/* Times are sorted, and duplicates count. */
		{"4 30 1799999999 1799999990 1799999990",
			"4 30 1799999990 1799999990 1799999999 1800000000", 0},
		/* One too many: the latest times stay, including this one. */
		{"3 30 1799999971 1799999980 1799999990",
			"3 30 1799999980 1799999990 1800000000", 11},
		{"3 30 1799999990 1799999980 1799999971 1799999975",
			"3 30 1799999980 1799999990 1800000000", 11},
		{"1 1 1799999999", "1 1 1800000000", 2},
		{"1 1 1800000000", "1 1 1800000000", 2},
		{"1 3600 1799996400", "1 3600 1800000000", 3601},
		{"2 30 1799999969 1799999990 1800000005", "2 30 1799999990 1800000000", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char before[200], after[200];
		totpgroup_credential *credential;
		struct rate_limit_answer answer;

		snprintf(before, sizeof before, "\" RATE_LIMIT %s\r\nx\r\n", rows[i].before);
		snprintf(after, sizeof after, SECRET "\n\n\" RATE_LIMIT %s\r\nx\r\n",
			rows[i].after);
		credential = load_limit(before);
		answer = count(credential, NOW);
		assert_credential(credential, after);
		assert_int_equal(answer.exceeded, rows[i].retry_after != 0);
		assert_int_equal(answer.retry_after, rows[i].retry_after);
		totpgroup_credential_free(credential);
	}
}

static void blocked_attempts_prolong_the_block(void **state)
{
	totpgroup_credential *credential = load_limit("\" RATE_LIMIT 3 30\n");

	(void)state;
	for (int64_t i = 0; i < 3; i++)
		assert_false(count(credential, NOW + i).exceeded);
	for (int64_t i = 3; i < 600; i += 10)
		assert_true(count(credential, NOW + i).exceeded);
	assert_true(count(credential, NOW + 603).exceeded);
	/* 583, 593 and 603 were the last. */
	assert_false(count(credential, NOW + 614).exceeded);
	totpgroup_credential_free(credential);
}

/* As many times as a line can hold. */
static void a_long_list_is_read_and_cut(void **state)
{
	char line[7000] = "\" RATE_LIMIT 100 3600";
	totpgroup_credential *credential;
	struct rate_limit_answer answer;

	(void)state;
	while (strlen(line) + 3 < sizeof line)
		strcat(line, " 1");
	credential = load_limit(line);
	answer = count(credential, 1);
	assert_true(answer.exceeded);
	assert_int_equal(answer.retry_after, 3601);
	assert_true(credential->text.length < 300);
	totpgroup_credential_free(credential);
}

/* To wait for retry_after is enough, and a second less is not. */
static void retry_after_is_exact(void **state)
{
	struct test_random random = test_random_begin();
	int64_t now = NOW;

	(void)state;
	for (unsigned int i = 0; i < test_rounds(1000); i++) {
		char line[100];
		totpgroup_credential *early, *credential;
		struct rate_limit_answer answer = {false, 0};

		snprintf(line, sizeof line, "\" RATE_LIMIT %d %d",
			(int)(1 + test_random_below(&random, 6)),
			(int)(1 + test_random_below(&random, 60)));
		credential = load_limit(line);
		while (!answer.exceeded) {
			now += (int64_t)test_random_below(&random, 8);
			if (test_random_below(&random, 20) == 0)
				now += 70;
			answer = count(credential, now);
		}
		assert_true(answer.retry_after > 0);
		early = load(credential->text.data);
		assert_true(count(early, now + answer.retry_after - 1).exceeded);
		assert_false(count(credential, now + answer.retry_after).exceeded);
		totpgroup_credential_free(early);
		totpgroup_credential_free(credential);
	}
}

/* Attempts at random times. */
static void no_interval_has_more_attempts_than_allowed(void **state)
{
	static int64_t passed[4000];
	struct test_random random = test_random_begin();

	(void)state;
	for (int run = 0; run < 15; run++) {
		size_t allowed = 1 + (size_t)test_random_below(&random, 10);
		int64_t interval = 1 + (int64_t)test_random_below(&random, 100);
		int64_t now = NOW;
		size_t count_passed = 0;
		char line[100];
		totpgroup_credential *credential;

		snprintf(line, sizeof line, "\" RATE_LIMIT %zu %lld", allowed,
			(long long)interval);
		credential = load_limit(line);
		for (int i = 0; i < 1000; i++) {
			now += (int64_t)test_random_below(
				&random, i % 100 < 50 ? 3 : 2 * (uint64_t)interval + 2);
			if (!count(credential, now).exceeded)
				passed[count_passed++] = now;
		}
		for (size_t i = allowed; i < count_passed; i++)
			assert_true(passed[i] - passed[i - allowed] > interval);
		assert_true(count_passed > allowed);
		totpgroup_credential_free(credential);
	}
}

/* Each login counts. */
static void a_usual_line_is_counted_without_an_allocation(void **state)
{
	totpgroup_credential *credential = load_limit("\" RATE_LIMIT 3 30 1799999990");
	struct rate_limit_answer answer;
	struct error error = ERROR_INIT;
	bool changed = false;

	(void)state;
	/* The list of lines is made first. */
	assert_int_equal(rate_limit_look(credential, NOW, true, &answer, &error), 0);
	allocation_to_fail = 1;
	assert_int_equal(rate_limit_count(credential, NOW, true, &answer, &changed, &error), 0);
	assert_int_equal(allocation_to_fail, 1);
	allocation_to_fail = 0;
	assert_true(changed);
	totpgroup_credential_free(credential);
}

/* As many times as need memory of their own. */
static totpgroup_credential *load_many_times(void)
{
	struct text line = TEXT_INIT;
	totpgroup_credential *credential;

	assert_int_equal(text_append_string(&line, "\" RATE_LIMIT 100 30"), 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(text_append_string(&line, " 1799999990"), 0);
	credential = load_limit(line.data);
	text_free(&line);
	return credential;
}

static void each_failed_allocation_is_an_error(void **state)
{
	struct rate_limit_answer answer;
	unsigned int failures = 0;

	(void)state;
	for (unsigned int i = 1;; i++) {
		totpgroup_credential *credential = load_many_times();
		struct error error = ERROR_INIT;
		bool changed = false;
		int status;

		allocation_to_fail = i;
		status = rate_limit_count(credential, NOW, true, &answer, &changed, &error);
		totpgroup_credential_free(credential);
		if (allocation_to_fail > 0)
			break;
		assert_int_equal(status, TOTPGROUP_EMEMORY);
		assert_message(&error, "memory");
		failures++;
	}
	allocation_to_fail = 0;
	assert_true(failures >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocked_attempts_need_not_count),
		cmocka_unit_test(without_a_line_there_is_no_limit),
		cmocka_unit_test(malformed_lines_are_refused),
		cmocka_unit_test(well_formed_lines_are_accepted),
		cmocka_unit_test(an_attempt_is_written_to_the_line),
		cmocka_unit_test(blocked_attempts_prolong_the_block),
		cmocka_unit_test(a_long_list_is_read_and_cut),
		cmocka_unit_test(retry_after_is_exact),
		cmocka_unit_test(no_interval_has_more_attempts_than_allowed),
		cmocka_unit_test(a_usual_line_is_counted_without_an_allocation),
		cmocka_unit_test(each_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
