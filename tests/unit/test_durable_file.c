/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "../fault/system_calls.h"
#include "temporary_folder.h"
#include "test_support.h"

#include <sys/xattr.h>

#include "store/durable_file.h"
#include "totpgroup.h"

#define OLD "the old text\n"
#define NEW "the new text, longer than the old one was\n"

static int setup(void **state)
{
	(void)state;
	calls_reset();
	folder_begin();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calls_disarm();
	folder_end();
	return 0;
}

/* Puts NEW in place under a name, with the failures that are armed. */
static int place_text(const char *name, struct durable_file file, struct error *error)
{
	static char bytes[] = NEW;
	const struct text text = {bytes, sizeof bytes - 1, sizeof bytes};
	struct file_place place = FILE_PLACE_INIT;
	unsigned int descriptors = count_descriptors();
	int status;

	*error = (struct error)ERROR_INIT;
	assert_int_equal(file_place_open(&place, in_folder(name), false, error), 0);
	calls.armed = true;
	status = durable_file_place(&place, &file, &text, error);
	calls_disarm();
	file_place_close(&place);
	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(status, error->code);
	return status;
}

static int replace(const char *name)
{
	const struct durable_file file = {.mode = 0600, .previous = -1};
	struct error error;

	return place_text(name, file, &error);
}

static int create(const char *name)
{
	const struct durable_file file = {.mode = 0600, .previous = -1, .exclusive = true};
	struct error error;

	return place_text(name, file, &error);
}

static char trace[1024];

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
		TEST(removes_what_dead_writers_left),
		TEST(every_temporary_name_is_known_later),
		TEST(a_first_file_never_removes_one_in_the_making),
		TEST(writes_on_after_a_short_write_or_a_signal),
		TEST(a_write_that_writes_nothing_is_an_error),
		TEST(makes_up_another_name_where_one_is_taken),
		TEST(without_random_numbers_nothing_is_written),
		TEST(a_folder_that_cannot_be_synced_is_an_error),
		TEST(a_folder_that_cannot_be_read_is_synced_as_a_whole),
		TEST(refuses_a_name_that_leaves_no_room),
		TEST(keeps_the_security_label),
		TEST(leaves_the_old_or_the_new_file_whatever_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
