/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "temporary_folder.h"
#include "test_support.h"

#include "../fault/system_calls.h"
#include "core/state.h"
#include "store/state_file.h"
#include "totpgroup.h"

#define FILE_AT "state/of/alice"
#define NEXT	"totpgroup-state 1\n\" SECRET 00112233445566778899aabbccddeeff\n\" END\n"

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
	return state_file_look(in_folder(FILE_AT), text, &failure);
}

static int write_next(void)
{
	struct locked_file *transaction;
	struct text text = TEXT_INIT, next = {(char[]){NEXT}, strlen(NEXT), sizeof NEXT, 0};
	int status;

	failure = (struct error)ERROR_INIT;
	status = state_file_begin(in_folder(FILE_AT), &transaction, &text, &failure);
	text_free(&text);
	return status != 0 ? status : locked_file_commit(&transaction, &next, false, &failure);
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
	struct locked_file *transaction;
	struct text text = TEXT_INIT;

	(void)state;
	umask(0);
	assert_int_equal(
		state_file_begin(in_folder(FILE_AT), &transaction, &text, &failure), 0);
	assert_string_equal(text.data, STATE_EMPTY);
	assert_string_equal(text_of(FILE_AT), STATE_EMPTY);
	locked_file_abort(transaction);
	text_free(&text);
	assert_int_equal(mode_of("state") & 07777, 0700);
	assert_int_equal(mode_of("state/of") & 07777, 0700);
	assert_int_equal(mode_of(FILE_AT), S_IFREG | 0600);
	assert_int_equal(write_next(), 0);
	assert_string_equal(text_of(FILE_AT), NEXT);
	assert_int_equal(mode_of(FILE_AT), S_IFREG | 0600);
	assert_int_equal(look(&text), 0);
	assert_string_equal(text.data, NEXT);
	text_free(&text);
}

static void remove_all(void)
{
	unlink(in_folder(FILE_AT));
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
	text = text_of(FILE_AT);
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
			assert_true(k > (made ? 20 : 40));
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
		TEST(whatever_fails_leaves_nothing_half),
		TEST(what_cannot_be_written_is_told_from_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
