/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two codes in a row that move the counter, as totp-enroll resync judges them. */

#include "config.h"

#include "decide_support.h"

#include "core/resync.h"

static const char *const two[] = {"000000", "111111"};

static int resync_text(const char *text, const char *first, const char *second, bool *found,
	struct error *error)
{
	totpgroup_credential *credential = load(text);
	int64_t behind = 0;
	int status = resync(credential, first, second, found, &behind, error);

	if (!*found)
		assert_credential(credential, text);
	totpgroup_credential_free(credential);
	return status;
}

static void two_codes_in_a_row_move_the_counter(void **state)
{
	totpgroup_credential *credential = load(SECRET "\n\" HOTP_COUNTER 7\n");
	struct error error = ERROR_INIT;
	code_text first = "", second = "";
	int64_t behind = 0;
	bool found = false;

	(void)state;
	put_code(1006, 6, 0, first);
	put_code(1007, 6, 0, second);
	assert_int_equal(resync(credential, first, second, &found, &behind, &error), 0);
	assert_true(found);
	assert_int_equal(behind, 999);
	assert_credential(credential, SECRET "\n\" HOTP_COUNTER 1008\n");
	/* Both are spent. */
	assert_int_equal(resync(credential, first, second, &found, &behind, &error), 0);
	assert_false(found);
	totpgroup_credential_free(credential);
}

static void others_are_not_found(void **state)
{
	struct error error = ERROR_INIT;
	code_text first = "", second = "";
	bool found = true;

	(void)state;
	put_code(1007, 6, 0, first);
	put_code(1008, 6, 0, second);
	assert_int_equal(
		resync_text(SECRET "\n\" HOTP_COUNTER 7\n", first, second, &found, &error), 0);
	assert_false(found);
	put_code(500, 6, 0, first);
	put_code(502, 6, 0, second);
	found = true;
	assert_int_equal(
		resync_text(SECRET "\n\" HOTP_COUNTER 7\n", first, second, &found, &error), 0);
	assert_false(found);
}

static void what_cannot_be_moved_is_refused(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *words;
	} cases[] = {
		{SECRET "\n\" TOTP_AUTH\n", TOTPGROUP_EARGUMENT, "do not change with each use"},
		{SECRET "\n", TOTPGROUP_EARGUMENT, "do not change with each use"},
		{SECRET "\n\" HOTP_COUNTER 0\n", TOTPGROUP_EARGUMENT, "no counter"},
		{SECRET "\n\" HOTP_COUNTER 2305843009213692950\n", TOTPGROUP_EARGUMENT,
			"the counter is at its end"},
		{SECRET "\n\" HOTP_COUNTER 2305843009213693951\n", TOTPGROUP_EARGUMENT,
			"the counter is at its end"},
		{SECRET "\n\" HOTP_COUNTER 7\n\" DIGITS 9\n", TOTPGROUP_EFORMAT,
			"line 3: DIGITS"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error = ERROR_INIT;
		bool found = true;

		assert_int_equal(resync_text(cases[i].text, two[0], two[1], &found, &error),
			cases[i].status);
		assert_false(found);
		assert_non_null(strstr(error.message, cases[i].words));
	}
}

static void what_is_no_code_is_refused(void **state)
{
	static const char *const texts[][2] = {{"12345", "123456"}, {"123456", "12345"},
		{"1234567", "123456"}, {"123456", ""}, {"", "123456"}, {"12345a", "123456"}};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct error error = ERROR_INIT;
		bool found = true;

		assert_int_equal(resync_text(SECRET "\n\" HOTP_COUNTER 7\n", texts[i][0],
					 texts[i][1], &found, &error),
			TOTPGROUP_EARGUMENT);
		assert_false(found);
		assert_string_equal(error.message, "a code has 6 digits");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_codes_in_a_row_move_the_counter),
		cmocka_unit_test(others_are_not_found),
		cmocka_unit_test(what_cannot_be_moved_is_refused),
		cmocka_unit_test(what_is_no_code_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
