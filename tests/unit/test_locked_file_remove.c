/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "locked_file_support.h"

#include <sys/file.h>

static bool without_lock;

static int setup(void **state)
{
	without_lock = false;
	return locked_file_setup(state);
}

static int remove_file(const char *name)
{
	unsigned int descriptors = before_call(name);
	int status;

	calls.armed = true;
	status = locked_file_remove(&rules, without_lock, &failure);
	calls_disarm();
	return after_call(status, descriptors);
}

static void removes_it_with_what_dead_writers_left(void **state)
{
	(void)state;
	put_file("file", OLD, 0400);
	put_file("file~aB3xYz", OLD, 0600);
	put_file("file~", OLD, 0600);
	put_file("other", OLD, 0600);
	assert_int_equal(remove_file("file"), 0);
	assert_false(exists("file"));
	assert_false(exists("file~aB3xYz"));
	assert_true(exists("file~"));
	assert_true(exists("other"));
	assert_int_equal(remove_file("file"), TOTPGROUP_ENOTFOUND);
	assert_int_equal(remove_file("no/file"), TOTPGROUP_ENOTFOUND);
}

static void removes_what_no_login_would_take(void **state)
{
	(void)state;
	put_file("file", "", 0644);
	assert_int_equal(remove_file("file"), 0);
	assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
	make_folder("folder", 0700);
	assert_int_equal(remove_file("fifo"), TOTPGROUP_EUNSAFE);
	assert_int_equal(remove_file("folder"), TOTPGROUP_EUNSAFE);
	assert_int_equal(count_entries(""), 2);
}

static void follows_a_users_own_link_only(void **state)
{
	(void)state;
	make_folder("dotfiles", 0700);
	put_file("dotfiles/secret", OLD, 0600);
	put_link("link", "dotfiles/secret");
	rules.own_file = false;
	assert_int_equal(remove_file("link"), TOTPGROUP_EUNSAFE);
	assert_true(exists("dotfiles/secret"));
	rules.own_file = true;
	assert_int_equal(remove_file("link"), 0);
	assert_false(exists("dotfiles/secret"));
	assert_true(S_ISLNK(mode_of("link")));
}

static void waits_for_the_lock(void **state)
{
	int fd;

	(void)state;
	put_file("file", OLD, 0600);
	fd = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(remove_file("file"), TOTPGROUP_EBUSY);
	assert_true(exists("file"));
	close(fd);
	assert_int_equal(remove_file("file"), 0);
}

/* What happens at the third sleep after the file was removed; and whether it was. */
static void (*after_removal)(void);
static unsigned int sleeps_after;
static bool removed;
static int other;

static void on_call(const char *name, int fd, const char *path)
{
	(void)fd;
	if (strcmp(name, "unlinkat") == 0 && strcmp(path, "file") == 0)
		removed = true;
	if (removed && strcmp(name, "nanosleep") == 0 && ++sleeps_after == 3 &&
		after_removal != NULL)
		after_removal();
}

static void lock_as_another(void)
{
	put_file("file", OLD, 0600);
	other = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX), 0);
	without_lock = true;
	sleeps_after = 0;
	removed = false;
	calls.watch = on_call;
}

static void a_lock_keeps_root_from_nothing(void **state)
{
	(void)state;
	after_removal = NULL;
	lock_as_another();
	put_file("file~aB3xYz", OLD, 0600);
	assert_int_equal(remove_file("file"), 0);
	assert_int_equal(sleeps_after, 1000 * LOCKED_FILE_SECONDS);
	assert_int_equal(count_entries(""), 0);
	close(other);
}

static void name_the_old_text_again(void)
{
	put_file("new", OLD, 0600);
	assert_int_equal(rename(in_folder("new"), in_folder("file")), 0);
	assert_int_equal(flock(other, LOCK_UN), 0);
}

/* A login that has the lock writes the old secret with a new state. */
static void a_writer_does_not_bring_it_back(void **state)
{
	(void)state;
	after_removal = name_the_old_text_again;
	lock_as_another();
	assert_int_equal(remove_file("file"), 0);
	assert_int_equal(sleeps_after, 3);
	assert_int_equal(count_entries(""), 0);
	close(other);
}

static void put_it_back(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (strcmp(name, "fsync") == 0)
		put_file("file", OLD, 0600);
}

static void one_who_puts_it_back_for_ever_is_reported(void **state)
{
	(void)state;
	lock_as_another();
	calls.watch = put_it_back;
	assert_int_equal(remove_file("file"), TOTPGROUP_EBUSY);
	assert_non_null(strstr(failure.message, "again and again"));
	close(other);
}

static void what_cannot_be_opened_is_removed(void **state)
{
	(void)state;
	without_lock = true;
	put_file("file", OLD, 0600);
	calls.only = "openat";
	calls.fail_at = 2;
	calls.fail_for = 1;
	calls.error = EWOULDBLOCK;
	assert_int_equal(remove_file("file"), 0);
	assert_false(exists("file"));
	assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
	calls_reset();
	assert_int_equal(remove_file("fifo"), TOTPGROUP_EUNSAFE);
	assert_int_equal(remove_file("file"), TOTPGROUP_ENOTFOUND);
}

static unsigned int synced, removed_at, synced_at;

static void watch(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	synced++;
	if (strcmp(name, "unlinkat") == 0)
		removed_at = synced;
	if (strcmp(name, "fsync") == 0)
		synced_at = synced;
}

static void syncs_the_folder_afterwards(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	calls.watch = watch;
	assert_int_equal(remove_file("file"), 0);
	calls.watch = NULL;
	assert_true(removed_at > 0 && synced_at > removed_at);
}

/* Success means that it is gone, and a failure says what is wrong. */
static void whatever_fails(void **state)
{
	static const int problems[] = {EIO, EROFS, EACCES, ENOMEM};

	(void)state;
	for (unsigned int e = 0; e < 2 * COUNT(problems); e++)
		for (unsigned int k = 1, total = 1; k <= total; k++) {
			int status;

			put_file("file", OLD, 0600);
			without_lock = e % 2 == 1;
			calls_arm(k, problems[e / 2]);
			calls_disarm();
			status = remove_file("file");
			total = calls.count > total ? calls.count : total;
			if (status == 0)
				assert_false(exists("file"));
			else if (status == TOTPGROUP_EUNWRITABLE)
				assert_true(exists("file"));
			assert_int_not_equal(status, TOTPGROUP_ENOTFOUND);
			calls_reset();
			unlink(in_folder("file"));
		}
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, locked_file_teardown)
	const struct CMUnitTest tests[] = {
		TEST(removes_it_with_what_dead_writers_left),
		TEST(removes_what_no_login_would_take),
		TEST(follows_a_users_own_link_only),
		TEST(waits_for_the_lock),
		TEST(a_lock_keeps_root_from_nothing),
		TEST(a_writer_does_not_bring_it_back),
		TEST(one_who_puts_it_back_for_ever_is_reported),
		TEST(what_cannot_be_opened_is_removed),
		TEST(syncs_the_folder_afterwards),
		TEST(whatever_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
