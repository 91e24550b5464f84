/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "locked_file_support.h"

#include <sys/wait.h>

/* What happens while the store waits for a lock: at the third sleep, this. */
static void (*meanwhile)(void);
static unsigned int sleeps;
static int other;

static void on_sleep(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (strcmp(name, "nanosleep") == 0 && ++sleeps == 3 && meanwhile != NULL)
		meanwhile();
}

static void lock_as_another(const char *name)
{
	other = open(in_folder(name), O_RDONLY | O_CLOEXEC);
	assert_true(other >= 0);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	sleeps = 0;
	calls.watch = on_sleep;
}

static void unlock_as_another(void)
{
	assert_int_equal(flock(other, LOCK_UN), 0);
}

static void waits_for_a_lock_and_gets_it(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	lock_as_another("file");
	meanwhile = unlock_as_another;
	assert_int_equal(begin_and_commit("file"), 0);
	assert_int_equal(sleeps, 3);
	assert_string_equal(text_of("file"), NEW);
	close(other);
}

/* A process that is forked in the middle, as by another thread, and lives on. */
static pid_t heir;
static int alive[2];

/* Before this call. */
static const char *fork_before;

static void fork_once(const char *name, int fd, const char *path)
{
	char byte;

	(void)fd;
	(void)path;
	if (strcmp(name, fork_before) != 0 || heir != 0)
		return;
	heir = fork();
	assert_true(heir >= 0);
	if (heir > 0)
		return;
	close(alive[1]);
	_exit(read(alive[0], &byte, 1) == 0 ? 0 : 1);
}

static void expect_no_lock_after(int (*work)(const char *name), const char *call)
{
	int status;

	put_file("file", OLD, 0600);
	assert_int_equal(pipe(alive), 0);
	heir = 0;
	fork_before = call;
	calls.watch = fork_once;
	assert_int_equal(work("file"), 0);
	assert_true(heir > 0);
	calls.watch = NULL;
	assert_int_equal(begin_and_commit("file"), 0);
	close(alive[1]);
	assert_int_equal(waitpid(heir, &status, 0), heir);
	assert_int_equal(status, 0);
	close(alive[0]);
}

static void a_forked_process_keeps_no_lock(void **state)
{
	(void)state;
	expect_no_lock_after(begin_and_abort, "read");
	expect_no_lock_after(begin_and_commit, "renameat");
}

static void waits_for_a_bounded_time(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	lock_as_another("file");
	meanwhile = NULL;
	assert_int_equal(begin_and_abort("file"), TOTPGROUP_EBUSY);
	assert_int_equal(sleeps, 1000 * LOCKED_FILE_SECONDS);
	assert_non_null(strstr(failure.message, "lslocks(8) shows it"));
	assert_null(strstr(failure.message, "(null)"));
	rules.if_locked = ", or wait";
	assert_int_equal(begin_and_abort("file"), TOTPGROUP_EBUSY);
	assert_non_null(strstr(failure.message, "lslocks(8) shows it, or wait"));
	rules.if_locked = NULL;
	assert_int_equal(create("file", true), TOTPGROUP_EBUSY);
	assert_string_equal(text_of("file"), OLD);
	/* Looking needs no lock. */
	assert_int_equal(look("file"), 0);
	close(other);
}

static void holds_the_lock_until_the_end(void **state)
{
	struct locked_file *transaction;
	struct text text = TEXT_INIT;

	(void)state;
	put_file("file", OLD, 0600);
	rules.path = in_folder("file");
	assert_int_equal(locked_file_begin(&rules, &transaction, &text, &failure), 0);
	other = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	locked_file_abort(transaction);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	text_free(&text);
}

static void replace_and_unlock(void)
{
	put_file("next", NEW, 0600);
	assert_int_equal(rename(in_folder("next"), in_folder("file")), 0);
	unlock_as_another();
}

static void reads_the_file_that_took_the_place_while_it_waited(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	lock_as_another("file");
	meanwhile = replace_and_unlock;
	assert_int_equal(begin_and_abort("file"), 0);
	assert_string_equal(seen, NEW);
	close(other);
}

static void replace_by_wide_and_unlock(void)
{
	put_file("next", NEW, 0666);
	assert_int_equal(rename(in_folder("next"), in_folder("file")), 0);
	unlock_as_another();
}

static void judges_the_file_that_took_the_place(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	lock_as_another("file");
	meanwhile = replace_by_wide_and_unlock;
	assert_int_equal(begin_and_abort("file"), TOTPGROUP_EUNSAFE);
	close(other);
}

static void change_mode_and_unlock(void)
{
	assert_int_equal(chmod(in_folder("file"), 0666), 0);
	unlock_as_another();
}

static void add_link_and_unlock(void)
{
	assert_int_equal(link(in_folder("file"), in_folder("second")), 0);
	unlock_as_another();
}

static void edit_in_place(void)
{
	FILE *file = fopen(in_folder("file"), "ae");

	assert_true(fputs("11111111\n", file) >= 0);
	fclose(file);
}

static void edit_and_unlock(void)
{
	edit_in_place();
	unlock_as_another();
}

/* A program that changes a file in place, as an editor may, is seen too. */
static void judges_what_the_file_is_like_under_the_lock(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	lock_as_another("file");
	meanwhile = change_mode_and_unlock;
	assert_int_equal(begin_and_abort("file"), TOTPGROUP_EUNSAFE);
	close(other);
	assert_int_equal(chmod(in_folder("file"), 0600), 0);
	lock_as_another("file");
	meanwhile = add_link_and_unlock;
	assert_int_equal(begin_and_abort("file"), TOTPGROUP_EUNSAFE);
	close(other);
	unlink(in_folder("second"));
	lock_as_another("file");
	meanwhile = edit_and_unlock;
	assert_int_equal(begin_and_abort("file"), 0);
	assert_string_equal(seen, OLD "11111111\n");
	close(other);
}

static void remove_and_unlock(void)
{
	assert_int_equal(unlink(in_folder("file")), 0);
	unlock_as_another();
}

static void a_file_that_was_removed_is_not_there(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	lock_as_another("file");
	meanwhile = remove_and_unlock;
	assert_int_equal(begin_and_abort("file"), TOTPGROUP_ENOTFOUND);
	close(other);
	put_file("file", OLD, 0600);
	lock_as_another("file");
	assert_int_equal(create("file", true), 0);
	assert_string_equal(text_of("file"), NEW);
	close(other);
}

static void replace_file(void)
{
	put_file("next", "SOMEBODYELSES\n", 0600);
	assert_int_equal(rename(in_folder("next"), in_folder("file")), 0);
}

static void remove_file(void)
{
	assert_int_equal(unlink(in_folder("file")), 0);
}

static void never_overwrites_what_another_program_wrote(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	between = replace_file;
	assert_int_equal(begin_and_commit("file"), TOTPGROUP_ECONFLICT);
	assert_string_equal(text_of("file"), "SOMEBODYELSES\n");
	put_file("file", OLD, 0600);
	between = edit_in_place;
	assert_int_equal(begin_and_commit("file"), TOTPGROUP_ECONFLICT);
	assert_string_equal(text_of("file"), OLD "11111111\n");
	between = remove_file;
	assert_int_equal(begin_and_commit("file"), TOTPGROUP_ECONFLICT);
	assert_false(exists("file"));
	assert_int_equal(count_entries(""), 0);
}

static void edit_on_read(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (strcmp(name, "read") == 0)
		edit_in_place();
}

static void truncate_on_read(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (strcmp(name, "read") == 0)
		assert_int_equal(truncate(in_folder("file"), 3), 0);
}

static void notices_a_change_while_it_reads(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	calls.watch = edit_on_read;
	assert_int_equal(look("file"), TOTPGROUP_ESYSTEM);
	put_file("file", OLD, 0600);
	assert_int_equal(begin_and_commit("file"), TOTPGROUP_ESYSTEM);
	calls.watch = truncate_on_read;
	put_file("file", OLD, 0600);
	assert_int_equal(look("file"), TOTPGROUP_ESYSTEM);
}

/* Each fstat() of a file finds it replaced, and without a name. */
static void replace_on_fstat(const char *name, int fd, const char *path)
{
	struct stat status;

	(void)path;
	if (strcmp(name, "fstat") != 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	put_file("next", NEW, 0666);
	assert_int_equal(rename(in_folder("next"), in_folder("file")), 0);
	sleeps++;
}

/* What was never judged is never read. */
static void gives_up_on_a_file_that_is_always_another(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	calls.watch = replace_on_fstat;
	sleeps = 0;
	assert_int_equal(look("file"), TOTPGROUP_EBUSY);
	/* A thousand tries. */
	assert_int_equal(sleeps, 1000);
	assert_string_equal(seen, "");
	sleeps = 0;
	assert_int_equal(begin_and_abort("file"), TOTPGROUP_EBUSY);
	assert_int_equal(sleeps, 1000);
}

int main(void)
{
#define TEST(function)                                                                         \
	cmocka_unit_test_setup_teardown(function, locked_file_setup, locked_file_teardown)
	const struct CMUnitTest tests[] = {
		TEST(waits_for_a_lock_and_gets_it),
		TEST(a_forked_process_keeps_no_lock),
		TEST(waits_for_a_bounded_time),
		TEST(holds_the_lock_until_the_end),
		TEST(reads_the_file_that_took_the_place_while_it_waited),
		TEST(judges_the_file_that_took_the_place),
		TEST(judges_what_the_file_is_like_under_the_lock),
		TEST(a_file_that_was_removed_is_not_there),
		TEST(never_overwrites_what_another_program_wrote),
		TEST(notices_a_change_while_it_reads),
		TEST(gives_up_on_a_file_that_is_always_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
