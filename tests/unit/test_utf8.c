/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "base/utf8.h"

static void assert_length(const char *text, size_t length)
{
	if (utf8_length(text) != length)
		fail_msg("%zu, not %zu", utf8_length(text), length);
}

/* The first and the last character of each length, and invalid bytes beside them (RFC
 * 3629). */
static void each_character_has_its_length(void **state)
{
	(void)state;
	assert_length("", 0);
	assert_length("\x01", 1);
	assert_length("\x7f", 1);
	assert_length("\x80", 0);
	assert_length("\xbf", 0);
	assert_length("\xc1\xbf", 0);
	assert_length("\xc2\x80", 2);
	assert_length("\xdf\xbf", 2);
	assert_length("\xe0\x9f\xbf", 0);
	assert_length("\xe0\xa0\x80", 3);
	assert_length("\xed\x9f\xbf", 3);
	assert_length("\xed\xa0\x80", 0);
	assert_length("\xee\x80\x80", 3);
	assert_length("\xef\xbf\xbf", 3);
	assert_length("\xf0\x8f\xbf\xbf", 0);
	assert_length("\xf0\x90\x80\x80", 4);
	assert_length("\xf4\x8f\xbf\xbf", 4);
	assert_length("\xf4\x90\x80\x80", 0);
	assert_length("\xf5\x80\x80\x80", 0);
	assert_length("\xff", 0);
}

static void a_cut_character_has_no_length(void **state)
{
	(void)state;
	assert_length("\xc3", 0);
	assert_length("\xc3\xc3", 0);
	assert_length("\xe2\x82", 0);
	assert_length("\xe2\x82\x41", 0);
	assert_length("\xe2\x41\x82", 0);
	assert_length("\xf0\x9f\x98", 0);
	assert_length("\xf0\x9f\x98\x00", 0);
}

static bool shown(const char *character)
{
	return utf8_is_shown(character, utf8_length(character));
}

static void printable_characters_are_shown(void **state)
{
	static const char *const good[] = {" ", "~", "\xc2\xa0", "\xc3\xbc", "\xe2\x82\xac",
		"\xe2\x80\xaf", "\xe2\x81\xa5", "\xe2\x81\xaa", "\xf0\x9f\x98\x80", "\xd7\x90"};
	static const char *const bad[] = {"", "\n", "\x1b", "\x7f", "\xc2\x80", "\xc2\x9f",
		"\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xae",
		"\xe2\x81\xa6", "\xe2\x81\xa9", "\xef\xbb\xbf", "\xff"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		if (!shown(good[i]))
			fail_msg("good character %zu is not shown", i);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (shown(bad[i]))
			fail_msg("bad character %zu is shown", i);
}

static void bytes_that_cannot_be_shown_are_hidden(void **state)
{
	static const struct {
		const char *text, *hidden;
	} cases[] = {
		{"", ""},
		{"Ulmer M\xc3\xbcnster", "Ulmer M\xc3\xbcnster"},
		{"\x1b[31m", "?[31m"},
		/* Terminals treat U+009B like ESC and a bracket, some even the byte
		 * alone. */
		{"a\xc2\x9b\x33\x31m", "a??31m"},
		{"a\x9b", "a?"},
		{"\xe2\x80\xae"
		 "b",
			"???b"},
		{"\xc3", "?"},
		{"\xe2\x82"
		 "c",
			"??c"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[32];

		utf8_copy_shown(text, sizeof text, cases[i].text, strlen(cases[i].text));
		assert_string_equal(text, cases[i].hidden);
	}
}

static void a_copy_is_cut_between_characters(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		const char *copy;
	} cases[] = {
		{"abc", 3, "abc"},
		{"abc", 2, "ab"},
		{"abcd", 4, "abcd"},
		{"abcde", 5, "abcd"},
		{"abc\xc3\xa9", 5, "abc"},
		{"ab\xc3\xa9", 4, "ab\xc3\xa9"},
		{"a\xf0\x9f\x98\x80", 5, "a"},
		{"", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char copy[5];

		utf8_copy_shown(copy, sizeof copy, cases[i].text, cases[i].length);
		assert_string_equal(copy, cases[i].copy);
	}
}

static void every_character_comes_back(void **state)
{
	(void)state;
	for (uint32_t character = 1; character < 0x110100; character++) {
		bool exists =
			character < 0x110000 && (character < 0xd800 || character > 0xdfff);
		char bytes[5] = "";
		size_t length = utf8_write(character, bytes);

		assert_int_equal(length > 0, exists);
		assert_int_equal(length, exists ? strlen(bytes) : 0);
		assert_int_equal(utf8_length(bytes), length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_cut_between_characters),
		cmocka_unit_test(every_character_comes_back),
		cmocka_unit_test(each_character_has_its_length),
		cmocka_unit_test(a_cut_character_has_no_length),
		cmocka_unit_test(printable_characters_are_shown),
		cmocka_unit_test(bytes_that_cannot_be_shown_are_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
