/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "file_store_support.h"

#include "store/file_verify.h"

#define SECRET "JBSWY3DPEHPK3PXP"
#define TEXT   SECRET "\n12345678\n87654321\n"

static struct decision verify(const char *name, const char *code, int expected)
{
	unsigned int descriptors = before_call(name);
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;

	memset(&decision, 0xff, sizeof decision);
	attempt.typed = code;
	calls.armed = true;
	assert_int_equal(file_verify(&rules, &attempt, &decision, &failure), expected);
	calls_disarm();
	assert_true(expected != 0 || attempt.now > 1700000000);
	assert_int_equal(count_descriptors(), descriptors);
	return decision;
}

static void spends_a_code_durably(void **state)
{
	struct decision decision;

	(void)state;
	put_file("file", TEXT, 0600);
	decision = verify("file", "12345678", 0);
	assert_int_equal(decision.result.verdict, TOTPGROUP_ACCEPTED);
	assert_string_equal(text_of("file"), SECRET "\n87654321\n");
	decision = verify("file", "12345678", 0);
	assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(decision.result.reason, TOTPGROUP_REASON_WRONG_CODE);
}

static void refuses_what_it_cannot_judge(void **state)
{
	(void)state;
	assert_int_equal(verify("file", "12345678", TOTPGROUP_ENOTFOUND).result.verdict,
		TOTPGROUP_REFUSED);
	put_file("file", TEXT, 0644);
	assert_int_equal(verify("file", "12345678", TOTPGROUP_EUNSAFE).result.reason,
		TOTPGROUP_REASON_BAD_FILE);
	put_file("nul", "", 0600);
	assert_int_equal(
		verify("nul", "12345678", TOTPGROUP_EUNSAFE).result.verdict, TOTPGROUP_REFUSED);
}

static unsigned int edits;
static bool was_read;

/* Another program writes to the file after it was read. */
static void edit_after_reading(const char *name, int fd, const char *path)
{
	FILE *file;

	(void)fd;
	(void)path;
	if (strcmp(name, "read") == 0)
		was_read = true;
	if (strcmp(name, "fstatat") != 0 || !was_read || edits == 0)
		return;
	was_read = false;
	edits--;
	file = fopen(rules.path, "a");
	assert_non_null(file);
	assert_true(fputs("\" X\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void decides_anew_after_a_conflict(void **state)
{
	(void)state;
	put_file("file", TEXT, 0600);
	edits = 3;
	calls.watch = edit_after_reading;
	assert_int_equal(verify("file", "12345678", 0).result.verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(edits, 0);
	assert_string_equal(text_of("file"), SECRET "\n87654321\n\" X\n\" X\n\" X\n");
	edits = 100000;
	assert_int_equal(verify("file", "87654321", TOTPGROUP_ECONFLICT).result.verdict,
		TOTPGROUP_REFUSED);
	calls.watch = NULL;
}

/* Not durable, not right. */
static void never_accepts_what_could_not_be_written(void **state)
{
	(void)state;
	put_file("file", TEXT, 0600);
	calls.only = "fsync";
	calls_arm(1, EIO);
	assert_int_equal(verify("file", "12345678", TOTPGROUP_ESYSTEM).result.verdict,
		TOTPGROUP_REFUSED);
	calls_reset();
	calls.only = "write";
	calls_arm(1, EROFS);
	assert_int_equal(verify("file", "12345678", TOTPGROUP_EUNWRITABLE).result.verdict,
		TOTPGROUP_REFUSED);
	assert_string_equal(text_of("file"), TEXT);
}

int main(void)
{
#define TEST(function)                                                                         \
	cmocka_unit_test_setup_teardown(function, file_store_setup, file_store_teardown)
	const struct CMUnitTest tests[] = {
		TEST(spends_a_code_durably),
		TEST(refuses_what_it_cannot_judge),
		TEST(decides_anew_after_a_conflict),
		TEST(never_accepts_what_could_not_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
