/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include "allocation.h"
#include "core/emergency.h"

static void assert_left(const char *text, unsigned int expected)
{
	totpgroup_credential *credential = load(text);
	unsigned int left = emergency_codes_left(credential);

	if (left != expected)
		fail_msg("%u codes left, not %u, in \"%s\"", left, expected, text);
	totpgroup_credential_free(credential);
}

static void a_code_is_eight_digits_on_a_line(void **state)
{
	(void)state;
	assert_left("S\n12345678\n", 1);
	assert_left("S\n12345678", 1);
	assert_left("S\n12345678\r\n", 1);
	assert_left("S\n12345678\r", 1);
	assert_left("S\n10000000\n99999999\n", 2);
	assert_left("S\n \t\v\f12345678\n", 1);
	assert_left("S\n+12345678\n", 1);
	assert_left("S\n  +12345678\n", 1);
	assert_left("S\n012345678\n", 1);
	assert_left("S\n +00012345678\n", 1);

	assert_left("S\n02345678\n", 0);
	assert_left("S\n1234567\n", 0);
	assert_left("S\n123456789\n", 0);
	assert_left("S\n12345678 \n", 0);
	assert_left("S\n12345678\t\r\n", 0);
	assert_left("S\n12345678x\n", 0);
	assert_left("S\n1234 5678\n", 0);
	assert_left("S\n-12345678\n", 0);
	assert_left("S\n++12345678\n", 0);
	assert_left("S\n+ 12345678\n", 0);
	assert_left("S\n0+12345678\n", 0);
	assert_left("S\n\xd9\xa1"
		    "2345678\n",
		0);
}

static void a_foreign_line_ends_the_list(void **state)
{
	(void)state;
	assert_left("S", 0);
	assert_left("S\n", 0);
	assert_left("S12345678\n", 0);
	assert_left("12345678\n", 0);
	assert_left("12345678\n23456789\n", 1);
	assert_left("S\r12345678\n", 0);
	assert_left("S\n\n\r\n\r12345678\r\n\r\n23456789\n\n", 2);
	assert_left("S\n12345678\n\" KEY x\n23456789\n\"\n34567890\n", 3);
	assert_left("S\n12345678\n\"no option at all\n23456789\n", 2);
	assert_left("S\n12345678\n\" KEY x\r23456789\n34567890\n", 2);

	assert_left("S\n12345678\ngarbage\n23456789\n", 1);
	assert_left("S\n12345678\n \" KEY x\n23456789\n", 1);
	assert_left("S\n12345678\n# comment\n23456789\n", 1);
	assert_left("S\n12345678\n23456789 \n34567890\n", 1);
	assert_left("S\ngarbage\n12345678\n", 0);
}

/* A line of blanks is skipped only before a code. */
static void lines_of_blanks_are_skipped_before_a_code(void **state)
{
	(void)state;
	assert_left("S\n  \n12345678\n", 1);
	assert_left("S\n12345678\n \r\n\t\n\n 23456789\n", 2);
	assert_left("S\n \n+12345678\n", 1);
	assert_left("S\n12345678\n \n", 1);
	assert_left("S\n \n", 0);
	assert_left("S\n \n\" KEY x\n12345678\n", 0);
	assert_left("S\n \ngarbage\n12345678\n", 0);
}

static void assert_spent(const char *before, const char *code, const char *after)
{
	totpgroup_credential *credential = load(before);
	bool found;

	assert_int_equal(emergency_code_spend(credential, code, &found), 0);
	assert_credential(credential, after);
	assert_int_equal(found, strcmp(before, after) != 0);
	totpgroup_credential_free(credential);
}

static void a_code_is_spent_with_its_line(void **state)
{
	(void)state;
	assert_spent("S\n12345678\n", "12345678", "S\n");
	assert_spent("S\n12345678", "12345678", "S\n");
	assert_spent("S\r\n12345678\r\nx", "12345678", "S\r\nx");
	assert_spent("S\n12345678\rx", "12345678", "S\nx");
	assert_spent(
		"S\n11111111\n22222222\n33333333\n", "22222222", "S\n11111111\n33333333\n");
	assert_spent("S\n11111111\n22222222\n33333333", "33333333", "S\n11111111\n22222222\n");
	assert_spent("S\n\" A\n +011111111\n\n\" B\n22222222\n", "11111111",
		"S\n\" A\n\n\" B\n22222222\n");
	/* Each line is good for one use. */
	assert_spent("S\n11111111\n11111111\n", "11111111", "S\n11111111\n");
	/* Blank lines before it are removed, too, because a foreign line would end the
	 * list. */
	assert_spent("S\n \n11111111\n\" A\n22222222\n", "11111111", "S\n\" A\n22222222\n");
	/* No valid code matches. */
	assert_spent("S\n11111111\n", "22222222", "S\n11111111\n");
	assert_spent("S\n11111111\n", "11111112", "S\n11111111\n");
	assert_spent("S\n11111111\n", "21111111", "S\n11111111\n");
	assert_spent("S\n01111111\n", "01111111", "S\n01111111\n");
	assert_spent("S\nx\n11111111\n", "11111111", "S\nx\n11111111\n");
	assert_spent("11111111\n", "11111111", "11111111\n");
	assert_spent("S\n", "11111111", "S\n");
}

/* One wrong digit is enough for a refusal. */
static void every_digit_counts(void **state)
{
	static const char text[] = "S\n12345678\n";

	(void)state;
	for (size_t i = 0; i < EMERGENCY_CODE_LENGTH; i++)
		for (char digit = '0'; digit <= '9'; digit++) {
			char code[] = "12345678";

			code[i] = digit;
			assert_spent(text, code, strcmp(code, "12345678") == 0 ? "S\n" : text);
		}
}

static void spending_needs_no_memory(void **state)
{
	totpgroup_credential *credential = load("S\n12345678\n");
	bool found;

	(void)state;
	allocation_to_fail = 1;
	assert_int_equal(emergency_code_spend(credential, "12345678", &found), 0);
	assert_int_equal(allocation_to_fail, 1);
	allocation_to_fail = 0;
	assert_true(found);
	totpgroup_credential_free(credential);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_is_eight_digits_on_a_line),
		cmocka_unit_test(a_foreign_line_ends_the_list),
		cmocka_unit_test(lines_of_blanks_are_skipped_before_a_code),
		cmocka_unit_test(a_code_is_spent_with_its_line),
		cmocka_unit_test(every_digit_counts),
		cmocka_unit_test(spending_needs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
