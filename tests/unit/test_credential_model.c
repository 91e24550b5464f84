/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include <ctype.h>

#include "core/emergency.h"

/* Changes of random texts, compared with those of a simple model, which builds each text
 * anew from the pieces of the old one. */

#define TEXT_SIZE 4096

/* A text under construction. */
struct paper {
	char text[2 * TEXT_SIZE];
	size_t length;
};

static void put(struct paper *paper, const char *text, size_t length)
{
	assert_true(paper->length + length < sizeof paper->text);
	memcpy(paper->text + paper->length, text, length);
	paper->length += length;
	paper->text[paper->length] = '\0';
}

static void put_string(struct paper *paper, const char *text)
{
	put(paper, text, strlen(text));
}

static size_t pick(struct test_random *random, size_t limit)
{
	return (size_t)test_random_below(random, limit);
}

static void put_random_bytes(struct paper *paper, struct test_random *random)
{
	for (size_t count = pick(random, 12); count > 0; count--) {
		char byte = (char)(1 + pick(random, 255));

		put(paper, &byte, 1);
	}
}

static void put_random_line(struct paper *paper, struct test_random *random)
{
	static const char *const lines[] = {"\" KEY", "\" KEY a", "\" KEY  b c ", "\" KEY\td",
		"\" KEYS", " \" KEY", "\"  KEY", "\" OTHER 5", "\" ", "\"", "", " ", "\t\v\f",
		"garbage", "12345678", "23456789", " 12345678", "+12345678", "\t+0012345678",
		"02345678", "12345678 ", "1234567", "123456789", "12345678x", "99999999",
		"10000000"};

	if (pick(random, 8) == 0)
		put_random_bytes(paper, random);
	else
		put_string(paper, lines[pick(random, COUNT(lines))]);
}

static void put_random_text(struct paper *paper, struct test_random *random)
{
	static const char *const ends[] = {
		"\n", "\n", "\n", "\n", "\r\n", "\r\n", "\r", "\n\n", "\r\r\n", "\n\r", ""};

	paper->length = 0;
	put_string(paper, SECRET);
	for (size_t lines = pick(random, 14); lines > 0; lines--) {
		put_string(paper, ends[pick(random, COUNT(ends))]);
		put_random_line(paper, random);
	}
	put_string(paper, ends[pick(random, COUNT(ends))]);
}

static bool has_key(const char *line, size_t length)
{
	return length >= 5 && strncmp(line, "\" KEY", 5) == 0 &&
	       (length == 5 || line[5] == ' ' || line[5] == '\t');
}

/* Copies a text without the lines that have the key. The first of them becomes
 * `replacement`, unless that is NULL. Returns how many there were. */
static unsigned int copy_lines(struct paper *to, const char *text, const char *replacement)
{
	unsigned int count = 0;

	while (*text != '\0') {
		size_t length = strcspn(text, "\r\n");
		size_t end = strncmp(text + length, "\r\n", 2) == 0 ? 2 : text[length] != '\0';

		if (!has_key(text, length)) {
			put(to, text, length + end);
		} else if (count++ == 0 && replacement != NULL) {
			put_string(to, replacement);
			if (end == 0)
				put_string(to, "\n");
			else
				put(to, text + length, end);
		}
		text += length + end;
	}
	return count;
}

static void model_set(struct paper *to, const char *text, const char *line)
{
	const char *end = strchr(text, '\n');

	to->length = 0;
	if (copy_lines(to, text, line) > 0)
		return;
	to->length = 0;
	if (end == NULL) {
		put_string(to, text);
		put_string(to, "\n");
		end = text + strlen(text);
	} else {
		put(to, text, (size_t)(++end - text));
	}
	put_string(to, line);
	put_string(to, "\n");
	put_string(to, end);
}

static void assert_same(const totpgroup_credential *credential, const struct paper *expected,
	const char *before)
{
	if (credential->text.length == expected->length &&
		memcmp(credential->text.data, expected->text, expected->length) == 0)
		return;
	fprintf(stderr, "# before:\n%s\n# expected:\n%s\n# found:\n%s\n", before,
		expected->text, credential->text.data);
	fail_msg("the text is another than the model says");
}

static void setting_an_option_changes_only_its_lines(void **state)
{
	static const char *const values[] = {"", "x", "5 6 7"};
	static struct paper before, expected;
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int i = 0; i < test_rounds(50000); i++) {
		const char *value = values[pick(&random, COUNT(values))];
		totpgroup_credential *credential;
		char line[20];

		put_random_text(&before, &random);
		snprintf(line, sizeof line, "\" KEY %s", value);
		model_set(&expected, before.text, line);
		credential = load(before.text);
		assert_int_equal(credential_set(credential, "KEY", value), 0);
		assert_same(credential, &expected, before.text);
		/* The same change again has no effect. */
		assert_int_equal(credential_set(credential, "KEY", value), 0);
		assert_same(credential, &expected, before.text);
		totpgroup_credential_free(credential);
	}
}

static void unsetting_an_option_deletes_only_its_lines(void **state)
{
	static struct paper before, expected;
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int i = 0; i < test_rounds(50000); i++) {
		totpgroup_credential *credential;
		struct credential_option option;

		put_random_text(&before, &random);
		expected.length = 0;
		copy_lines(&expected, before.text, NULL);
		credential = load(before.text);
		assert_int_equal(credential_unset(credential, "KEY"), 0);
		assert_same(credential, &expected, before.text);
		assert_false(credential_find(credential, "KEY", &option));
		totpgroup_credential_free(credential);
	}
}

/* Reads the next emergency code as strtoul() does; false at the end of the list. *start
 * is where its line begins, *end where its digits end. */
static bool model_next_code(
	const char *from, const char **start, const char **end, unsigned long *code)
{
	const char *digits;
	char *stop;

	for (;;) {
		from += strspn(from, "\r\n");
		if (*from != '"')
			break;
		from += strcspn(from, "\n");
	}
	*start = from;
	digits = from + strspn(from, " \t\v\f\r\n");
	digits += *digits == '+';
	if (!isdigit((unsigned char)*digits))
		return false;
	*code = strtoul(digits, &stop, 10);
	*end = stop;
	return *code >= 10000000 && *code <= 99999999 && strchr("\r\n", **end) != NULL;
}

/* Copies a text without the first line that is this code. */
static bool model_spend(struct paper *to, const char *text, const char *typed)
{
	const char *start, *end = text + strcspn(text, "\n");
	unsigned long code;

	to->length = 0;
	while (model_next_code(end, &start, &end, &code)) {
		if (code != strtoul(typed, NULL, 10) || typed[0] == '0')
			continue;
		put(to, text, (size_t)(start - text));
		put_string(to, end + (strncmp(end, "\r\n", 2) == 0 ? 2 : *end != '\0'));
		return true;
	}
	put_string(to, text);
	return false;
}

static unsigned int model_count(const char *text)
{
	const char *start, *end = text + strcspn(text, "\n");
	unsigned long code;
	unsigned int count = 0;

	while (model_next_code(end, &start, &end, &code))
		count++;
	return count;
}

static void spending_a_code_removes_only_its_line(void **state)
{
	static const char *const codes[] = {
		"12345678", "12345678", "23456789", "99999999", "10000000", "02345678"};
	static struct paper before, expected;
	struct test_random random = test_random_begin();
	unsigned int spent = 0;

	(void)state;
	for (unsigned int i = 0; i < test_rounds(50000); i++) {
		const char *typed = codes[pick(&random, COUNT(codes))];
		totpgroup_credential *credential;
		bool found;

		put_random_text(&before, &random);
		credential = load(before.text);
		assert_int_equal(emergency_codes_left(credential), model_count(before.text));
		assert_int_equal(emergency_code_spend(credential, typed, &found), 0);
		assert_int_equal(found, model_spend(&expected, before.text, typed));
		assert_same(credential, &expected, before.text);
		spent += found;
		totpgroup_credential_free(credential);
	}
	assert_true(spent > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setting_an_option_changes_only_its_lines),
		cmocka_unit_test(unsetting_an_option_deletes_only_its_lines),
		cmocka_unit_test(spending_a_code_removes_only_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
