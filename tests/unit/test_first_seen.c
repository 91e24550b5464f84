/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <sys/wait.h>

#include "../fault/system_calls.h"
#include "temporary_folder.h"
#include "test_support.h"

#include "store/first_seen.h"
#include "totpgroup.h"

#define NOW	1700000025
#define NOTED	"1700000025\n"
#define FILE_AT "state/seen/alice"

static struct error failure;
static int64_t seen;

static int setup(void **state)
{
	(void)state;
	calls_reset();
	folder_begin();
	assert_int_equal(chmod(folder_path, 0755), 0);
	umask(022);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calls_disarm();
	folder_end();
	return 0;
}

/* One call, which leaves no descriptor open, and *seen alone where it fails. */
static int call(int (*function)(const char *, int64_t, int64_t *, struct error *),
	const char *name, int64_t now)
{
	unsigned int descriptors = count_descriptors();
	bool armed = calls.fail_at > 0 || calls.watch != NULL;
	int status;

	failure = (struct error)ERROR_INIT;
	seen = -7;
	calls.armed = armed;
	status = function(in_folder(name), now, &seen, &failure);
	calls_disarm();
	assert_int_equal(count_descriptors(), descriptors);
	if (status != 0) {
		assert_int_equal(seen, -7);
		assert_int_equal(failure.code, status);
		assert_true(*failure.message != '\0');
	}
	return status;
}

static int look(int64_t now)
{
	return call(first_seen_look, FILE_AT, now);
}

static int note(int64_t now)
{
	return call(first_seen_note, FILE_AT, now);
}

static void put_seen(const char *text, mode_t mode)
{
	if (!exists("state")) {
		make_folder("state", 0755);
		make_folder("state/seen", 0700);
	}
	unlink(in_folder(FILE_AT));
	put_file(FILE_AT, text, mode);
}

static void finds_nothing_and_makes_nothing(void **state)
{
	(void)state;
	assert_int_equal(look(NOW), TOTPGROUP_ENOTFOUND);
	assert_int_equal(count_entries("."), 0);
	make_folder("state", 0755);
	make_folder("state/seen", 0700);
	assert_int_equal(look(NOW), TOTPGROUP_ENOTFOUND);
	assert_int_equal(count_entries("state/seen"), 0);
}

static void notes_the_first_time_alone(void **state)
{
	(void)state;
	assert_int_equal(note(NOW), 0);
	assert_int_equal(seen, NOW);
	assert_int_equal(failure.code, 0);
	for (int later = 0; later < 3; later++) {
		assert_int_equal(note(NOW + later * 86400), 0);
		assert_int_equal(seen, NOW);
		assert_int_equal(look(NOW + later * 86400), 0);
		assert_int_equal(seen, NOW);
	}
	assert_string_equal(text_of(FILE_AT), NOTED);
	assert_int_equal(count_entries("state/seen"), 1);
}

/* Nobody else may look into them, whatever the umask; those that are there stay
 * as they are. */
static void makes_what_is_missing_for_the_owner_alone(void **state)
{
	static const mode_t masks[] = {0, 022, 077};

	(void)state;
	make_folder("state", 0755);
	for (unsigned int i = 0; i < COUNT(masks); i++) {
		umask(masks[i]);
		assert_int_equal(call(first_seen_note, "state/a/b/alice", NOW), 0);
		umask(022);
		assert_int_equal(mode_of("state"), S_IFDIR | 0755);
		assert_int_equal(mode_of("state/a"), S_IFDIR | 0700);
		assert_int_equal(mode_of("state/a/b"), S_IFDIR | 0700);
		assert_int_equal(mode_of("state/a/b/alice"), S_IFREG | 0600);
		unlink(in_folder("state/a/b/alice"));
		rmdir(in_folder("state/a/b"));
		rmdir(in_folder("state/a"));
	}
}

static void a_time_to_come_is_refused(void **state)
{
	char text[64];

	(void)state;
	for (int ahead = -2; ahead <= 62; ahead++) {
		snprintf(text, sizeof text, "%d\n", NOW + ahead);
		put_seen(text, 0600);
		if (ahead > 60) {
			assert_int_equal(look(NOW), TOTPGROUP_EFORMAT);
			assert_int_equal(note(NOW), TOTPGROUP_EFORMAT);
			assert_non_null(strstr(failure.message, FILE_AT));
			assert_non_null(strstr(failure.message, "not a time that has been"));
		} else {
			assert_int_equal(note(NOW), 0);
			assert_int_equal(seen, ahead < 0 ? NOW + ahead : NOW);
		}
		assert_string_equal(text_of(FILE_AT), text);
	}
}

static void a_clock_before_1970_is_refused_and_not_noted(void **state)
{
	(void)state;
	assert_int_equal(note(-1), TOTPGROUP_ESYSTEM);
	assert_non_null(strstr(failure.message, "before 1970"));
	assert_int_equal(count_entries("."), 0);
	put_seen("0\n", 0600);
	assert_int_equal(look(-1), TOTPGROUP_ESYSTEM);
	assert_int_equal(note(0), 0);
	assert_int_equal(seen, 0);
}

static void junk_is_refused_and_left(void **state)
{
	static const char *const junk[] = {"\n", "x\n", "1700000000", "1700000000\n\n",
		" 1700000000\n", "1700000000 \n", "1700000000\r\n", "-1\n", "+1\n", "0x10\n",
		"1e3\n", "1.5\n", "99999999999999999999\n", "1700000000\n1700000000\n"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(junk); i++) {
		put_seen(junk[i], 0600);
		assert_int_equal(look(NOW), TOTPGROUP_EFORMAT);
		assert_int_equal(note(NOW), TOTPGROUP_EFORMAT);
		assert_non_null(strstr(failure.message, "remove the file"));
		assert_string_equal(text_of(FILE_AT), junk[i]);
	}
	put_seen("", 0600);
	assert_int_equal(note(NOW), TOTPGROUP_EUNSAFE);
}

static void expect_unsafe(const char *why)
{
	assert_int_equal(look(NOW), TOTPGROUP_EUNSAFE);
	assert_int_equal(note(NOW), TOTPGROUP_EUNSAFE);
	assert_non_null(strstr(failure.message, why));
}

static void another_mode_is_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0660, 0602, 0700, 0666};

	(void)state;
	for (unsigned int i = 0; i < COUNT(modes); i++) {
		put_seen(NOTED, modes[i]);
		expect_unsafe("allows more than 0600");
	}
	put_seen(NOTED, 0400);
	assert_int_equal(look(NOW), 0);
	assert_int_equal(chmod(in_folder("state/seen"), 0770), 0);
	expect_unsafe("folder is writable by others");
}

static void another_owner_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("# SKIP only root can give a file away\n");
		skip();
	}
	put_seen(NOTED, 0600);
	assert_int_equal(chown(in_folder(FILE_AT), 65534, 65534), 0);
	expect_unsafe("belongs to uid 65534");
	put_seen(NOTED, 0600);
	assert_int_equal(chown(in_folder("state/seen"), 65534, 65534), 0);
	expect_unsafe("folder belongs to another user");
}

static void what_is_no_plain_file_is_refused(void **state)
{
	(void)state;
	put_seen(NOTED, 0600);
	assert_int_equal(link(in_folder(FILE_AT), in_folder("state/seen/other")), 0);
	expect_unsafe("another hard link");
	unlink(in_folder(FILE_AT));
	put_link(FILE_AT, "other");
	expect_unsafe("symbolic link");
	assert_string_equal(text_of("state/seen/other"), NOTED);
	unlink(in_folder("state/seen/other"));
	expect_unsafe("symbolic link");
	assert_false(exists("state/seen/other"));
	unlink(in_folder(FILE_AT));
	assert_int_equal(mkfifo(in_folder(FILE_AT), 0600), 0);
	expect_unsafe("not a regular file");
	unlink(in_folder(FILE_AT));
	make_folder(FILE_AT, 0700);
	expect_unsafe("not a regular file");
}

static void a_folder_that_cannot_be_made_is_unwritable(void **state)
{
	(void)state;
	put_file("state", "no folder", 0600);
	assert_true(look(NOW) != 0);
	assert_true(note(NOW) != 0);
	assert_string_equal(text_of("state"), "no folder");
	unlink(in_folder("state"));
	calls.only = "mkdir";
	/* Each folder of the path is tried, the one for all tests too. */
	for (unsigned int k = 1; !exists("state/seen"); k++) {
		calls.count = 0;
		calls.fail_at = k;
		calls.error = EROFS;
		if (note(NOW) == 0)
			break;
		assert_int_equal(failure.code, TOTPGROUP_EUNWRITABLE);
		assert_int_equal(failure.system_error, EROFS);
		assert_non_null(strstr(failure.message, "cannot make /"));
		assert_false(exists(FILE_AT));
		rmdir(in_folder("state"));
	}
	assert_true(exists(FILE_AT));
}

/* Many processes at once, whose clocks were read in another order than they come
 * to note: one time stands, and each gets it, or its own where that is earlier. */
#define PROCESSES 16

static int note_when_told(int start, int64_t now)
{
	struct error error = ERROR_INIT;
	int64_t time = -1, noted;
	char byte;

	if (read(start, &byte, 1) != 0)
		return 1;
	if (first_seen_note(in_folder(FILE_AT), now, &time, &error) != 0) {
		fprintf(stderr, "%s\n", error.message);
		return 2;
	}
	noted = strtoll(text_of(FILE_AT), NULL, 10);
	return time == (noted < now ? noted : now) ? 0 : 3;
}

static void race_once(void)
{
	int start[2], status;
	pid_t children[PROCESSES];

	assert_int_equal(pipe(start), 0);
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			close(start[1]);
			_exit(note_when_told(start[0], NOW + (i * 7) % PROCESSES));
		}
	}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_int_equal(count_entries("state/seen"), 1);
}

static void many_at_once_get_one_time(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		race_once();
		unlink(in_folder(FILE_AT));
		rmdir(in_folder("state/seen"));
		rmdir(in_folder("state"));
	}
}

/* The other notes while this one is about to. */
static void note_first(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (strcmp(name, "fchmod") == 0 && !exists(FILE_AT))
		put_file(FILE_AT, "1700000030\n", 0600);
}

static void the_later_of_two_takes_the_time_of_the_first(void **state)
{
	(void)state;
	calls.watch = note_first;
	assert_int_equal(note(NOW + 10), 0);
	assert_int_equal(seen, NOW + 5);
	assert_int_equal(failure.code, 0);
	unlink(in_folder(FILE_AT));
	assert_int_equal(note(NOW), 0);
	assert_int_equal(seen, NOW);
	assert_string_equal(text_of(FILE_AT), "1700000030\n");
	assert_int_equal(count_entries("state/seen"), 1);
}

static char synced[4096];

static void watch_sync(const char *name, int fd, const char *path)
{
	char link[64], target[PATH_MAX];
	ssize_t length;

	(void)path;
	if (strcmp(name, "fsync") != 0)
		return;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof target - 1);
	assert_true(length > 0);
	target[length] = '\0';
	if (strncmp(target, folder_path, strlen(folder_path)) == 0 &&
		strchr(target, '~') == NULL) {
		strcat(synced, target + strlen(folder_path));
		strcat(synced, ";");
	}
}

static void new_folders_are_synced_too(void **state)
{
	(void)state;
	*synced = '\0';
	calls.watch = watch_sync;
	assert_int_equal(note(NOW), 0);
	assert_string_equal(synced, ";/state;/state/seen;");
	*synced = '\0';
	assert_int_equal(note(NOW), 0);
	assert_string_equal(synced, "");
}

/* After a failure there is no file or the whole one. */
static unsigned int fail_one_call(bool noted, unsigned int k, int error)
{
	const char *text;
	int status;

	if (noted) {
		put_seen(NOTED, 0600);
	} else {
		unlink(in_folder(FILE_AT));
		rmdir(in_folder("state/seen"));
		rmdir(in_folder("state"));
	}
	calls.count = 0;
	calls.fail_at = k;
	calls.error = error;
	status = note(NOW);
	text = text_of(FILE_AT);
	assert_int_not_equal(status, TOTPGROUP_ENOTFOUND);
	if (status == 0 || strcmp(text, "(none)") != 0)
		assert_string_equal(text, NOTED);
	if (status == 0)
		assert_int_equal(seen, NOW);
	if (status == TOTPGROUP_EUNWRITABLE)
		assert_string_equal(text, "(none)");
	if (exists("state/seen"))
		assert_int_equal(count_entries("state/seen"), *text == '(' ? 0 : 1);
	return calls.count;
}

static void whatever_fails_refuses_and_leaves_nothing_half(void **state)
{
	static const int errors[] = {
		EIO, ENOSPC, EDQUOT, EROFS, EACCES, EPERM, ENOMEM, EMFILE, EINTR};

	(void)state;
	for (int noted = 0; noted < 2; noted++)
		for (unsigned int e = 0; e < COUNT(errors); e++) {
			unsigned int k = 1;

			while (fail_one_call(noted, k, errors[e]) >= k)
				k++;
			assert_true(k > (noted ? 8 : 20));
		}
}

/* Only what cannot matter for what is noted or read may fail unnoticed. */
static void a_call_that_matters_never_fails_unnoticed(void **state)
{
	static const char *const names[] = {"mkdir", "openat", "write", "fsync", "fchmod",
		"fstat", "read", "strdup", "strndup", "malloc", "calloc", "realloc"};
	unsigned int failed = 0;

	(void)state;
	for (unsigned int n = 0; n < COUNT(names); n++) {
		unsigned int k = 1;

		calls.only = names[n];
		for (; fail_one_call(false, k, EIO) >= k; k++, failed++)
			assert_true(failure.code != 0);
	}
	assert_true(failed > 12);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(finds_nothing_and_makes_nothing),
		TEST(notes_the_first_time_alone),
		TEST(makes_what_is_missing_for_the_owner_alone),
		TEST(a_time_to_come_is_refused),
		TEST(a_clock_before_1970_is_refused_and_not_noted),
		TEST(junk_is_refused_and_left),
		TEST(another_mode_is_refused),
		TEST(another_owner_is_refused),
		TEST(what_is_no_plain_file_is_refused),
		TEST(a_folder_that_cannot_be_made_is_unwritable),
		TEST(many_at_once_get_one_time),
		TEST(the_later_of_two_takes_the_time_of_the_first),
		TEST(new_folders_are_synced_too),
		TEST(whatever_fails_refuses_and_leaves_nothing_half),
		TEST(a_call_that_matters_never_fails_unnoticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
