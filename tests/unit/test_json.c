/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "base/json.h"
#include "totpgroup.h"

static struct json_value value;

static bool reads(const char *text)
{
	return json_read(text, strlen(text), &value);
}

static void values_of_the_standard_are_read(void **state)
{
	static const struct {
		const char *text;
		enum json_kind kind;
	} right[] = {{"null", JSON_NULL}, {"true", JSON_BOOLEAN}, {"false", JSON_BOOLEAN},
		{" 0 ", JSON_NUMBER}, {"-0.5e+10", JSON_NUMBER}, {"1E2", JSON_NUMBER},
		{"\"\"", JSON_STRING}, {"\"\\u00e9 \\ud83d\\ude00\\/\"", JSON_STRING},
		{"\"\xc3\xa9\x7f\"", JSON_STRING}, {"[]", JSON_ARRAY}, {"[ ]", JSON_ARRAY},
		{"[1,\t2 , [\"x\"]]", JSON_ARRAY}, {"{}", JSON_OBJECT},
		{"{\"a\":1,\"b\":{\"c\":[]}}\r\n", JSON_OBJECT},
		{"[[[[[[[[[[1]]]]]]]]]]", JSON_ARRAY}};

	(void)state;
	for (unsigned int i = 0; i < COUNT(right); i++) {
		if (!reads(right[i].text))
			fail_msg("refused: %s", right[i].text);
		assert_int_equal(value.kind, right[i].kind);
	}
}

static void other_text_is_refused(void **state)
{
	static const char *const wrong[] = {"", " ", "nul", "nulll", "True", "+1", "01", "-",
		"1.", ".5", "1e", "1e+", "0x10", "NaN", "'a'", "\"", "\"a", "\"\\\"", "\"\\x\"",
		"\"\\u12\"", "\"\\u12g4\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
		"\"\\udc00\"", "\"\n\"", "\"\xff\"", "\"\xc3\"", "[", "[1", "[1,", "[1,]",
		"[,1]", "[1 2]", "]", "{", "{}}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
		"{\"a\" 1}", "{1:1}", "{\"a\":1 \"b\":2}", "[1}", "{\"a\":1]", "1 2", "// 1\n1",
		"[[[[[[[[[[[1]]]]]]]]]]]", "\xef\xbb\xbf{}"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(wrong); i++) {
		if (reads(wrong[i]))
			fail_msg("read: %s", wrong[i]);
		assert_int_equal(value.kind, JSON_ABSENT);
	}
	assert_false(json_read("\"a\0b\"", 5, &value));
	assert_false(json_read("1\0", 2, &value));
}

/* Bytes behind the length are not read. */
static void every_beginning_is_refused(void **state)
{
	static const char text[] =
		"{\"a\":[1,-2.5e1,\"x\\u00e9\\n\xc3\xa9\"],\"b\":{\"c\":null,\"d\":true}}";

	(void)state;
	assert_true(reads(text));
	for (size_t length = 0; length < strlen(text); length++) {
		char *copy = malloc(length > 0 ? length : 1);

		assert_non_null(copy);
		memcpy(copy, text, length);
		assert_false(json_read(copy, length, &value));
		free(copy);
	}
}

static void a_member_is_found_by_its_name(void **state)
{
	struct json_value object, member;
	int64_t number;

	(void)state;
	assert_true(reads("{ \"a\" : 1 , \"\\u0062\" : [ 2 ] , \"twice\":1,\"twice\":1}"));
	object = value;
	assert_true(json_member(&object, "a", &member));
	assert_true(json_integer(&member, 0, 9, &number) && number == 1);
	assert_true(json_member(&object, "b", &member));
	assert_int_equal(member.kind, JSON_ARRAY);
	assert_int_equal(member.length, strlen("[ 2 ]"));
	assert_true(json_member(&object, "c", &member));
	assert_int_equal(member.kind, JSON_ABSENT);
	assert_true(json_member(&object, "", &member));
	assert_int_equal(member.kind, JSON_ABSENT);
	assert_false(json_member(&object, "twice", &member));
	assert_int_equal(member.kind, JSON_ABSENT);
	assert_true(reads("[{\"a\":1}]"));
	assert_false(json_member(&value, "a", &member));
	assert_false(json_member(&member, "a", &member));
}

/* Unknown and repeated members are given, too. */
static void members_are_given_in_order(void **state)
{
	static const char *const names[] = {"a", "b", "", "a"};
	struct json_value object, name, member = {JSON_ABSENT, NULL, 0};
	unsigned int count = 0;

	(void)state;
	assert_true(reads("{ \"a\" : {\"x\":1} ,\"\\u0062\":[2 , 3],\"\":null , \"a\":true }"));
	object = value;
	for (; json_next_member(&object, &member, &name, &member); count++)
		assert_true(count < COUNT(names) && json_is(&name, names[count]));
	assert_int_equal(count, COUNT(names));
	assert_int_equal(name.kind, JSON_ABSENT);
	assert_int_equal(member.kind, JSON_ABSENT);
	assert_true(reads("{ }"));
	assert_false(json_next_member(&value, &member, &name, &member));
	assert_true(reads("[\"a\"]"));
	assert_false(json_next_member(&value, &member, &name, &member));
	assert_int_equal(name.kind, JSON_ABSENT);
}

/* Decodes a string over itself, and reads the values behind it. */
static void strings_may_be_decoded_in_place(void **state)
{
	char text[] = "{\"a\\u0062\":\"\",\"c\":\"\\ud83d\\ude00\\n\xc3\xa9\",\"d\":\"whole\"}";
	static const char *const strings_are_decoded[] = {
		"ab", "", "c", "\xf0\x9f\x98\x80\n\xc3\xa9", "d", "whole"};
	struct json_value object, pair[2], before = {JSON_ABSENT, NULL, 0};
	unsigned int count = 0;

	(void)state;
	assert_true(reads(text));
	object = value;
	while (json_next_member(&object, &before, &pair[0], &pair[1])) {
		for (unsigned int i = 0; i < 2; i++, count++) {
			char *place = text + (pair[i].text - text);

			assert_true(count < COUNT(strings_are_decoded));
			assert_true(json_string(&pair[i], place, pair[i].length));
			assert_string_equal(place, strings_are_decoded[count]);
		}
		before = pair[1];
	}
	assert_int_equal(count, COUNT(strings_are_decoded));
}

static void only_true_is_true(void **state)
{
	static const char *const others[] = {"false", "null", "1", "\"true\"", "[true]"};

	(void)state;
	assert_true(reads("true") && json_is_true(&value));
	for (unsigned int i = 0; i < COUNT(others); i++)
		assert_true(reads(others[i]) && !json_is_true(&value));
	value = (struct json_value){JSON_ABSENT, NULL, 0};
	assert_false(json_is_true(&value));
}

static void items_are_given_in_order(void **state)
{
	struct json_value array, item = {JSON_ABSENT, NULL, 0};
	unsigned int count = 0;

	(void)state;
	assert_true(reads("[ \"a\" ,[1, 2],{} ]"));
	array = value;
	assert_true(json_next(&array, &item, &item) && json_is(&item, "a"));
	assert_true(json_next(&array, &item, &item) && item.kind == JSON_ARRAY);
	assert_true(json_next(&array, &item, &item) && item.kind == JSON_OBJECT);
	assert_false(json_next(&array, &item, &item));
	assert_int_equal(item.kind, JSON_ABSENT);
	assert_true(reads("[]"));
	array = value;
	while (json_next(&array, &item, &item))
		count++;
	assert_int_equal(count, 0);
	assert_true(reads("{\"a\":1}"));
	assert_false(json_next(&value, &item, &item));
}

static void strings_are_decoded(void **state)
{
	char buffer[8];

	(void)state;
	assert_true(reads("\"  \\\"\\\\\\/\\u00e9 \""));
	assert_true(json_string(&value, buffer, sizeof buffer) == false);
	assert_string_equal(buffer, "");
	assert_true(json_is(&value, "  \"\\/\xc3\xa9 "));
	assert_false(json_is(&value, "  \"\\/\xc3\xa9"));
	assert_false(json_is(&value, "  \"\\/\xc3\xa9  "));
	assert_false(json_is(&value, ""));
	assert_true(reads("\"\\b\\f\\n\\r\\t\\u20ac\""));
	assert_false(json_string(&value, buffer, sizeof buffer));
	assert_true(json_is(&value, "\b\f\n\r\t\xe2\x82\xac"));
	assert_true(reads("\"1234567\""));
	assert_true(json_string(&value, buffer, sizeof buffer));
	assert_string_equal(buffer, "1234567");
	assert_true(reads("\"\""));
	assert_true(json_is(&value, ""));
	assert_true(json_string(&value, buffer, 1));
	assert_true(reads("1"));
	assert_false(json_is(&value, "1"));
	assert_false(json_string(&value, buffer, sizeof buffer));
}

static void integers_are_read_strictly(void **state)
{
	static const char *const none[] = {
		"1.0", "1e2", "\"1\"", "true", "10", "-1", "99999999999999999999"};
	int64_t number = 7;

	(void)state;
	for (unsigned int i = 0; i < COUNT(none); i++) {
		assert_true(reads(none[i]));
		assert_false(json_integer(&value, 0, 9, &number));
	}
	assert_int_equal(number, 7);
	assert_true(reads("-9223372036854775808"));
	assert_true(json_integer(&value, INT64_MIN, INT64_MAX, &number));
	assert_true(number == INT64_MIN);
}

static void what_is_written_is_read(void **state)
{
	static const char string[] = "a\"b\\c\b\n\x01\x1f\x7f/\xc3\xa9\xf0\x9f\x98\x80";
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(json_append(&text, string), 0);
	assert_true(json_read(text.data, text.length, &value));
	assert_true(json_is(&value, string));
	assert_null(strpbrk(text.data, "\n\b\x01\x1f"));
	text_free(&text);
	assert_int_equal(json_append(&text, "\xff"), TOTPGROUP_EARGUMENT);
	assert_int_equal(json_append(&text, "a\xc3"), TOTPGROUP_EARGUMENT);
	text_free(&text);
}

static void random_texts_are_read_or_refused(void **state)
{
	static const char alphabet[] = "{}[]\":,0123e.-+\\unltrfas \xc3\xa9\n";
	struct test_random random = test_random_begin();
	unsigned int read = 0;

	(void)state;
	for (unsigned int i = 0; i < test_rounds(300000); i++) {
		size_t length = test_random_below(&random, 12);
		char *text = malloc(length > 0 ? length : 1);

		assert_non_null(text);
		for (size_t c = 0; c < length; c++)
			text[c] = alphabet[test_random_below(&random, sizeof alphabet - 1)];
		if (json_read(text, length, &value)) {
			read++;
			assert_true(value.length > 0 && value.length <= length);
		}
		free(text);
	}
	assert_true(read > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_the_standard_are_read),
		cmocka_unit_test(other_text_is_refused),
		cmocka_unit_test(every_beginning_is_refused),
		cmocka_unit_test(a_member_is_found_by_its_name),
		cmocka_unit_test(members_are_given_in_order),
		cmocka_unit_test(items_are_given_in_order),
		cmocka_unit_test(strings_are_decoded),
		cmocka_unit_test(strings_may_be_decoded_in_place),
		cmocka_unit_test(only_true_is_true),
		cmocka_unit_test(integers_are_read_strictly),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(random_texts_are_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
