/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <wchar.h>

#include "base/text.h"
#include "totpgroup.h"

static void assert_text(const struct text *text, const char *expected)
{
	assert_int_equal(text->length, strlen(expected));
	assert_string_equal(text->data, expected);
	assert_true(text->capacity > text->length);
}

static void a_text_begins_and_ends_empty(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	text_free(&text);
	assert_null(text.data);
	assert_int_equal(text_append(&text, "", 0), 0);
	assert_text(&text, "");
	assert_int_equal(text_append(&text, NULL, 0), 0);
	assert_text(&text, "");
	assert_int_equal(text_append(&text, "abc", 2), 0);
	assert_text(&text, "ab");
	text_free(&text);
	assert_null(text.data);
	assert_int_equal(text.length, 0);
	assert_int_equal(text.capacity, 0);
}

static void formatted_text_is_appended(void **state)
{
	struct text text = TEXT_INIT;
	char expected[5000];

	(void)state;
	assert_int_equal(text_append_format(&text, "%s-%d", "a", 7), 0);
	assert_text(&text, "a-7");
	assert_int_equal(text_append_format(&text, "%s", ""), 0);
	assert_text(&text, "a-7");
	/* An argument may be the text itself. */
	assert_int_equal(text_append_format(&text, "[%s]", text.data), 0);
	assert_text(&text, "a-7[a-7]");
	assert_int_equal(text_append_format(&text, "%04000d", 5), 0);
	snprintf(expected, sizeof expected, "a-7[a-7]%04000d", 5);
	assert_text(&text, expected);
	text_free(&text);
}

static void a_format_that_cannot_be_printed_is_an_error(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(text_append(&text, "kept", 4), 0);
	/* No locale was set, so this character cannot be encoded. */
	assert_int_equal(
		text_append_format(&text, "x%lc", (wint_t)0x20ac), TOTPGROUP_EARGUMENT);
	assert_text(&text, "kept");
	text_free(&text);
}

static void a_splice_outside_is_refused(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(text_splice(&text, 1, 0, "x", 1), TOTPGROUP_EARGUMENT);
	assert_int_equal(text_splice(&text, 0, 1, "x", 1), TOTPGROUP_EARGUMENT);
	assert_null(text.data);
	assert_int_equal(text_append(&text, "abcdef", 6), 0);
	assert_int_equal(text_splice(&text, 7, 0, "x", 1), TOTPGROUP_EARGUMENT);
	assert_int_equal(text_splice(&text, 6, 1, "x", 1), TOTPGROUP_EARGUMENT);
	assert_int_equal(text_splice(&text, 2, 5, "x", 1), TOTPGROUP_EARGUMENT);
	assert_int_equal(text_splice(&text, 2, SIZE_MAX, "x", 1), TOTPGROUP_EARGUMENT);
	assert_int_equal(text_splice(&text, SIZE_MAX, 2, "x", 1), TOTPGROUP_EARGUMENT);
	assert_text(&text, "abcdef");
	text_free(&text);
}

/* No memory can hold these lengths. The data is not read. */
static void impossible_lengths_are_refused(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(text_append(&text, "abcdef", 6), 0);
	assert_int_equal(text_splice(&text, 3, 0, "x", SIZE_MAX), TOTPGROUP_EMEMORY);
	assert_int_equal(text_splice(&text, 3, 0, "x", SIZE_MAX - 6), TOTPGROUP_EMEMORY);
	assert_int_equal(text_splice(&text, 0, 6, "x", SIZE_MAX), TOTPGROUP_EMEMORY);
	assert_text(&text, "abcdef");
	text_free(&text);
}

/* Every offset and every number of removed bytes, for texts and insertions of many
 * lengths, with and without new memory. */
static void a_splice_may_be_anywhere(void **state)
{
	static const char source[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char inserted[80];
	char expected[200];

	(void)state;
	memset(inserted, '#', sizeof inserted);
	for (size_t offset = 0; offset < sizeof source; offset++) {
		for (size_t removed = 0; offset + removed < sizeof source; removed++) {
			for (size_t length = 0; length <= sizeof inserted; length += 8) {
				struct text text = TEXT_INIT;

				assert_int_equal(
					text_append(&text, source, sizeof source - 1), 0);
				assert_int_equal(
					text_splice(&text, offset, removed, inserted, length),
					0);
				snprintf(expected, sizeof expected, "%.*s%.*s%s", (int)offset,
					source, (int)length, inserted,
					source + offset + removed);
				assert_text(&text, expected);
				text_free(&text);
			}
		}
	}
}

struct model {
	size_t length;
	uint8_t bytes[4096];
};

static void model_splice(
	struct model *model, size_t offset, size_t removed, const uint8_t *data, size_t length)
{
	uint8_t old[sizeof model->bytes];
	size_t tail = model->length - offset - removed;

	memcpy(old, model->bytes, model->length);
	memcpy(model->bytes + offset, data, length);
	memcpy(model->bytes + offset + length, old + offset + removed, tail);
	model->length = offset + length + tail;
}

static void random_splices_agree_with_a_model(void **state)
{
	struct test_random random = test_random_begin();
	struct text text = TEXT_INIT;
	struct model model = {0, {0}};
	uint8_t data[128];

	(void)state;
	for (unsigned int i = 0; i < test_rounds(50000); i++) {
		size_t offset = test_random_below(&random, model.length + 1);
		size_t removed = test_random_below(&random, model.length - offset + 1);
		size_t length = test_random_below(&random, sizeof data);

		if (removed > 100)
			removed %= 100;
		if (model.length + length > sizeof model.bytes)
			removed = model.length - offset;
		if (model.length - removed + length > sizeof model.bytes)
			length = 0;
		test_random_fill(&random, data, length);
		assert_int_equal(
			text_splice(&text, offset, removed, (const char *)data, length), 0);
		model_splice(&model, offset, removed, data, length);
		assert_int_equal(text.length, model.length);
		assert_memory_equal(text.data, model.bytes, model.length);
		assert_int_equal(text.data[text.length], '\0');
		assert_true(text.capacity > text.length);
	}
	text_free(&text);
}

/* The bytes behind a shortened text are wiped. */
static void shortening_wipes(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(text_append(&text, "SECRETSECRETSECRET", 18), 0);
	assert_int_equal(text_splice(&text, 1, 16, "x", 1), 0);
	assert_text(&text, "SxT");
	for (size_t i = 3; i <= 18; i++)
		assert_int_equal(text.data[i], '\0');
	text_free(&text);
}

static void numbers_are_those_of_printf(void **state)
{
	static const int64_t numbers[] = {0, 1, -1, 9, 10, -10, 1799999990, 9999999999,
		INT64_MAX, INT64_MIN, INT64_MIN + 1};

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct text text = TEXT_INIT;
		char expected[32];

		snprintf(expected, sizeof expected, "=%" PRId64, numbers[i]);
		assert_int_equal(text_append(&text, "=", 1), 0);
		assert_int_equal(text_append_number(&text, numbers[i]), 0);
		assert_text(&text, expected);
		text_free(&text);
	}
}

static void an_array_of_the_callers_is_left_when_it_is_full(void **state)
{
	char array[8] = "";
	struct text text = TEXT_IN(array);

	(void)state;
	assert_text(&text, "");
	assert_int_equal(text_append_string(&text, "SECRET7"), 0);
	assert_ptr_equal(text.data, array);
	assert_int_equal(text_append(&text, "8", 1), 0);
	assert_ptr_not_equal(text.data, array);
	assert_text(&text, "SECRET78");
	for (size_t i = 0; i < sizeof array; i++)
		assert_int_equal(array[i], '\0');
	text_free(&text);
	assert_null(text.data);
}

static void an_array_of_the_callers_is_wiped(void **state)
{
	char array[8] = "";
	struct text text = TEXT_IN(array);

	(void)state;
	assert_int_equal(text_append_string(&text, "SECRET"), 0);
	text_free(&text);
	assert_null(text.data);
	for (size_t i = 0; i < sizeof array; i++)
		assert_int_equal(array[i], '\0');
}

/* So a text never has a gap. */
static void a_failed_append_ends_all_later_ones(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(text_append_string(&text, "one"), 0);
	assert_int_equal(text_append(&text, "x", SIZE_MAX), TOTPGROUP_EMEMORY);
	assert_int_equal(text_append_string(&text, "two"), TOTPGROUP_EMEMORY);
	assert_int_equal(text_append_format(&text, "%d", 3), TOTPGROUP_EMEMORY);
	assert_int_equal(text.status, TOTPGROUP_EMEMORY);
	assert_text(&text, "one");
	text_free(&text);
	assert_int_equal(text.status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_begins_and_ends_empty),
		cmocka_unit_test(formatted_text_is_appended),
		cmocka_unit_test(a_format_that_cannot_be_printed_is_an_error),
		cmocka_unit_test(a_splice_outside_is_refused),
		cmocka_unit_test(impossible_lengths_are_refused),
		cmocka_unit_test(a_splice_may_be_anywhere),
		cmocka_unit_test(random_splices_agree_with_a_model),
		cmocka_unit_test(shortening_wipes),
		cmocka_unit_test(numbers_are_those_of_printf),
		cmocka_unit_test(an_array_of_the_callers_is_left_when_it_is_full),
		cmocka_unit_test(an_array_of_the_callers_is_wiped),
		cmocka_unit_test(a_failed_append_ends_all_later_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
