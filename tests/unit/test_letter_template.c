/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mistakes in templates are refused, with a message that says where they are. */

#include "config.h"

#include "allocation.h"
#include "letter_support.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, letter_setup, letter_teardown)

static void assert_refused(
	const char *name, const char *text, int code, const char *place, const char *reason)
{
	char whole[PATH_MAX + 64];

	assert_int_equal(letter_read(name, text), code);
	assert_int_equal(error.code, code);
	assert_null(letter_template);
	snprintf(whole, sizeof whole, "%s%s", in_folder(name), place);
	if (strncmp(error.message, whole, strlen(whole)) != 0)
		fail_msg("not \"%s\" but %s", whole, error.message);
	assert_contains(error.message, reason);
}

static void the_message_has_the_line_of_the_mistake(void **state)
{
	static const struct {
		const char *text, *line, *reason;
	} cases[] = {
		{PAGE("\n{{usr}}"), ":2: ", "unknown placeholder usr; did you mean user?"},
		{PAGE("{{xyzzyx}}"), ":1: ", "xyzzyx; totpgroup-letter(5) lists them"},
		{PAGE("{{}}"), ":1: ", "unknown placeholder ; totp"},
		{PAGE("{{{user}}}"), ":1: ", "unknown placeholder {user"},
		{PAGE("{{ user host }}"), ":1: ", "unknown placeholder user host"},
		{PAGE("\n\n{{user"), ":3: ", "{{ without }}"},
		{"{{#page}}\n{{/page}}\n{{user\n", ":3: ", "{{ without }}"},
		{PAGE("{{hashed}}"), ":1: ", "write {{#hashed}} ... {{/hashed}}"},
		{PAGE("{{#user}}{{/user}}"), ":1: ", "user is always there"},
		{PAGE("{{#isuer}}{{/isuer}}"), ":1: ", "did you mean issuer?"},
		{PAGE("{{#issuer}}"), ":1: ", "{{/page}} closes what is not open here"},
		{PAGE("{{/issuer}}"), ":1: ", "{{/issuer}} closes what is not open here"},
		{PAGE("{{#issuer}}{{#hashed}}{{/issuer}}{{/hashed}}"), ":1: ", "{{/issuer}}"},
		{"{{#page}}\n\n{{#issuer}}\n", ":3: ", "this section is not closed"},
		{"\n{{#page}}\n", ":2: ", "this section is not closed"},
		{"<p>", ": ", "no {{#page}} ... {{/page}}"},
		{PAGE("") "\n" PAGE(""), ":2: ", "a second page; the first one is in line 1"},
		{"{{^page}}{{/page}}", ":1: ", "unknown placeholder page"},
		{"{{#page}}{{/page}}\n{{/page}}", ":2: ", "{{/page}} closes"},
		{"{{user}}" PAGE(""), ":1: ", "user stands outside {{#page}}"},
		{PAGE("") "\n{{uri}}", ":2: ", "uri stands outside {{#page}}"},
		{"{{#issuer}}{{/issuer}}" PAGE(""), ":1: ", "issuer stands outside"},
		{"{{_ For {user}}}" PAGE(""), ":1: ", "user stands outside {{#page}}"},
		{PAGE("\n{{_ For\n {usr}.}}"), ":2: ", "did you mean user?"},
		{PAGE("{{_ For {user.}}"), ":1: ", "unknown placeholder user."},
		{PAGE("{{_ {qr_svg}}}"), ":1: ", "qr_svg cannot stand in a sentence"},
		{PAGE("{{_ {emergency_codes}}}"), ":1: ", "cannot stand in a sentence"},
		{PAGE("{{_ {hashed}}}"), ":1: ", "is a condition"},
		{PAGE("{{_ }}"), ":1: ", "{{_}} without a sentence"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused("letter.html", cases[i].text, TOTPGROUP_ECONFIG, cases[i].line,
			cases[i].reason);
	assert_refused("letter.txt", "{{qr_svg}}", TOTPGROUP_ECONFIG, ":1: ", "HTML alone");
	assert_refused("letter.txt", PAGE(""), TOTPGROUP_ECONFIG, ":1: ", "HTML alone");
}

static void a_long_unknown_name_is_cut_in_the_message(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "{{", 2);
	memcpy(text + sizeof text - 4, "}}", 3);
	assert_refused("letter.txt", text, TOTPGROUP_ECONFIG, ":1: ", "xxx; totpgroup-letter");
}

static void sections_nest_up_to_eight_levels(void **state)
{
	char text[1000] = "";

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		strcat(text, "{{#issuer}}");
	strcat(text, "deep");
	for (unsigned int i = 0; i < 8; i++)
		strcat(text, "{{/issuer}}");
	assert_string_equal(letter_text(text), "deep\n");
	memmove(text + strlen("{{#issuer}}"), text, strlen(text) + 1);
	memcpy(text, "{{#issuer}}", strlen("{{#issuer}}"));
	strcat(text, "{{/issuer}}");
	assert_refused("letter.txt", text, TOTPGROUP_ECONFIG, ":1: ", "more than 8 sections");
}

static void the_ending_of_the_name_says_the_format(void **state)
{
	static const char *const wrong[] = {"letter", "letter.htm", "html", "a.txt.x"};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_refused(wrong[i], "x", TOTPGROUP_ECONFIG, ": ", ".html or .txt");
	assert_int_equal(letter_read("LETTER.HTML", PAGE("own")), 0);
	assert_true(letter_template_replaces(letter_template, LETTER_HTML));
	assert_false(letter_template_replaces(letter_template, LETTER_TXT));
	assert_false(letter_template_replaces(letter_template, LETTER_SVG));
	assert_contains(letter_draw(LETTER_HTML), "own");
	assert_contains(letter_draw(LETTER_TXT), "Log in with a code from your phone\n");
	assert_int_equal(letter_read("letter.txt", "own"), 0);
	assert_false(letter_template_replaces(letter_template, LETTER_HTML));
	assert_true(letter_template_replaces(letter_template, LETTER_TXT));
	assert_contains(letter_draw(LETTER_HTML), "Log in with a code from your phone</h1>");
	assert_string_equal(letter_draw(LETTER_TXT), "own\n");
}

static void assert_unsafe(const char *name, const char *reason)
{
	assert_int_equal(letter_template_read(&letter_template, in_folder(name), &error),
		TOTPGROUP_EUNSAFE);
	assert_contains(error.message, in_folder(name));
	assert_contains(error.message, reason);
	assert_null(letter_template);
}

static void a_file_that_another_user_could_change_is_refused(void **state)
{
	static char much[65538];

	(void)state;
	put_file("group.txt", "x", 0664);
	assert_unsafe("group.txt", "writable by others");
	put_file("world.txt", "x", 0646);
	assert_unsafe("world.txt", "writable by others");
	put_link("link.txt", "/etc/passwd");
	assert_unsafe("link.txt", "symbolic link");
	make_folder("folder.txt", 0755);
	assert_unsafe("folder.txt", "not a regular file");
	assert_int_equal(mkfifo(in_folder("fifo.txt"), 0600), 0);
	assert_unsafe("fifo.txt", "not a regular file");
	memset(much, 'x', sizeof much - 1);
	put_file("much.txt", much, 0644);
	assert_unsafe("much.txt", "longer than 65536 bytes");
	make_folder("shared", 0777);
	put_file("shared/letter.txt", "x", 0644);
	assert_int_equal(
		letter_template_read(&letter_template, in_folder("shared/letter.txt"), &error),
		TOTPGROUP_EUNSAFE);
	assert_contains(error.message, "/shared: is writable by others");
}

/* Whether to exchange the folders after the next one was checked. */
static bool exchange;

int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status)
{
	int result = __real_fstat(fd, status);

	if (exchange) {
		exchange = false;
		assert_int_equal(renameat2(AT_FDCWD, in_folder("checked"), AT_FDCWD,
					 in_folder("other"), RENAME_EXCHANGE),
			0);
	}
	return result;
}

static void the_file_is_read_from_the_folder_that_was_checked(void **state)
{
	(void)state;
	make_folder("checked", 0755);
	make_folder("other", 0777);
	put_file("checked/letter.html", PAGE("as checked"), 0644);
	put_file("other/letter.html", PAGE("another's"), 0644);
	exchange = true;
	assert_int_equal(letter_template_read(
				 &letter_template, in_folder("checked/letter.html"), &error),
		0);
	assert_false(exchange);
	assert_string_equal(letter_draw(LETTER_HTML), "<p>as checked</p>");
}

static void a_missing_file_is_named(void **state)
{
	(void)state;
	assert_int_equal(letter_template_read(&letter_template, in_folder("no.txt"), &error),
		TOTPGROUP_ENOTFOUND);
	assert_contains(error.message, "/no.txt: No such file");
	assert_int_equal(letter_template_read(&letter_template, in_folder("no/x.txt"), &error),
		TOTPGROUP_ESYSTEM);
	assert_contains(error.message, "/no: No such file");
}

static void a_nul_byte_is_refused(void **state)
{
	FILE *file = fopen(in_folder("nul.txt"), "we");

	(void)state;
	assert_non_null(file);
	assert_int_equal(fwrite("a\0{{x}}", 1, 7, file), 7);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(in_folder("nul.txt"), 0644), 0);
	assert_int_equal(letter_template_read(&letter_template, in_folder("nul.txt"), &error),
		TOTPGROUP_ECONFIG);
	assert_contains(error.message, "NUL byte");
}

static void where_memory_runs_out_there_is_no_template(void **state)
{
	unsigned int failures = 0;
	int status;

	(void)state;
	put_file("letter.html", PAGE("{{_ For {user}}} {{#issuer}}x{{/issuer}}"), 0644);
	do {
		allocation_to_fail = ++failures;
		status = letter_template_read(
			&letter_template, in_folder("letter.html"), &error);
		if (status != 0) {
			assert_int_equal(status, TOTPGROUP_EMEMORY);
			assert_null(letter_template);
		}
	} while (status != 0);
	allocation_to_fail = 0;
	assert_in_range(failures, 8, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_message_has_the_line_of_the_mistake),
		TEST(a_long_unknown_name_is_cut_in_the_message),
		TEST(sections_nest_up_to_eight_levels),
		TEST(the_ending_of_the_name_says_the_format),
		TEST(a_file_that_another_user_could_change_is_refused),
		TEST(the_file_is_read_from_the_folder_that_was_checked),
		TEST(a_missing_file_is_named),
		TEST(a_nul_byte_is_refused),
		TEST(where_memory_runs_out_there_is_no_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
