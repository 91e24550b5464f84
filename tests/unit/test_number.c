/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include "base/number.h"

#define UNTOUCHED 4711

struct number_case {
	const char *digits;
	int64_t minimum;
	int64_t maximum;
	bool accepted;
	int64_t value;
};

static const struct number_case number_cases[] = {
	{"0", 0, 9, true, 0},
	{"7", 0, 9, true, 7},
	{"007", 0, 9, true, 7},
	{"00000000000000000000000000000007", 0, 9, true, 7},
	{"10", 0, 9, false, 0},
	{"1", 2, 9, false, 0},
	{"2", 2, 9, true, 2},
	{"9", 2, 9, true, 9},
	{"", 0, 9, false, 0},
	{"", -9, 9, false, 0},
	{"-", -9, 9, false, 0},
	{"--1", -9, 9, false, 0},
	{"-1", 0, 9, false, 0},
	{"-0", 0, 9, false, 0},
	{"-1", -9, 9, true, -1},
	{"-0", -9, 9, true, 0},
	{"-007", -9, 9, true, -7},
	{"-10", -9, 9, false, 0},
	{"5", -9, -1, false, 0},
	{"+1", -9, 9, false, 0},
	{" 1", -9, 9, false, 0},
	{"1 ", -9, 9, false, 0},
	{"1\n", -9, 9, false, 0},
	{"1-", -9, 9, false, 0},
	{"0x1", -9, 9, false, 0},
	{"1e0", -9, 9, false, 0},
	{"1.0", -9, 9, false, 0},
	{"/", 0, 99, false, 0},
	{":", 0, 99, false, 0},
	{"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
	{"00009223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
	{"9223372036854775806", INT64_MIN, INT64_MAX, true, INT64_MAX - 1},
	{"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
	{"9223372036854775810", INT64_MIN, INT64_MAX, false, 0},
	{"92233720368547758070", INT64_MIN, INT64_MAX, false, 0},
	{"18446744073709551616", INT64_MIN, INT64_MAX, false, 0},
	{"18446744073709551617", INT64_MIN, INT64_MAX, false, 0},
	{"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
	{"-9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MIN + 1},
	{"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
	{"-18446744073709551616", INT64_MIN, INT64_MAX, false, 0},
	{"9223372036854775807", 0, INT64_MAX - 1, false, 0},
	{"-9223372036854775808", INT64_MIN + 1, 0, false, 0},
};

static void decimal_numbers_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(number_cases); i++) {
		const struct number_case *c = &number_cases[i];
		int64_t value = UNTOUCHED;
		bool accepted = number_parse(
			c->digits, strlen(c->digits), c->minimum, c->maximum, &value);

		if (accepted != c->accepted)
			fail_msg("'%s' was %s", c->digits, accepted ? "accepted" : "refused");
		assert_true(value == (c->accepted ? c->value : UNTOUCHED));
	}
}

/* Every byte value but a digit is refused at the start, inside and at the end. */
static void only_digits_are_accepted(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		for (size_t position = 0; position < 3; position++) {
			char digits[3] = {'1', '1', '1'};
			int64_t value;
			uint32_t octal;
			bool sign = c == '-' && position == 0;

			digits[position] = (char)c;
			assert_int_equal(number_parse(digits, 3, -999, 999, &value),
				sign || (c >= '0' && c <= '9'));
			assert_int_equal(number_parse_octal(digits, 3, 0777, &octal),
				c >= '0' && c <= '7');
		}
	}
}

static void no_byte_behind_the_length_is_read(void **state)
{
	int64_t value = UNTOUCHED;
	uint32_t octal;

	(void)state;
	assert_true(number_parse("1234x", 4, 0, INT64_MAX, &value));
	assert_int_equal(value, 1234);
	assert_false(number_parse("1", 0, 0, INT64_MAX, &value));
	assert_true(number_parse_octal("6009", 3, 07777, &octal));
	assert_int_equal(octal, 0600);
	assert_false(number_parse_octal("6", 0, 07777, &octal));
}

static void random_numbers_come_back(void **state)
{
	struct test_random random = test_random_begin();
	char digits[32];

	(void)state;
	for (unsigned int i = 0; i < test_rounds(20000); i++) {
		unsigned int shift = (unsigned int)test_random_below(&random, 64);
		int64_t expected = (int64_t)test_random_next(&random) >> shift;
		int64_t value;
		int length = snprintf(digits, sizeof digits, "%" PRId64, expected);

		assert_true(number_parse(digits, (size_t)length, INT64_MIN, INT64_MAX, &value));
		assert_true(value == expected);
		assert_true(number_parse(digits, (size_t)length, expected < 0 ? expected : 0,
			expected < 0 ? 0 : expected, &value));
		assert_int_equal(number_parse(digits, (size_t)length, 0, INT64_MAX, &value),
			expected >= 0);
	}
}

static void octal_numbers_have_a_limit(void **state)
{
	uint32_t value = UNTOUCHED;

	(void)state;
	assert_false(number_parse_octal("", 0, UINT32_MAX, &value));
	assert_false(number_parse_octal("-1", 2, UINT32_MAX, &value));
	assert_false(number_parse_octal("1000", 4, 0777, &value));
	assert_false(number_parse_octal("40000000000", 11, UINT32_MAX, &value));
	assert_false(number_parse_octal("77777777777", 11, UINT32_MAX, &value));
	assert_false(number_parse_octal("400000000000", 12, UINT32_MAX, &value));
	assert_int_equal(value, UNTOUCHED);
	assert_true(number_parse_octal("0777", 4, 0777, &value));
	assert_int_equal(value, 0777);
	assert_true(number_parse_octal("0", 1, 0, &value));
	assert_int_equal(value, 0);
	assert_true(number_parse_octal("0037777777777", 13, UINT32_MAX, &value));
	assert_true(value == UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimal_numbers_are_read_strictly),
		cmocka_unit_test(only_digits_are_accepted),
		cmocka_unit_test(no_byte_behind_the_length_is_read),
		cmocka_unit_test(random_numbers_come_back),
		cmocka_unit_test(octal_numbers_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
