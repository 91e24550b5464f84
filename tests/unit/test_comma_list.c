/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "gate/comma_list.h"

static void assert_entries(const char *text, const char *expected)
{
	struct comma_list list = {.rest = text};
	const char *entry;
	size_t length;
	size_t count = 0;
	char seen[128] = "";

	while (comma_list_next(&list, &entry, &length)) {
		size_t at = strlen(seen);

		snprintf(seen + at, sizeof seen - at, "[%.*s]", (int)length, entry);
		assert_int_equal(list.number, ++count);
	}
	assert_string_equal(seen, expected);
	assert_int_equal(comma_list_count(text), count);
	assert_false(comma_list_next(&list, &entry, &length));
}

static void entries_are_split_at_commas(void **state)
{
	(void)state;
	assert_entries("a", "[a]");
	assert_entries("a,b", "[a][b]");
	assert_entries(" a\t,\tb c ", "[a][b c]");
	assert_entries("", "[]");
	assert_entries(" ", "[]");
	assert_entries(",", "[][]");
	assert_entries("a,", "[a][]");
	assert_entries(",a", "[][a]");
	assert_entries("a, ,b", "[a][][b]");
	assert_entries("a\n,b", "[a\n][b]");
}

static void blanks_are_taken_off_both_ends(void **state)
{
	const char *text = "\t a b \t";
	size_t length = strlen(text);

	(void)state;
	comma_list_trim(&text, &length);
	assert_int_equal(length, 3);
	assert_memory_equal(text, "a b", 3);
	text = "";
	length = 0;
	comma_list_trim(&text, &length);
	assert_int_equal(length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(entries_are_split_at_commas),
		cmocka_unit_test(blanks_are_taken_off_both_ends)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
