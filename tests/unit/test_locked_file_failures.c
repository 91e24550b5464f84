/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "locked_file_support.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

static const int errors[] = {EIO, ENOSPC, EDQUOT, EROFS, EACCES, EPERM, ENOMEM, EMFILE, EINTR};

/* What fails: a function of the store on "link", which leads to sub/file. */
static int do_look(void)
{
	return look("link");
}

static int do_commit(void)
{
	return begin_and_commit("link");
}

static int do_replace(void)
{
	return create("link", true);
}

static int do_create(void)
{
	return create("link", false);
}

struct scenario {
	int (*run)(void);
	const char *before; /* the text before; NULL for no file */
	const char *after;  /* and after success */
	unsigned int least; /* calls that there must be */
};

static const struct scenario scenarios[] = {
	{do_look, OLD, OLD, 8},
	{do_commit, OLD, NEW, 15},
	{do_replace, OLD, NEW, 15},
	{do_create, NULL, NEW, 12},
};

/* Fails the k-th call, and says how many there were. */
static unsigned int fail_one_call(const struct scenario *scenario, unsigned int k, int error)
{
	const char *before = scenario->before != NULL ? scenario->before : "(none)";
	const char *after;
	int status;

	unlink(in_folder("sub/file"));
	if (scenario->before != NULL)
		put_file("sub/file", scenario->before, 0600);
	calls_arm(k, error);
	calls_disarm();
	status = scenario->run();
	after = text_of("sub/file");
	if (status == 0) {
		assert_string_equal(after, scenario->after);
	} else {
		if (strcmp(after, scenario->after) != 0 || status == TOTPGROUP_EUNWRITABLE)
			assert_string_equal(after, before);
		assert_int_not_equal(status, TOTPGROUP_ENOTFOUND);
	}
	assert_int_equal(count_entries("sub"), strcmp(after, "(none)") == 0 ? 0 : 1);
	return calls.count;
}

static void leaves_the_old_or_the_new_text_whatever_fails(void **state)
{
	(void)state;
	make_folder("sub", 0700);
	put_link("link", "sub/file");
	for (unsigned int s = 0; s < COUNT(scenarios); s++) {
		unsigned int total = fail_one_call(&scenarios[s], 0, 0);

		assert_true(total >= scenarios[s].least);
		for (unsigned int e = 0; e < COUNT(errors); e++)
			for (unsigned int k = 1; k <= total; k++)
				(void)fail_one_call(&scenarios[s], k, errors[e]);
	}
}

/* From the k-th call on, all fail: no loop goes on for ever, and nothing is
 * lost. A temporary file may stay, because removing it fails too. */
static void ends_when_everything_fails_from_there_on(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	calls.fail_for = 1000000000;
	alarm(300);
	for (unsigned int e = 0; e < COUNT(errors); e++)
		for (unsigned int k = 1; errors[e] != EINTR && k <= 20; k++) {
			calls_arm(k, errors[e]);
			calls_disarm();
			if (begin_and_commit("file") != 0 && strcmp(text_of("file"), NEW) != 0)
				assert_string_equal(text_of("file"), OLD);
			calls.fail_at = 0;
			put_file("file", OLD, 0600);
		}
	alarm(0);
}

static void is_not_hurried_by_signals(void **state)
{
	static const char *const names[] = {"read", "write", "flock"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(names); i++) {
		put_file("file", OLD, 0600);
		calls.only = names[i];
		calls.write_at_most = 5;
		calls_arm(1, EINTR);
		calls_disarm();
		assert_int_equal(begin_and_commit("file"), 0);
		assert_string_equal(text_of("file"), NEW);
	}
}

static bool is_seen;

static bool is_first_open_of_file(const char *name, const char *path)
{
	bool is_first = !is_seen && strcmp(name, "openat") == 0 && strcmp(path, "file") == 0;

	is_seen = is_seen || is_first;
	return is_first;
}

static void fail_open_of_file(const char *name, int fd, const char *path)
{
	(void)fd;
	if (is_first_open_of_file(name, path))
		calls.fail_at = calls.count + 1;
}

/* Where the file can only be read, it is read. Any other failure is one. */
static void opens_to_read_what_cannot_be_written(void **state)
{
	static const struct {
		int error;
		int status;
	} cases[] = {{EROFS, 0}, {EACCES, 0}, {EPERM, 0}, {EIO, TOTPGROUP_ESYSTEM},
		{EMFILE, TOTPGROUP_ESYSTEM}};

	(void)state;
	put_file("file", OLD, 0600);
	rules.in_place = true;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		calls_reset();
		is_seen = false;
		calls.watch = fail_open_of_file;
		calls.error = cases[i].error;
		assert_int_equal(begin_and_abort("file"), cases[i].status);
		assert_true(is_seen);
		assert_string_equal(seen, cases[i].status == 0 ? OLD : "");
	}
}

/* Holds the descriptor 0, which the program began without, until the file is opened. */
static int holder;

static void leave_lowest_descriptor(const char *name, int fd, const char *path)
{
	(void)fd;
	if (is_first_open_of_file(name, path))
		close(holder);
	else if (!is_seen && holder < 0)
		holder = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* A program may have closed its standard input. */
static void closes_the_lowest_descriptor_too(void **state)
{
	int (*const work[])(const char *) = {look, begin_and_abort, begin_and_commit};
	int input = fcntl(0, F_DUPFD_CLOEXEC, 3);

	(void)state;
	assert_true(input >= 0);
	close(0);
	for (unsigned int i = 0; i < COUNT(work); i++) {
		put_file("file", OLD, 0600);
		is_seen = false;
		holder = -1;
		calls.watch = leave_lowest_descriptor;
		assert_int_equal(work[i]("file"), 0);
		assert_int_equal(holder, 0);
	}
	assert_int_equal(dup2(input, 0), 0);
	close(input);
}

static void cut_file(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (strcmp(name, "read") == 0)
		assert_int_equal(truncate(in_folder("file"), 3), 0);
}

static void says_that_the_file_changed_meanwhile(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	calls.watch = cut_file;
	assert_int_equal(look("file"), TOTPGROUP_ESYSTEM);
	assert_non_null(strstr(failure.message, "changed while it was read"));
	assert_string_equal(seen, "");
}

static void says_that_memory_is_out(void **state)
{
	unsigned int call = 0;
	int status;

	(void)state;
	put_file("file", OLD, 0600);
	do {
		calls.only = "malloc";
		calls_arm(++call, ENOMEM);
		calls_disarm();
		status = look("file");
		assert_true(status == 0 || status == TOTPGROUP_EMEMORY);
	} while (status != 0);
	assert_true(call > 1);
}

static bool is_locked_by_another(void)
{
	int file = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
	bool is_locked;

	assert_true(file >= 0);
	is_locked = flock(file, LOCK_EX | LOCK_NB) != 0;
	close(file);
	return is_locked;
}

static void a_transaction_that_goes_on_keeps_its_lock(void **state)
{
	unsigned int descriptors = before_call("file");
	struct locked_file *transaction;
	struct text text = TEXT_INIT;

	(void)state;
	put_file("file", OLD, 0600);
	assert_int_equal(locked_file_begin(&rules, &transaction, &text, &failure), 0);
	text_free(&text);
	assert_true(is_locked_by_another());
	assert_int_equal(text_append_string(&text, NEW), 0);
	assert_int_equal(locked_file_commit(&transaction, &text, true, &failure), 0);
	text_free(&text);
	assert_non_null(transaction);
	assert_string_equal(text_of("file"), NEW);
	assert_true(is_locked_by_another());
	locked_file_abort(transaction);
	assert_false(is_locked_by_another());
	assert_int_equal(count_descriptors(), descriptors);
}

/* Runs something in a process of its own, which gives the line that failed. */
static void in_child(int (*work)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(work());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	if (WEXITSTATUS(status) != 0)
		fail_msg("it failed as the line above says");
}

#define CHECK(condition)                                                                       \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);        \
			return 1;                                                              \
		}                                                                              \
	} while (0)

static int skip_because(const char *what)
{
	fprintf(stderr, "# SKIP %s: %s\n", what, strerror(errno));
	return 77;
}

/* A file system of 64 KiB over sub, seen by this process alone. */
static int mount_small(void)
{
	if (geteuid() != 0) {
		errno = EPERM;
		return skip_because("only root can mount a small file system");
	}
	if (unshare(CLONE_NEWNS) != 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("none", in_folder("sub"), "tmpfs", 0, "size=64k,mode=0700") != 0)
		return skip_because("no mount namespace is to be had");
	put_file("sub/file", OLD, 0600);
	return 0;
}

static int on_a_full_disk(void)
{
	static char block[4096];
	int skipped = mount_small();
	int filler;

	if (skipped != 0)
		return skipped;
	filler = open(in_folder("sub/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(filler, block, sizeof block) > 0)
		;
	close(filler);
	CHECK(begin_and_commit("sub/file") == TOTPGROUP_EUNWRITABLE);
	CHECK(failure.system_error == ENOSPC);
	CHECK(strcmp(text_of("sub/file"), OLD) == 0);
	CHECK(count_entries("sub") == 2);
	CHECK(create("sub/file", true) == TOTPGROUP_EUNWRITABLE);
	CHECK(create("sub/new", false) == TOTPGROUP_EUNWRITABLE);
	CHECK(strcmp(text_of("sub/file"), OLD) == 0);
	CHECK(count_entries("sub") == 2);
	unlink(in_folder("sub/filler"));
	CHECK(begin_and_commit("sub/file") == 0);
	CHECK(strcmp(text_of("sub/file"), NEW) == 0);
	return 0;
}

static int read_only(void)
{
	int skipped = mount_small();

	if (skipped != 0)
		return skipped;
	CHECK(mount(NULL, in_folder("sub"), NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	CHECK(look("sub/file") == 0);
	CHECK(begin_and_abort("sub/file") == 0);
	CHECK(begin_and_commit("sub/file") == TOTPGROUP_EUNWRITABLE);
	CHECK(failure.system_error == EROFS);
	CHECK(create("sub/file", true) == TOTPGROUP_EUNWRITABLE);
	CHECK(strcmp(text_of("sub/file"), OLD) == 0);
	CHECK(count_entries("sub") == 1);
	return 0;
}

/* As somebody who may not write to the folder, or not even read it. */
static int without_rights(void)
{
	put_file("sub/file", OLD, 0600);
	if (geteuid() == 0) {
		rules.owner = 65534;
		CHECK(chmod(folder_path, 0755) == 0);
		CHECK(chown(in_folder("sub"), 65534, 65534) == 0);
		CHECK(chown(in_folder("sub/file"), 65534, 65534) == 0);
		CHECK(setresgid(65534, 65534, 65534) == 0);
		CHECK(setresuid(65534, 65534, 65534) == 0);
	}
	CHECK(chmod(in_folder("sub"), 0500) == 0);
	CHECK(begin_and_commit("sub/file") == TOTPGROUP_EUNWRITABLE);
	CHECK(failure.system_error == EACCES);
	CHECK(strcmp(text_of("sub/file"), OLD) == 0);
	CHECK(chmod(in_folder("sub"), 0300) == 0);
	CHECK(begin_and_commit("sub/file") == 0);
	CHECK(chmod(in_folder("sub/file"), 0) == 0);
	CHECK(look("sub/file") == TOTPGROUP_ESYSTEM);
	CHECK(chmod(in_folder("sub/file"), 0600) == 0);
	CHECK(chmod(in_folder("sub"), 0600) == 0);
	CHECK(look("sub/file") == TOTPGROUP_ESYSTEM);
	CHECK(chmod(in_folder("sub"), 0700) == 0);
	CHECK(strcmp(text_of("sub/file"), NEW) == 0);
	CHECK(count_entries("sub") == 1);
	return 0;
}

static void says_that_a_full_disk_is_unwritable(void **state)
{
	(void)state;
	make_folder("sub", 0700);
	in_child(on_a_full_disk);
}

static void says_that_a_read_only_file_system_is_unwritable(void **state)
{
	(void)state;
	make_folder("sub", 0700);
	in_child(read_only);
}

static void says_that_a_folder_without_rights_is_unwritable(void **state)
{
	(void)state;
	make_folder("sub", 0700);
	in_child(without_rights);
}

int main(void)
{
#define TEST(function)                                                                         \
	cmocka_unit_test_setup_teardown(function, locked_file_setup, locked_file_teardown)
	const struct CMUnitTest tests[] = {
		TEST(leaves_the_old_or_the_new_text_whatever_fails),
		TEST(ends_when_everything_fails_from_there_on),
		TEST(is_not_hurried_by_signals),
		TEST(opens_to_read_what_cannot_be_written),
		TEST(closes_the_lowest_descriptor_too),
		TEST(says_that_the_file_changed_meanwhile),
		TEST(says_that_memory_is_out),
		TEST(a_transaction_that_goes_on_keeps_its_lock),
		TEST(says_that_a_full_disk_is_unwritable),
		TEST(says_that_a_read_only_file_system_is_unwritable),
		TEST(says_that_a_folder_without_rights_is_unwritable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
