/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "core/typed.h"
#include "test_support.h"

static void expect_end(const char *text, const char *end)
{
	const char *found = typed_end(text);

	if (end == NULL) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, end);
	assert_ptr_equal(found, text + strlen(text) - strlen(end));
}

static void the_end_has_all_digits_that_may_be_a_code(void **state)
{
	(void)state;
	expect_end("password123456", "123456");
	expect_end("password1234567", "1234567");
	expect_end("password12345678", "12345678");
	expect_end("password0012345678", "12345678");
	expect_end("123456", "123456");
	expect_end("12345678901234567890", "34567890");
	expect_end("\xc3\xa9"
		   "123456",
		"123456");
}

static void a_written_emergency_code_is_an_end(void **state)
{
	(void)state;
	expect_end("password7K3M-Q9TD-X2HA-P5VW", "7K3M-Q9TD-X2HA-P5VW");
	expect_end("7k3m-q9td-x2ha-p5vw", "7k3m-q9td-x2ha-p5vw");
	expect_end("7K3M-Q9TD-X2HA-1234", "7K3M-Q9TD-X2HA-1234");
	/* Without its dashes, it may be a part of the password. */
	expect_end("password7K3MQ9TDX2HAP5VW", NULL);
	expect_end("K3M-Q9TD-X2HA-P5VW", NULL);
	expect_end("password 7K3M-Q9TD-X2HA 123456", "123456");
}

static void any_other_text_is_a_password(void **state)
{
	static const char *const texts[] = {"", "password", "12345", "password12345", "123456 ",
		"123 456", "123456x", "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		expect_end(texts[i], NULL);
}

static void expect_code(const char *text, const char *code, bool password)
{
	struct typed typed;
	const char *digits;

	typed_read(&typed, text, password);
	digits = typed_digits(&typed, 6);
	if (code == NULL)
		assert_null(digits);
	else
		assert_string_equal(digits, code);
}

static void blanks_are_no_part_of_a_code(void **state)
{
	static const char *const texts[] = {"123456", "123 456", " 123456 ", "123\t456",
		"123456\r", "123456\r\n", "\n123456",
		"123\xc2\xa0"
		"456",
		"123\xe2\x80\xaf"
		"456\xc2\xa0",
		"123\xe2\x80\x87"
		"456"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		expect_code(texts[i], "123456", false);
	/* Half of a blank, and other characters, are. */
	expect_code("123\xc2"
		    "456",
		NULL, false);
	expect_code("123456\xe2\x80", NULL, false);
	expect_code("123.456", NULL, false);
	/* A password may end with one. */
	expect_code("123 456", NULL, true);
	expect_code("word\xc2\xa0"
		    "123456",
		"123456", true);
	expect_code("123456\r", NULL, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks_are_no_part_of_a_code),
		cmocka_unit_test(the_end_has_all_digits_that_may_be_a_code),
		cmocka_unit_test(a_written_emergency_code_is_an_end),
		cmocka_unit_test(any_other_text_is_a_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
