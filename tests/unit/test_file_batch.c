/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "calls_in_folder.h"

#include "store/durable_steps.h"
#include "store/file_batch.h"
#include "totpgroup.h"

#define SUFFIX "aBcdef"
#define FILES  3

static char trace[1024];
static char bytes[] = "a secret\n";
static const struct text content = {
	.data = bytes, .length = sizeof bytes - 1, .capacity = sizeof bytes};

static const char *const names[FILES] = {"alice", "bob", "carol"};

/* Puts files of these names in place, with the failures that are armed. */
static void place(struct file_batch_file *files, const char *const *wanted, size_t count)
{
	unsigned int descriptors = count_descriptors();

	for (size_t i = 0; i < count; i++)
		files[i] = (struct file_batch_file){
			.path = strdup(in_folder(wanted[i])), .text = &content};
	calls.armed = true;
	file_batch_put(files, count, SUFFIX, 0400);
	calls_disarm();
	assert_int_equal(count_descriptors(), descriptors);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(files[i].status, files[i].error.code);
		free((char *)(uintptr_t)files[i].path);
	}
}

static void record(const char *name, int fd, const char *path)
{
	struct stat status;

	(void)path;
	if (strcmp(name, "renameat2") == 0 || strcmp(name, "write") == 0 ||
		strcmp(name, "syncfs") == 0)
		strcat(strcat(trace, " "), name);
	else if (strcmp(name, "fsync") == 0)
		strcat(trace, fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)
				      ? " fsync-folder"
				      : " fsync-file");
}

static void waits_for_the_disk_once_before_any_has_its_name(void **state)
{
	struct file_batch_file files[FILES];

	(void)state;
	calls.watch = record;
	*trace = '\0';
	place(files, names, FILES);
	assert_string_equal(trace, " write write write syncfs renameat2 renameat2 renameat2 "
				   "fsync-folder");
	for (size_t i = 0; i < FILES; i++) {
		assert_int_equal(files[i].status, 0);
		assert_string_equal(text_of(names[i]), bytes);
		assert_int_equal(mode_of(names[i]), S_IFREG | 0400);
	}
	assert_int_equal(count_entries(""), FILES);
}

static void leaves_what_is_there(void **state)
{
	struct file_batch_file files[FILES];

	(void)state;
	put_file("alice", "old\n", 0600);
	put_link("carol", "nothing");
	place(files, names, FILES);
	assert_int_equal(files[0].status, TOTPGROUP_ECONFLICT);
	assert_int_equal(files[1].status, 0);
	assert_int_equal(files[2].status, TOTPGROUP_ECONFLICT);
	assert_string_equal(text_of("alice"), "old\n");
	assert_false(exists("nothing"));
	assert_int_equal(count_entries(""), FILES);
}

static void the_same_name_twice_is_there_once(void **state)
{
	static const char *const twice[] = {"alice", "alice"};
	struct file_batch_file files[2];

	(void)state;
	place(files, twice, 2);
	assert_int_equal(files[0].status, 0);
	assert_int_not_equal(files[1].status, 0);
	assert_string_equal(text_of("alice"), bytes);
	assert_int_equal(count_entries(""), 1);
}

static void judges_each_folder(void **state)
{
	static const char *const wanted[] = {"good/alice", "good/bob", "open/alice",
		"missing/alice", "good/carol", "good/.."};
	struct file_batch_file files[COUNT(wanted)];

	(void)state;
	make_folder("good", 0700);
	make_folder("open", 0770);
	place(files, wanted, COUNT(wanted));
	assert_int_equal(files[0].status, 0);
	assert_int_equal(files[1].status, 0);
	assert_int_equal(files[2].status, TOTPGROUP_EUNSAFE);
	assert_int_equal(files[3].status, TOTPGROUP_ENOTFOUND);
	assert_int_equal(files[4].status, 0);
	assert_int_equal(files[5].status, TOTPGROUP_EUNSAFE);
	assert_int_equal(count_entries("open"), 0);
	assert_int_equal(count_entries("good"), 3);
}

static void a_relative_path_is_refused(void **state)
{
	struct file_batch_file files[] = {
		{.path = "alice", .text = &content}, {.path = "x/alice", .text = &content}};

	(void)state;
	file_batch_put(files, 2, SUFFIX, 0400);
	assert_int_equal(files[0].status, TOTPGROUP_EUNSAFE);
	assert_int_equal(files[1].status, TOTPGROUP_EUNSAFE);
}

static void a_name_that_is_too_long_is_one_failure(void **state)
{
	char long_name[NAME_MAX];
	const char *wanted[] = {"alice", long_name};
	struct file_batch_file files[2];

	(void)state;
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	place(files, wanted, 2);
	assert_int_equal(files[0].status, 0);
	assert_int_not_equal(files[1].status, 0);
	assert_int_equal(count_entries(""), 1);
}

static void sweeps_what_a_dead_process_left(void **state)
{
	struct file_batch_file files[2] = {{.text = &content}, {.text = &content}};

	(void)state;
	put_file("alice~" SUFFIX, "half", 0600);
	put_file("bob~" SUFFIX, "half", 0600);
	put_file("bob~Zbcdef", "another's", 0600);
	put_file("bob", "old\n", 0600);
	files[0].path = in_folder("alice");
	files[1].path = in_folder("bob");
	file_batch_sweep(files, 2, SUFFIX);
	assert_int_equal(count_entries(""), 2);
	assert_string_equal(text_of("bob"), "old\n");
	assert_string_equal(text_of("bob~Zbcdef"), "another's");
}

/* Fails the k-th call, and looks at what is left. */
static unsigned int fail_one_call(unsigned int k, int error_number)
{
	struct file_batch_file files[FILES];

	for (size_t i = 0; i < FILES; i++)
		unlink(in_folder(names[i]));
	calls_arm(k, error_number);
	calls_disarm();
	place(files, names, FILES);
	for (size_t i = 0; i < FILES; i++) {
		if (exists(names[i]))
			assert_string_equal(text_of(names[i]), bytes);
		if (files[i].status == 0)
			assert_true(exists(names[i]));
		else if (files[i].status != TOTPGROUP_ESYSTEM)
			assert_false(exists(names[i]));
		unlink(in_folder(names[i]));
	}
	/* Where even removing fails, a temporary file stays for the sweep. */
	calls_reset();
	for (size_t i = 0; i < FILES; i++)
		files[i].path = strdup(in_folder(names[i]));
	file_batch_sweep(files, FILES, SUFFIX);
	for (size_t i = 0; i < FILES; i++)
		free((char *)(uintptr_t)files[i].path);
	assert_int_equal(count_entries(""), 0);
	return calls.count;
}

static unsigned int count_calls(void)
{
	struct file_batch_file files[FILES];

	calls_arm(0, 0);
	calls_disarm();
	place(files, names, FILES);
	return calls.count;
}

static void each_is_there_whole_or_not_at_all_whatever_fails(void **state)
{
	static const int errors[] = {EIO, ENOSPC, EDQUOT, EROFS, EACCES, EMFILE};
	unsigned int total = count_calls();

	(void)state;
	assert_true(total >= 15);
	for (unsigned int i = 0; i < COUNT(errors); i++)
		for (unsigned int k = 1; k <= total; k++)
			(void)fail_one_call(k, errors[i]);
}

/* Nobody of whom it is not known that the secret would survive has it in place. */
static void without_a_sync_none_has_its_name(void **state)
{
	struct file_batch_file files[FILES];

	(void)state;
	calls.only = "syncfs";
	calls.fail_at = 1;
	calls.error = EIO;
	place(files, names, FILES);
	for (size_t i = 0; i < FILES; i++)
		assert_int_equal(files[i].status, TOTPGROUP_ESYSTEM);
	assert_int_equal(count_entries(""), 0);
}

static void draws_suffixes_that_are_taken_for_temporary(void **state)
{
	char suffix[DURABLE_SUFFIX_LENGTH + 1], other[DURABLE_SUFFIX_LENGTH + 1];

	(void)state;
	assert_int_equal(durable_draw_suffix(suffix), 0);
	assert_int_equal(durable_draw_suffix(other), 0);
	assert_true(durable_is_suffix(suffix));
	assert_string_not_equal(suffix, other);
	assert_false(durable_is_suffix("aBcde"));
	assert_false(durable_is_suffix("aBcdefg"));
	assert_false(durable_is_suffix("backup"));
	assert_false(durable_is_suffix("Backup"));
	assert_false(durable_is_suffix("aB/def"));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(waits_for_the_disk_once_before_any_has_its_name),
		TEST(leaves_what_is_there),
		TEST(the_same_name_twice_is_there_once),
		TEST(judges_each_folder),
		TEST(a_relative_path_is_refused),
		TEST(a_name_that_is_too_long_is_one_failure),
		TEST(sweeps_what_a_dead_process_left),
		TEST(each_is_there_whole_or_not_at_all_whatever_fails),
		TEST(without_a_sync_none_has_its_name),
		TEST(draws_suffixes_that_are_taken_for_temporary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
