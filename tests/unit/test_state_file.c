/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "temporary_folder.h"
#include "test_support.h"

#include "../fault/system_calls.h"
#include "core/state.h"
#include "store/state_file.h"
#include "store/state_slots.h"
#include "totpgroup.h"

#define FILE_AT "state/of/alice"
#define NEXT	"totpgroup-state 1\n\" SECRET 00112233445566778899aabbccddeeff\n\" END\n"
#define OTHER	"totpgroup-state 1\n\" SECRET ffeeddccbbaa99887766554433221100\n\" END\n"

static struct error failure;

static int setup(void **state)
{
	(void)state;
	folder_begin();
	calls_reset();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calls_reset();
	folder_end();
	return 0;
}

/* Looks, and begins and commits. */
static int look(struct text *text)
{
	failure = (struct error)ERROR_INIT;
	return state_file_look(in_folder(FILE_AT), NULL, text, &failure);
}

static void remove_file(void)
{
	unlink(in_folder(FILE_AT));
}

static int write_state(const char *state, bool keep_locked)
{
	struct state_file *transaction;
	char copy[STATE_SLOT_SIZE_MAX];
	struct text text = TEXT_INIT;
	struct text next = {.data = copy, .length = strlen(state), .capacity = sizeof copy};
	int status;

	strcpy(copy, state);
	failure = (struct error)ERROR_INIT;
	status = state_file_begin(in_folder(FILE_AT), &transaction, &text, &failure);
	text_free(&text);
	if (status != 0) {
		assert_null(transaction);
		return status;
	}
	status = state_file_commit(&transaction, &next, keep_locked, &failure);
	if (status == 0 && keep_locked)
		state_file_abort(transaction);
	else
		assert_null(transaction);
	return status;
}

static int write_next(void)
{
	return write_state(NEXT, false);
}

static void expect_state(const char *state)
{
	struct text text = TEXT_INIT;

	assert_int_equal(look(&text), 0);
	assert_string_equal(text.data, state);
	assert_string_equal(state_of(FILE_AT), state);
	text_free(&text);
}

static ino_t inode(void)
{
	struct stat status;

	assert_int_equal(lstat(in_folder(FILE_AT), &status), 0);
	return status.st_ino;
}

static off_t size_of_file(void)
{
	struct stat status;

	assert_int_equal(lstat(in_folder(FILE_AT), &status), 0);
	return status.st_size;
}

static void what_is_missing_is_empty_and_stays_missing(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(look(&text), 0);
	assert_string_equal(text.data, STATE_EMPTY);
	assert_int_equal(failure.code, 0);
	assert_false(exists("state"));
	text_free(&text);
}

static void it_is_made_for_its_owner_alone(void **state)
{
	struct state_file *transaction;
	struct text text = TEXT_INIT;

	(void)state;
	umask(0);
	assert_int_equal(
		state_file_begin(in_folder(FILE_AT), &transaction, &text, &failure), 0);
	assert_string_equal(text.data, STATE_EMPTY);
	expect_state(STATE_EMPTY);
	state_file_abort(transaction);
	text_free(&text);
	assert_int_equal(mode_of("state") & 07777, 0700);
	assert_int_equal(mode_of("state/of") & 07777, 0700);
	assert_int_equal(mode_of(FILE_AT), S_IFREG | 0600);
	assert_int_equal(write_next(), 0);
	assert_int_equal(mode_of(FILE_AT), S_IFREG | 0600);
	expect_state(NEXT);
}

/* What is called that makes something durable. */
static char trace[256];

static void on_sync(const char *name, int fd, const char *path)
{
	struct stat status;

	(void)path;
	if (strcmp(name, "pwritev2") == 0)
		strcat(trace, " write");
	else if (strcmp(name, "renameat") == 0)
		strcat(trace, " rename");
	else if (strcmp(name, "fsync") == 0)
		strcat(trace, fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)
				      ? " sync-folder"
				      : " sync-file");
}

static const char *trace_of_writing(const char *state, bool keep_locked)
{
	*trace = '\0';
	calls.watch = on_sync;
	calls_arm(0, 0);
	assert_int_equal(write_state(state, keep_locked), 0);
	calls_disarm();
	expect_state(state);
	assert_int_equal(count_entries("state/of"), 1);
	return trace;
}

/* A process may have died after it named the file and before it synced the folder: so the first
 * write in place does that, and no later one, because it sees by the generation that it was
 * done. */
static void one_call_writes_and_syncs(void **state)
{
	ino_t made;

	(void)state;
	assert_int_equal(write_next(), 0);
	remove_file();
	put_file(FILE_AT, NEXT, 0600);
	assert_string_equal(trace_of_writing(OTHER, false), " sync-file rename sync-folder");
	made = inode();
	assert_int_equal(size_of_file(), 2 * STATE_SLOT_SIZE_MIN);
	assert_string_equal(trace_of_writing(NEXT, false), " sync-folder write");
	for (unsigned int i = 0; i < 5; i++) {
		assert_string_equal(trace_of_writing(OTHER, false), " write");
		assert_string_equal(trace_of_writing(NEXT, true), " write");
	}
	assert_int_equal(inode(), made);
}

/* The way back is refused: see test_state_slots. */
static void a_state_of_an_earlier_version_is_taken_over(void **state)
{
	ino_t before;

	(void)state;
	assert_int_equal(write_next(), 0);
	remove_file();
	put_file(FILE_AT, NEXT, 0400);
	before = inode();
	expect_state(NEXT);
	assert_int_equal(inode(), before);
	assert_string_equal(text_of(FILE_AT), NEXT);
	assert_int_equal(write_state(OTHER, false), 0);
	expect_state(OTHER);
	assert_int_not_equal(inode(), before);
	assert_int_equal(mode_of(FILE_AT), S_IFREG | 0400);
	assert_int_equal(size_of_file(), 2 * STATE_SLOT_SIZE_MIN);
	/* The text is not believed behind the size that a text may have. */
	remove_file();
	put_file(FILE_AT, NEXT, 0600);
	assert_int_equal(truncate(in_folder(FILE_AT), CREDENTIAL_TEXT_MAX + 1), 0);
	assert_int_equal(write_next(), TOTPGROUP_EUNSAFE);
	assert_non_null(strstr(failure.message, "is longer than 65536 bytes"));
}

static void a_state_that_outgrows_its_slot_gets_larger_ones(void **state)
{
	static char large[CREDENTIAL_TEXT_MAX + 2];
	static const char head[] = "totpgroup-state 1\n\" SECRET "
				   "00112233445566778899aabbccddeeff\n\" RATE_LIMIT";
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(write_next(), 0);
	for (size_t length = 3000; length <= CREDENTIAL_TEXT_MAX; length += 6948) {
		memset(large, '\0', sizeof large);
		memset(large, ' ', length);
		memcpy(large, head, sizeof head - 1);
		memcpy(large + length - 7, "\n\" END\n", 7);
		assert_int_equal(write_state(large, false), 0);
		assert_int_equal(look(&text), 0);
		assert_string_equal(text.data, large);
		text_free(&text);
		assert_int_equal(size_of_file(), 2 * (off_t)state_slot_size(length));
	}
	assert_int_equal(size_of_file(), 2 * STATE_SLOT_SIZE_MAX);
	assert_int_equal(write_next(), 0);
	expect_state(NEXT);
	memset(large, ' ', sizeof large - 1);
	assert_int_equal(write_state(large, false), TOTPGROUP_ESYSTEM);
	assert_int_equal(write_state("", false), TOTPGROUP_ESYSTEM);
	expect_state(NEXT);
}

static void write_file(const char *bytes, size_t length)
{
	FILE *file = fopen(in_folder(FILE_AT), "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(in_folder(FILE_AT), 0600), 0);
}

/* Two slots of these generations, each with its state. */
static void put_slots(int64_t first, const char *state, int64_t second, const char *other)
{
	static char bytes[2 * STATE_SLOT_SIZE_MIN];
	char copy[256];
	struct text text = {.data = copy, .length = 0, .capacity = sizeof copy};

	text.length = strlen(strcpy(copy, state));
	assert_int_equal(state_slot_write(bytes, STATE_SLOT_SIZE_MIN, first, &text), 0);
	text.length = strlen(strcpy(copy, other));
	assert_int_equal(state_slot_write(bytes + STATE_SLOT_SIZE_MIN, STATE_SLOT_SIZE_MIN,
				 second, &text),
		0);
	write_file(bytes, sizeof bytes);
}

static void behind_the_last_generation_the_first_comes_in_a_new_file(void **state)
{
	ino_t before;

	(void)state;
	assert_int_equal(write_next(), 0);
	put_slots(INT64_MAX - 1, NEXT, INT64_MAX - 2, OTHER);
	before = inode();
	assert_int_equal(write_state(OTHER, false), 0);
	assert_int_equal(inode(), before);
	expect_state(OTHER);
	assert_int_equal(write_state(NEXT, false), 0);
	assert_int_not_equal(inode(), before);
	expect_state(NEXT);
	assert_string_equal(trace_of_writing(OTHER, false), " sync-folder write");
}

/* It is never taken for a new one, and stays as it is. */
static void a_file_without_a_whole_slot_refuses(void **state)
{
	static char bytes[2 * STATE_SLOT_SIZE_MIN];
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(write_next(), 0);
	write_file(bytes, sizeof bytes);
	assert_int_equal(look(&text), TOTPGROUP_EFORMAT);
	assert_non_null(strstr(failure.message, "neither of its two slots is whole"));
	assert_int_equal(text.length, 0);
	assert_int_equal(write_next(), TOTPGROUP_EFORMAT);
	put_slots(7, NEXT, 7, OTHER);
	assert_int_equal(write_next(), TOTPGROUP_EFORMAT);
	assert_int_equal(truncate(in_folder(FILE_AT), STATE_SLOT_SIZE_MIN), 0);
	assert_int_equal(write_next(), TOTPGROUP_EFORMAT);
	assert_int_equal(link(in_folder(FILE_AT), in_folder("state/of/other")), 0);
	assert_int_equal(write_next(), TOTPGROUP_EUNSAFE);
	assert_non_null(strstr(failure.message, "another hard link"));
	assert_int_equal(unlink(in_folder("state/of/other")), 0);
}

/* Looks without a lock before each part of a write. The last parts are blanks that were there
 * before, so that it is complete before them. */
static unsigned int parts;
static unsigned int complete_parts;

static void look_meanwhile(const char *name, int fd, const char *path)
{
	struct text text = TEXT_INIT;
	struct error error = ERROR_INIT;

	(void)fd;
	(void)path;
	if (strcmp(name, "pwritev2") != 0)
		return;
	parts++;
	assert_int_equal(state_file_look(in_folder(FILE_AT), NULL, &text, &error), 0);
	if (complete_parts == 0 && strcmp(text.data, OTHER) != 0)
		complete_parts = parts;
	assert_string_equal(text.data, complete_parts == 0 ? OTHER : NEXT);
	text_free(&text);
}

static void a_reader_sees_a_whole_state_during_a_write(void **state)
{
	(void)state;
	assert_int_equal(write_next(), 0);
	for (size_t part = 1; part <= 41; part += 10) {
		assert_int_equal(write_state(OTHER, false), 0);
		parts = complete_parts = 0;
		calls.watch = look_meanwhile;
		calls.write_at_most = part;
		calls_arm(0, 0);
		assert_int_equal(write_next(), 0);
		calls_reset();
		assert_true(parts >= STATE_SLOT_SIZE_MIN / part);
		assert_true(complete_parts > 2);
		expect_state(NEXT);
	}
}

/* Between two looks both slots were written, and the first look saw neither whole. */
static unsigned int reads;

static void mend_for_second_read(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (strcmp(name, "openat") == 0 && strstr(path, "alice") != NULL && ++reads == 2)
		put_slots(7, NEXT, 6, OTHER);
}

static void a_reader_who_sees_no_whole_slot_looks_again(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(write_next(), 0);
	put_slots(5, NEXT, 5, OTHER);
	reads = 0;
	calls.watch = mend_for_second_read;
	calls_arm(0, 0);
	assert_int_equal(look(&text), 0);
	calls_reset();
	assert_int_equal(reads, 2);
	assert_string_equal(text.data, NEXT);
	text_free(&text);
}

/* What failed, and whether the page cache was told to forget it. */
static bool forgotten;

static void on_forgetting(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (strcmp(name, "posix_fadvise") == 0)
		forgotten = true;
}

/* After a failed sync Linux keeps what was not written as if it were. Nobody is let in, and what
 * is read next is on the disk: it is dropped from memory, and goes to a new file. */
static void a_write_that_the_disk_refuses_is_not_believed(void **state)
{
	ino_t before;

	(void)state;
	for (size_t part = 0; part <= 3000; part += 1000) {
		assert_int_equal(write_state(OTHER, false), 0);
		assert_int_equal(write_state(OTHER, false), 0);
		before = inode();
		forgotten = false;
		calls.watch = on_forgetting;
		calls.only = "pwritev2";
		calls.write_at_most = part;
		calls_arm(1, EIO);
		assert_int_equal(write_next(), TOTPGROUP_ESYSTEM);
		calls_reset();
		assert_int_equal(failure.system_error, EIO);
		assert_true(forgotten);
		assert_int_not_equal(inode(), before);
		expect_state(NEXT);
		assert_int_equal(count_entries("state/of"), 1);
	}
}

static void a_disk_that_refuses_everything_keeps_the_state_before(void **state)
{
	(void)state;
	assert_int_equal(write_next(), 0);
	assert_int_equal(write_state(OTHER, false), 0);
	calls.only = NULL;
	calls.write_at_most = 0;
	calls.watch = on_forgetting;
	forgotten = false;
	/* The write, a look at the name, and the end of the lock are the last three calls. */
	calls_arm(0, 0);
	assert_int_equal(write_state(OTHER, false), 0);
	calls_disarm();
	calls.fail_for = 1000;
	calls_arm(calls.count - 2, EIO);
	assert_int_equal(write_next(), TOTPGROUP_ESYSTEM);
	calls_reset();
	expect_state(OTHER);
	assert_int_equal(count_entries("state/of"), 1);
}

static void a_file_that_can_only_be_replaced_is_replaced(void **state)
{
	static const char *const names[] = {"pwritev2", "openat"};
	static const int errors[] = {EOPNOTSUPP, EROFS};
	ino_t before;

	(void)state;
	for (unsigned int i = 0; i < COUNT(names); i++) {
		assert_int_equal(write_state(OTHER, false), 0);
		assert_int_equal(write_state(OTHER, false), 0);
		before = inode();
		calls.only = names[i];
		/* Of the calls of openat() the second one opens the file, to write to it. */
		calls_arm(i + 1, errors[i]);
		assert_int_equal(write_next(), 0);
		calls_reset();
		assert_int_not_equal(inode(), before);
		expect_state(NEXT);
	}
}

static void a_full_disk_is_told_from_a_broken_one(void **state)
{
	ino_t before;

	(void)state;
	assert_int_equal(write_next(), 0);
	assert_int_equal(write_state(OTHER, false), 0);
	before = inode();
	calls.only = "pwritev2";
	calls_arm(1, ENOSPC);
	assert_int_equal(write_next(), TOTPGROUP_EUNWRITABLE);
	calls_reset();
	assert_int_equal(inode(), before);
	expect_state(OTHER);
}

/* Another program puts a file of its own in place without a lock. */
static const char *exchange_before;

static void exchange(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (exchange_before == NULL || strcmp(name, exchange_before) != 0)
		return;
	exchange_before = NULL;
	put_file("state/of/new", NEXT, 0600);
	assert_int_equal(rename(in_folder("state/of/new"), in_folder(FILE_AT)), 0);
}

static void what_was_written_to_a_file_without_a_name_does_not_count(void **state)
{
	static const char *const moments[] = {"flock", "pwritev2", "fstatat"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(moments); i++) {
		int status;

		assert_int_equal(write_state(OTHER, false), 0);
		assert_int_equal(write_state(OTHER, false), 0);
		exchange_before = moments[i];
		calls.watch = exchange;
		calls_arm(0, 0);
		status = write_state(OTHER, false);
		calls_reset();
		assert_null(exchange_before);
		/* Before the file is locked it is only another one. */
		assert_int_equal(status, i == 1 ? TOTPGROUP_ECONFLICT : 0);
		expect_state(i == 1 ? NEXT : OTHER);
	}
}

static void remove_all(void)
{
	remove_file();
	rmdir(in_folder("state/of"));
	rmdir(in_folder("state"));
}

/* After a failure there is the old text or the new one, and never "no file". */
static unsigned int fail_one_call(bool made, unsigned int k, int error)
{
	const char *text;
	int status;

	remove_all();
	if (made)
		assert_int_equal(write_next(), 0);
	calls_arm(k, error);
	status = write_next();
	calls_disarm();
	text = state_of(FILE_AT);
	assert_int_not_equal(status, TOTPGROUP_ENOTFOUND);
	assert_int_equal(failure.code, status);
	if (status == 0 || made)
		assert_string_equal(text, NEXT);
	else if (strcmp(text, "(none)") != 0 && strcmp(text, NEXT) != 0)
		assert_string_equal(text, STATE_EMPTY);
	return calls.count;
}

static void whatever_fails_leaves_nothing_half(void **state)
{
	static const int errors[] = {EIO, ENOSPC, EROFS, EACCES, ENOENT, ENOMEM, EINTR};

	(void)state;
	for (int made = 0; made < 2; made++)
		for (unsigned int e = 0; e < COUNT(errors); e++) {
			unsigned int k = 1;

			while (fail_one_call(made, k, errors[e]) >= k)
				k++;
			assert_true(k > (made ? 12 : 40));
		}
}

static void what_cannot_be_written_is_told_from_what_is_wrong(void **state)
{
	(void)state;
	calls.only = "mkdir";
	calls.fail_for = 9;
	calls_arm(1, EROFS);
	assert_int_equal(write_next(), TOTPGROUP_EUNWRITABLE);
	calls_reset();
	assert_non_null(strstr(failure.message, "cannot make"));
	put_file("state", "", 0600);
	assert_int_equal(write_next(), TOTPGROUP_ESYSTEM);
	assert_int_equal(failure.system_error, ENOTDIR);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_missing_is_empty_and_stays_missing),
		TEST(it_is_made_for_its_owner_alone),
		TEST(one_call_writes_and_syncs),
		TEST(a_state_of_an_earlier_version_is_taken_over),
		TEST(a_state_that_outgrows_its_slot_gets_larger_ones),
		TEST(behind_the_last_generation_the_first_comes_in_a_new_file),
		TEST(a_file_without_a_whole_slot_refuses),
		TEST(a_reader_sees_a_whole_state_during_a_write),
		TEST(a_reader_who_sees_no_whole_slot_looks_again),
		TEST(a_write_that_the_disk_refuses_is_not_believed),
		TEST(a_disk_that_refuses_everything_keeps_the_state_before),
		TEST(a_file_that_can_only_be_replaced_is_replaced),
		TEST(a_full_disk_is_told_from_a_broken_one),
		TEST(what_was_written_to_a_file_without_a_name_does_not_count),
		TEST(whatever_fails_leaves_nothing_half),
		TEST(what_cannot_be_written_is_told_from_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
