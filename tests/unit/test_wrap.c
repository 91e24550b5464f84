/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <locale.h>

#include "cli/ui/wrap.h"

#define LONGEST 160

/* Words of a few characters each, of which some are wide and some close or open something. */
static size_t draw_words(struct test_random *random, char *words)
{
	static const char *const characters[] = {" ", " ", " ", "a", "b", "1", "2", ".", "(",
		"\xe6\x97\xa5", "\xe3\x80\x82", "\xde"};
	uint64_t count = test_random_below(random, LONGEST / 4);

	*words = '\0';
	for (uint64_t i = 0; i < count; i++)
		strcat(words, characters[test_random_below(random, COUNT(characters))]);
	return strlen(words);
}

/* What has no blank and no newline. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++)
		if (*from != ' ' && *from != '\n')
			*to++ = *from;
	*to = '\0';
}

static void check_lines(const char *text, size_t column, size_t width)
{
	size_t indent = 0;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n"), shown;

		if (indent > 0)
			assert_true(strspn(text, " ") >= indent);
		assert_true(length > indent || length + indent == 0);
		shown = length;
		while (shown > indent && text[shown - 1] == ' ')
			shown--;
		/* Wider is only what has no place to end at: it has no blank between words. */
		if (words_width_of(text + indent, shown - indent) > width - column)
			assert_null(memmem(text + indent, shown - indent, "a b", 3));
		text += length;
		text += *text == '\n';
		indent = column;
	}
}

/* For each width, down to one column, there is an end, and nothing is lost but blanks. */
static void every_width_has_an_end(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int i = test_rounds(20000); i > 0; i--) {
		size_t width = 1 + (size_t)test_random_below(&random, 80);
		size_t column = (size_t)test_random_below(&random, width);
		char words[LONGEST];
		size_t length = draw_words(&random, words);
		struct text text = TEXT_INIT;

		wrapped_line_append(&text, words, length, column, width);
		assert_int_equal(text.status, 0);
		if (text.length > 0) {
			check_lines(text.data, column, width);
			squeeze(text.data);
			squeeze(words);
			assert_string_equal(text.data, words);
		}
		text_free(&text);
	}
}

static void a_number_stays_with_its_unit(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(wrapped_text_append(&text, "wait for 30 seconds", 0, 12), 0);
	assert_string_equal(text.data, "wait for\n30 seconds\n");
	text_free(&text);
}

static void a_number_alone_in_one_column_ends_the_line(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(wrapped_text_append(&text, "2 3", 71, 72), 0);
	assert_memory_equal(text.data, "2\n", 2);
	text_free(&text);
}

static void assert_wrapped(const char *words, size_t width, const char *expected)
{
	struct text text = TEXT_INIT;

	assert_int_equal(wrapped_text_append(&text, words, 0, width), 0);
	assert_string_equal(text.data, expected);
	text_free(&text);
}

/* Wide letters may end a line, but not where a mark would stand alone. */
static void marks_stay_with_their_words(void **state)
{
	(void)state;
	assert_wrapped("日本語日本", 6, "日本語\n日本\n");
	assert_wrapped("日本語。日本", 6, "日本\n語。日\n本\n");
	assert_wrapped("日本（日本", 6, "日本\n（日本\n");
	assert_wrapped("日本3語語", 6, "日本\n3語語\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_width_has_an_end),
		cmocka_unit_test(a_number_stays_with_its_unit),
		cmocka_unit_test(marks_stay_with_their_words),
		cmocka_unit_test(a_number_alone_in_one_column_ends_the_line),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
