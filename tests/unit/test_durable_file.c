/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "durable_file_support.h"

#include <sys/xattr.h>

#include "totpgroup.h"

static bool is_folder(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

/* When the name changes hands the new file is complete, synced and locked. */
static void check_before_rename(int fd, const char *path)
{
	struct stat status;
	int file;

	assert_int_equal(fstatat(fd, path, &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0640);
	assert_string_equal(text_of(path), NEW);
	file = open(in_folder(path), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(file, LOCK_EX | LOCK_NB), -1);
	close(file);
}

static void record(const char *name, int fd, const char *path)
{
	if (strncmp(name, "rename", 6) == 0) {
		check_before_rename(fd, path);
		strcat(trace, " rename");
	} else if (strcmp(name, "fsync") == 0) {
		strcat(trace, is_folder(fd) ? " fsync-folder" : " fsync-file");
	} else if (strcmp(name, "write") == 0 || strcmp(name, "fchmod") == 0 ||
		   strcmp(name, "syncfs") == 0) {
		strcat(strcat(trace, " "), name);
	}
}

static void syncs_the_file_names_it_and_syncs_the_folder(void **state)
{
	const struct durable_file file = {.mode = 0640, .previous = -1};
	const struct durable_file first = {.mode = 0640, .previous = -1, .exclusive = true};
	struct error error;

	(void)state;
	put_file("file", OLD, 0600);
	calls.watch = record;
	*trace = '\0';
	assert_int_equal(place_text("file", file, &error), 0);
	assert_string_equal(trace, " write fchmod fsync-file rename fsync-folder");
	assert_string_equal(text_of("file"), NEW);
	*trace = '\0';
	assert_int_equal(place_text("first", first, &error), 0);
	assert_string_equal(trace, " write fchmod fsync-file rename fsync-folder");
	assert_string_equal(text_of("first"), NEW);
	assert_int_equal(count_entries(""), 2);
}

static void waiting_readers_wait_until_all_is_durable(
	const char *name, int fd, const char *path)
{
	int file;

	(void)path;
	if (strcmp(name, "fsync") != 0 || !is_folder(fd))
		return;
	assert_string_equal(text_of("file"), NEW);
	file = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(file, LOCK_EX | LOCK_NB), -1);
	close(file);
	strcat(trace, "seen");
}

static void keeps_the_new_file_locked_until_the_folder_is_synced(void **state)
{
	int file;

	(void)state;
	put_file("file", OLD, 0600);
	*trace = '\0';
	calls.watch = waiting_readers_wait_until_all_is_durable;
	assert_int_equal(replace("file"), 0);
	assert_string_equal(trace, "seen");
	file = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
	close(file);
}

static void gives_exactly_the_mode_that_is_asked_for(void **state)
{
	static const mode_t modes[] = {0400, 0600, 0640, 0200, 0666};
	mode_t before = umask(0);
	struct error error;

	(void)state;
	for (unsigned int i = 0; i < COUNT(modes); i++) {
		const struct durable_file file = {.mode = modes[i], .previous = -1};

		umask(i % 2 == 0 ? 0 : 0777);
		assert_int_equal(place_text("file", file, &error), 0);
		assert_int_equal(mode_of("file"), S_IFREG | modes[i]);
	}
	umask(before);
}

static void never_replaces_where_that_is_not_wanted(void **state)
{
	(void)state;
	assert_int_equal(create("file"), 0);
	assert_string_equal(text_of("file"), NEW);
	put_file("file", OLD, 0600);
	assert_int_equal(create("file"), TOTPGROUP_ECONFLICT);
	put_link("link", "nothing");
	assert_int_equal(create("link"), TOTPGROUP_ECONFLICT);
	assert_string_equal(text_of("file"), OLD);
	assert_int_equal(count_entries(""), 2);
}

/* A file system that cannot rename exclusively. */
static void links_where_rename_cannot_be_exclusive(void **state)
{
	struct stat status;

	(void)state;
	calls.only = "renameat2";
	calls_arm(1, EINVAL);
	calls_disarm();
	assert_int_equal(create("file"), 0);
	assert_int_equal(stat(in_folder("file"), &status), 0);
	assert_int_equal(status.st_nlink, 1);
	put_file("file", OLD, 0600);
	calls.count = 0;
	assert_int_equal(create("file"), TOTPGROUP_ECONFLICT);
	assert_string_equal(text_of("file"), OLD);
	assert_int_equal(count_entries(""), 1);
}

static void fail_rename_and_first_unlink(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	calls.fail_at = 0;
	if (strcmp(name, "renameat2") == 0) {
		calls.error = EINVAL;
		calls.fail_at = calls.count + 1;
	} else if (strcmp(name, "unlinkat") == 0 && *trace == '\0') {
		strcpy(trace, "failed");
		calls.error = EACCES;
		calls.fail_at = calls.count + 1;
	}
}

/* The one name must not stay beside the other: with two the file would be
 * refused for ever. */
static void takes_back_a_link_whose_other_name_stays(void **state)
{
	(void)state;
	*trace = '\0';
	calls.watch = fail_rename_and_first_unlink;
	assert_int_not_equal(create("file"), 0);
	assert_string_equal(trace, "failed");
	assert_false(exists("file"));
	assert_int_equal(count_entries(""), 0);
}

static void writes_on_after_a_short_write_or_a_signal(void **state)
{
	(void)state;
	calls.only = "write";
	calls.write_at_most = 3;
	calls.fail_at = 2;
	calls.error = EINTR;
	assert_int_equal(replace("file"), 0);
	assert_true(calls.count > 10);
	assert_string_equal(text_of("file"), NEW);
}

static void a_write_that_writes_nothing_is_an_error(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	calls.only = "write";
	calls.fail_at = 1;
	calls.fail_for = 1000000;
	alarm(60);
	assert_int_equal(replace("file"), TOTPGROUP_ESYSTEM);
	alarm(0);
	assert_string_equal(text_of("file"), OLD);
	assert_int_equal(count_entries(""), 1);
}

static void make_folder_sync_fail(const char *name, int fd, const char *path)
{
	(void)path;
	if (strcmp(name, "fsync") == 0)
		calls.fail_at = is_folder(fd) ? calls.count + 1 : 0;
	else if (strcmp(name, "syncfs") != 0)
		calls.fail_at = 0;
	else
		strcat(trace, "syncfs");
}

static void a_folder_that_cannot_be_synced_is_an_error(void **state)
{
	(void)state;
	calls.watch = make_folder_sync_fail;
	calls.error = EIO;
	*trace = '\0';
	assert_int_equal(replace("file"), TOTPGROUP_ESYSTEM);
	assert_string_equal(text_of("file"), NEW);
	assert_string_equal(trace, "");
	calls.error = EINVAL;
	assert_int_equal(replace("file"), 0);
	assert_string_equal(trace, "syncfs");
	calls.fail_for = 2;
	assert_int_equal(replace("file"), TOTPGROUP_ESYSTEM);
}

static unsigned int folder_opens;

static void make_second_folder_open_fail(const char *name, int fd, const char *path)
{
	(void)fd;
	calls.fail_at = 0;
	if (strcmp(name, "openat") == 0 && strcmp(path, ".") == 0 && ++folder_opens % 2 == 0)
		calls.fail_at = calls.count + 1;
	if (strcmp(name, "syncfs") == 0)
		strcat(trace, "syncfs");
}

static void a_folder_that_cannot_be_read_is_synced_as_a_whole(void **state)
{
	(void)state;
	folder_opens = 0;
	calls.watch = make_second_folder_open_fail;
	calls.error = EACCES;
	*trace = '\0';
	assert_int_equal(replace("file"), 0);
	assert_string_equal(trace, "syncfs");
	put_file("file", OLD, 0600);
	calls.error = EMFILE;
	assert_int_equal(replace("file"), TOTPGROUP_ESYSTEM);
	assert_string_equal(text_of("file"), OLD);
	assert_int_equal(count_entries(""), 1);
}

#define LABEL "system_u:object_r:auth_home_t:s0"

static void keeps_the_security_label(void **state)
{
	char label[64] = "";
	struct durable_file file = {.mode = 0600, .previous = -1};
	struct error error;

	(void)state;
	put_file("file", OLD, 0600);
	if (setxattr(in_folder("file"), "security.selinux", LABEL, sizeof LABEL, 0) != 0) {
		print_message(
			"# SKIP a security label cannot be set here: %s\n", strerror(errno));
		skip();
	}
	file.previous = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
	assert_true(file.previous >= 0);
	assert_int_equal(place_text("file", file, &error), 0);
	close(file.previous);
	assert_true(getxattr(in_folder("file"), "security.selinux", label, sizeof label) > 0);
	assert_string_equal(label, LABEL);
}

/* Fails the k-th call, and looks at what is left. */
static unsigned int fail_one_call(unsigned int k, int error_number, bool exclusive)
{
	const struct durable_file file = {.mode = 0600, .previous = -1, .exclusive = exclusive};
	struct error error;
	int status;

	if (exclusive)
		unlink(in_folder("file"));
	else
		put_file("file", OLD, 0600);
	calls_arm(k, error_number);
	calls_disarm();
	status = place_text("file", file, &error);
	if (status == 0)
		assert_string_equal(text_of("file"), NEW);
	else if (status == TOTPGROUP_EUNWRITABLE || strcmp(text_of("file"), NEW) != 0)
		assert_string_equal(text_of("file"), exclusive ? "(none)" : OLD);
	assert_int_equal(count_entries(""), exists("file") ? 1 : 0);
	return calls.count;
}

static void leaves_the_old_or_the_new_file_whatever_fails(void **state)
{
	static const int errors[] = {EIO, ENOSPC, EDQUOT, EROFS, EACCES, EPERM, EMFILE, EINTR};

	(void)state;
	for (unsigned int i = 0; i < 2 * COUNT(errors); i++) {
		int error_number = errors[i / 2];
		unsigned int total = fail_one_call(0, 0, i % 2 == 1);

		assert_true(total >= 9);
		for (unsigned int k = 1; k <= total; k++)
			(void)fail_one_call(k, error_number, i % 2 == 1);
	}
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(syncs_the_file_names_it_and_syncs_the_folder),
		TEST(keeps_the_new_file_locked_until_the_folder_is_synced),
		TEST(gives_exactly_the_mode_that_is_asked_for),
		TEST(never_replaces_where_that_is_not_wanted),
		TEST(links_where_rename_cannot_be_exclusive),
		TEST(takes_back_a_link_whose_other_name_stays),
		TEST(writes_on_after_a_short_write_or_a_signal),
		TEST(a_write_that_writes_nothing_is_an_error),
		TEST(a_folder_that_cannot_be_synced_is_an_error),
		TEST(a_folder_that_cannot_be_read_is_synced_as_a_whole),
		TEST(keeps_the_security_label),
		TEST(leaves_the_old_or_the_new_file_whatever_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
