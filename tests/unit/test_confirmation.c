/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which codes confirm a new credential, and the remarks about the others. */

#include "config.h"

#include "core/confirmation.h"

#include "message/enrollment_text.h"
#include "test_support.h"
#include "totpgroup.h"

/* RFC 6238, appendix B: the key of the SHA-1 rows, and the code of 59 seconds,
 * which is in step 1. */
#define KEY	    "12345678901234567890"
#define CODE_STEP_1 "287082"

static struct new_credential rfc_credential(void)
{
	struct new_credential credential = NEW_CREDENTIAL_DEFAULT;

	memcpy(credential.key, KEY, strlen(KEY));
	credential.key_length = strlen(KEY);
	return credential;
}

static struct confirmation judge(const char *typed, int64_t now)
{
	struct new_credential credential = rfc_credential();
	struct confirmation confirmation;
	struct error error = ERROR_INIT;

	assert_int_equal(confirmation_judge(&credential, typed, now, &confirmation, &error), 0);
	assert_int_equal(error.code, 0);
	return confirmation;
}

static const char *remark_on(const char *typed, int64_t now)
{
	static char remark[256];
	struct new_credential credential = rfc_credential();
	struct confirmation confirmation = judge(typed, now);
	struct text text = TEXT_INIT;

	assert_int_equal(enrollment_append_wrong_code(&credential, &confirmation, &text), 0);
	snprintf(remark, sizeof remark, "%s", text.data != NULL ? text.data : "");
	text_free(&text);
	return remark;
}

static void a_code_is_right_in_its_step_and_beside_it(void **state)
{
	static const struct {
		int64_t now;
		enum confirmation_verdict verdict;
		int64_t offset;
	} cases[] = {
		{59, CONFIRMATION_RIGHT, 0},
		{30, CONFIRMATION_RIGHT, 0},
		{0, CONFIRMATION_RIGHT, 30},
		{89, CONFIRMATION_RIGHT, -30},
		{90, CONFIRMATION_OTHER_TIME, -31},
		{1501 * 30 + 29, CONFIRMATION_OTHER_TIME, 59 - (1501 * 30 + 29)},
		{1502 * 30, CONFIRMATION_WRONG, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct confirmation confirmation = judge(CODE_STEP_1, cases[i].now);

		assert_int_equal(confirmation.verdict, cases[i].verdict);
		assert_int_equal(confirmation.offset, cases[i].offset);
		if (cases[i].verdict != CONFIRMATION_WRONG)
			assert_int_equal(confirmation.step, 1);
	}
}

static void blanks_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(judge(" 287 082\t", 59).verdict, CONFIRMATION_RIGHT);
}

static void another_number_of_digits_is_no_code(void **state)
{
	static const char *const typed[] = {"", " ", "28708", "2870820", "28708x", "-87082",
		"287082287082287082287082287082287082287082287082287082287082287082287082"};

	(void)state;
	for (size_t i = 0; i < COUNT(typed); i++)
		assert_int_equal(judge(typed[i], 59).verdict, CONFIRMATION_NO_CODE);
}

static void each_verdict_has_its_remark(void **state)
{
	(void)state;
	assert_string_equal(remark_on(CODE_STEP_1, 59), "");
	assert_string_equal(remark_on("12345", 59), "A code has six digits.\n");
	assert_string_equal(remark_on(CODE_STEP_1, 120),
		"This code belongs to another time.\n"
		"Your phone's clock is 61 s behind: set it to automatic time.\n");
	assert_string_equal(remark_on(CODE_STEP_1, 179),
		"This code belongs to another time.\n"
		"Your phone's clock is 2 min behind: set it to automatic time.\n");
	assert_non_null(strstr(remark_on("000000", 59), "This code is wrong."));
}

static void an_impossible_clock_is_an_error(void **state)
{
	static const int64_t times[] = {-1, INT64_MIN, INT64_MAX};
	struct new_credential credential = rfc_credential();

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct confirmation confirmation = {.verdict = CONFIRMATION_RIGHT};
		struct error error = ERROR_INIT;

		assert_int_equal(confirmation_judge(&credential, CODE_STEP_1, times[i],
					 &confirmation, &error),
			TOTPGROUP_ESYSTEM);
		assert_int_equal(confirmation.verdict, CONFIRMATION_WRONG);
		assert_int_equal(error.code, TOTPGROUP_ESYSTEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_is_right_in_its_step_and_beside_it),
		cmocka_unit_test(blanks_do_not_count),
		cmocka_unit_test(another_number_of_digits_is_no_code),
		cmocka_unit_test(each_verdict_has_its_remark),
		cmocka_unit_test(an_impossible_clock_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
