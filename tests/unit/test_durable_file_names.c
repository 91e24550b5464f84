/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The temporary names of files that are not durable yet. */

#include "config.h"

#include "durable_file_support.h"

#include "totpgroup.h"

static void removes_what_dead_writers_left(void **state)
{
	static const char *const dead[] = {"file~AbC123", "file~xyZ9aa", "file~aB3dEf"};
	static const char *const kept[] = {"file~", "file~backup", "file~Backup", "file~BACKUP",
		"file~231120", "file~save01", "file~AbC12", "file~AbC1234", "file~Ab-C12",
		"other~AbC123", "file.AbC123", "fileAbC123", "file2~AbC123", "aBcDe1"};

	(void)state;
	put_file("file", OLD, 0600);
	for (unsigned int i = 0; i < COUNT(dead); i++)
		put_file(dead[i], OLD, 0400);
	for (unsigned int i = 0; i < COUNT(kept); i++)
		put_file(kept[i], OLD, 0400);
	make_folder("file~DirD1r", 0700);
	assert_int_equal(replace("file"), 0);
	for (unsigned int i = 0; i < COUNT(dead); i++)
		assert_false(exists(dead[i]));
	for (unsigned int i = 0; i < COUNT(kept); i++)
		assert_string_equal(text_of(kept[i]), OLD);
	assert_true(exists("file~DirD1r"));
}

static void remember_name(const char *name, int fd, const char *path)
{
	(void)fd;
	if (strncmp(name, "rename", 6) == 0)
		strcpy(trace, path);
}

/* Whatever name is made up, the next writer knows it for a left-over. */
static void every_temporary_name_is_known_later(void **state)
{
	char before[64] = "";

	(void)state;
	calls.watch = remember_name;
	for (unsigned int i = 0; i < 200; i++) {
		assert_int_equal(replace("file"), 0);
		assert_string_not_equal(trace, before);
		assert_memory_equal(trace, "file~", 5);
		assert_int_equal(strlen(trace), 11);
		strcpy(before, trace);
		put_file(before, OLD, 0400);
		assert_int_equal(replace("file"), 0);
		assert_false(exists(before));
	}
}

static void run_a_second_writer(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (strcmp(name, "fsync") != 0 || *trace != '\0')
		return;
	strcpy(trace, "second");
	assert_int_equal(create("file"), 0);
	calls.armed = true;
}

/* Nobody holds a lock where there is no file yet. */
static void a_first_file_never_removes_one_in_the_making(void **state)
{
	(void)state;
	*trace = '\0';
	calls.watch = run_a_second_writer;
	assert_int_equal(create("file"), TOTPGROUP_ECONFLICT);
	assert_string_equal(trace, "second");
	assert_string_equal(text_of("file"), NEW);
	assert_int_equal(count_entries(""), 1);
}

/* The second openat() is that of the temporary file. */
static void makes_up_another_name_where_one_is_taken(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	calls.only = "openat";
	calls.fail_at = 2;
	calls.fail_for = 5;
	calls.error = EEXIST;
	assert_int_equal(replace("file"), 0);
	calls.count = 0;
	calls.fail_for = 1000000;
	assert_int_equal(replace("file"), TOTPGROUP_ESYSTEM);
	assert_string_equal(text_of("file"), NEW);
}

static void without_random_numbers_nothing_is_written(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	calls.only = "getrandom";
	calls.fail_at = 1;
	calls.error = EPERM;
	assert_int_equal(replace("file"), TOTPGROUP_ESYSTEM);
	assert_string_equal(text_of("file"), OLD);
	assert_int_equal(count_entries(""), 1);
}

/* Room is left for "~" and six more bytes. */
static void refuses_a_name_that_leaves_no_room(void **state)
{
	char name[256];

	(void)state;
	memset(name, 'n', sizeof name);
	name[NAME_MAX - 7] = '\0';
	assert_int_equal(replace(name), 0);
	name[NAME_MAX - 7] = 'n';
	for (size_t length = NAME_MAX - 6; length <= NAME_MAX; length++) {
		name[length] = '\0';
		put_file(name, OLD, 0600);
		assert_int_equal(replace(name), TOTPGROUP_ESYSTEM);
		assert_string_equal(text_of(name), OLD);
		name[length] = 'n';
	}
	assert_int_equal(count_entries(""), 8);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(removes_what_dead_writers_left),
		TEST(every_temporary_name_is_known_later),
		TEST(a_first_file_never_removes_one_in_the_making),
		TEST(makes_up_another_name_where_one_is_taken),
		TEST(without_random_numbers_nothing_is_written),
		TEST(refuses_a_name_that_leaves_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
