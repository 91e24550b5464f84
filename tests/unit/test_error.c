/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <errno.h>
#include <wchar.h>

#include "base/error.h"
#include "totpgroup.h"

static void an_error_begins_empty(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(error.code, 0);
	assert_int_equal(error.system_error, 0);
	assert_string_equal(error.message, "");
}

static void code_and_message_are_set(void **state)
{
	struct error error = {1, 2, "old"};

	(void)state;
	errno = EINTR;
	assert_int_equal(error_set(&error, TOTPGROUP_EFORMAT, "line %d of %s", 7, "file"),
		TOTPGROUP_EFORMAT);
	assert_int_equal(errno, EINTR);
	assert_int_equal(error.code, TOTPGROUP_EFORMAT);
	assert_int_equal(error.system_error, 0);
	assert_string_equal(error.message, "line 7 of file");
}

static void a_system_error_is_recorded(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_set_system(&error, TOTPGROUP_ESYSTEM, "cannot open %s", "x"),
		TOTPGROUP_ESYSTEM);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(error.code, TOTPGROUP_ESYSTEM);
	assert_int_equal(error.system_error, ENOENT);
	assert_string_equal(error.message, "cannot open x: No such file or directory");
}

/* Every length around the size of the buffer, with a guard behind it. */
static void long_messages_are_cut(void **state)
{
	struct {
		struct error error;
		char guard[16];
	} guarded;
	char argument[2 * sizeof guarded.error.message];

	(void)state;
	for (size_t length = 0; length < sizeof argument; length++) {
		size_t kept = sizeof guarded.error.message - 1;

		memset(&guarded, 'G', sizeof guarded);
		memset(argument, 'a', length);
		argument[length] = '\0';
		errno = EIO;
		if (length % 2 == 0)
			error_set_system(&guarded.error, TOTPGROUP_ESYSTEM, "%s", argument);
		else
			error_set(&guarded.error, TOTPGROUP_ESYSTEM, "%s", argument);
		if (length < kept)
			kept = length;
		assert_memory_equal(guarded.error.message, argument, kept);
		assert_in_range(
			strlen(guarded.error.message), kept, sizeof guarded.error.message - 1);
		for (size_t i = 0; i < sizeof guarded.guard; i++)
			assert_int_equal(guarded.guard[i], 'G');
	}
}

static void control_characters_are_replaced(void **state)
{
	struct error error = ERROR_INIT;
	char expected[2] = "";

	(void)state;
	for (int c = 1; c < 256; c++) {
		bool control = c < 0x20 || c == 0x7f;

		error_set(&error, TOTPGROUP_EUNSAFE, "%c", c);
		expected[0] = control ? '?' : (char)c;
		assert_string_equal(error.message, expected);
		errno = EACCES;
		error_set_system(&error, TOTPGROUP_EUNSAFE, "%c", c);
		assert_int_equal(error.message[0], expected[0]);
	}
	error_set(&error, TOTPGROUP_EUNSAFE, "a\nb\r\033[2Jc\td");
	assert_string_equal(error.message, "a?b??[2Jc?d");
}

/* No locale was set, so printf cannot encode this character, and sets errno. */
static void a_message_that_cannot_be_printed_is_replaced(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	errno = ENOENT;
	error_set(&error, TOTPGROUP_ESYSTEM, "secret %lc", (wint_t)0x20ac);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.message, "an error whose message could not be put together");
	error_set_system(&error, TOTPGROUP_ESYSTEM, "secret %lc", (wint_t)0x20ac);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(error.system_error, ENOENT);
	assert_string_equal(error.message, "an error whose message could not be put together"
					   ": No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_begins_empty),
		cmocka_unit_test(code_and_message_are_set),
		cmocka_unit_test(a_system_error_is_recorded),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(control_characters_are_replaced),
		cmocka_unit_test(a_message_that_cannot_be_printed_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
