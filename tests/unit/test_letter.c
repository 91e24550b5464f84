/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The contents of letters. */

#include "config.h"

#include <dlfcn.h>
#include <time.h>

#include "allocation.h"
#include "letter_support.h"

#include "base/qr.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, letter_setup, letter_teardown)

#define LINK "otpauth://totp/Example:alice@host?secret=" LETTER_SECRET "&issuer=Example"

static bool library_missing;

void *__real_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags)
{
	return library_missing && strcmp(name, QR_LIBRARY) == 0 ? NULL
								: __real_dlopen(name, flags);
}

static void values_are_put_in(void **state)
{
	(void)state;
	letter.pending_until = 1797206400;
	letter_add_code("12345678");
	assert_string_equal(letter_text("{{lang}} {{user}} {{ host }} {{issuer}} {{label}}"),
		"en alice host.example.org Example alice@host\n");
	assert_string_equal(letter_text("{{secret}} ({{kind}}) {{digits}} {{example_code}}"),
		"HQI5 TLL7 2WPU NYA4 ZUHN OBOH KCJM CIRZ (by time, 6 digits) 6 123456\n");
	assert_string_equal(letter_text("{{uri}}"), LINK "\n");
	assert_string_equal(letter_text("{{emergency_codes}} {{pending_until}}{{app_support}}"),
		"12345678 14 December 2026\n");
	letter_credential.digits = 8;
	assert_contains(letter_text("{{app_support}} {{example_code}}"),
		"8 digits: not every app supports this.");
	assert_contains(drawn.data, " 12345678\n");
}

static void values_of_html_are_escaped(void **state)
{
	(void)state;
	letter.user = "<b>&\"'\xc3\xbc";
	assert_string_equal(letter_html(PAGE("{{user}}<i title=\"{{user}}\">")),
		"<p>&lt;b&gt;&amp;&quot;&#39;\xc3\xbc"
		"<i title=\"&lt;b&gt;&amp;&quot;&#39;\xc3\xbc\"></p>");
	assert_contains(letter_html(PAGE("{{_ <i> for {user}}}")),
		"<p>&lt;i&gt; for &lt;b&gt;&amp;&quot;&#39;\xc3\xbc</p>");
	assert_string_equal(letter_text("{{user}}"), "<b>&\"'\xc3\xbc\n");
	assert_contains(letter_html(PAGE("{{uri}}")), LETTER_SECRET "&amp;issuer");
}

static void bytes_that_are_not_text_are_replaced(void **state)
{
	(void)state;
	letter.user = "a\nb\x1b[31m\xff\xc3(\xe2\x80\xae";
#define INSTEAD "\xef\xbf\xbd"
	assert_string_equal(letter_text("{{user}}"),
		"a" INSTEAD "b" INSTEAD "[31m" INSTEAD INSTEAD "(" INSTEAD "\n");
	assert_contains(letter_html(PAGE("{{user}}")),
		"a" INSTEAD "b" INSTEAD "[31m" INSTEAD INSTEAD "(" INSTEAD "</p>");
	/* The last character is incomplete. */
	letter.user = "x\xf0\x9f\x98";
	assert_contains(letter_html(PAGE("{{_ {user}}}")), "x" INSTEAD INSTEAD INSTEAD "</p>");
}

static void no_name_becomes_markup(void **state)
{
	struct test_random random = test_random_begin();
	char name[40];

	(void)state;
	assert_int_equal(letter_read("letter.html", "{{#page}}{{user}}{{/page}}"), 0);
	letter.user = name;
	for (unsigned int i = 0; i < test_rounds(3000); i++) {
		test_random_fill(&random, name, sizeof name - 1);
		name[sizeof name - 1] = '\0';
		for (const char *c = letter_draw(LETTER_HTML); *c != '\0'; c++) {
			assert_true(strchr("<>\"'", *c) == NULL);
			assert_in_range((unsigned char)*c, 0x20, 0xff);
			assert_true(*c != '&' || memchr(c, ';', 6) != NULL);
		}
	}
}

static void a_section_is_shown_where_its_value_holds(void **state)
{
	static const char text[] = "{{#issuer}}i{{/issuer}}{{^issuer}}I{{/issuer}}"
				   "{{#emergency_codes}}e{{/emergency_codes}}"
				   "{{^emergency_codes}}E{{/emergency_codes}}"
				   "{{#hashed}}h{{/hashed}}{{^hashed}}H{{/hashed}}"
				   "{{#by_time}}t{{/by_time}}{{^by_time}}T{{/by_time}}"
				   "{{#pending_until}}p{{/pending_until}}"
				   "{{^pending_until}}P{{/pending_until}}"
				   "{{#app_support}}a{{/app_support}}"
				   "{{^app_support}}A{{/app_support}}";

	(void)state;
	assert_string_equal(letter_text(text), "iEHtPA\n");
	letter_credential.emergency_codes.hashed = true;
	assert_string_equal(letter_draw(LETTER_TXT), "iEHtPA\n");
	letter_add_code("x");
	letter.pending_until = 1;
	letter.issuer = "";
	letter_credential.time_based = false;
	letter_credential.algorithm = HMAC_SHA256;
	assert_string_equal(letter_draw(LETTER_TXT), "IehTpa\n");
	assert_string_equal(
		letter_text("1{{#issuer}}2{{#hashed}}3{{/hashed}}4{{/issuer}}5"), "15\n");
	letter.issuer = "x";
	assert_string_equal(letter_draw(LETTER_TXT), "12345\n");
}

static void a_line_with_only_a_section_tag_leaves_nothing(void **state)
{
	(void)state;
	assert_string_equal(letter_text("{{! a\nremark }}\nA\n  {{#issuer}}  \nB\n{{/issuer}}\n"
					"{{^issuer}}\nC\n{{/issuer}}\r\nD {{#issuer}}\nE\n"
					"{{/issuer}} F"),
		"A\nB\nD \nE\n F\n");
}

static void a_list_has_items_in_html_and_lines_in_text(void **state)
{
	(void)state;
	letter_add_code("12345678");
	letter_add_code("<&>");
	letter_add_code("23456789");
	assert_contains(letter_html(PAGE("<ul>{{emergency_codes}}</ul>")),
		"<ul><li>12345678</li><li>&lt;&amp;&gt;</li><li>23456789</li></ul>");
	assert_string_equal(
		letter_text("Codes:\n   {{emergency_codes}}\nx {{emergency_codes}}"),
		"Codes:\n   12345678\n   <&>\n   23456789\n"
		"x 12345678\n<&>\n23456789\n");
}

static void a_sentence_may_be_broken_into_lines(void **state)
{
	(void)state;
	assert_string_equal(letter_text("{{_ Of\n\t {user}  at{host}.\n}}!"),
		"Of alice athost.example.org.!\n");
	assert_string_equal(letter_text("{{_ {user}}}{{_ {user}}}"), "alicealice\n");
}

static void text_is_broken_at_72_columns(void **state)
{
	(void)state;
	assert_string_equal(
		letter_text(
			"1. This line is longer than seventy-two columns, and so it is "
			"broken at a blank.\n"
			"  - \xc3\xbc\xc3\xbc\xc3\xbc one two three four five six seven eight "
			"nine ten eleven tw\n"
			"    {{uri}} x\n"),
		"1. This line is longer than seventy-two columns, and so it is broken at\n"
		"   a blank.\n"
		"  - \xc3\xbc\xc3\xbc\xc3\xbc one two three four five six seven eight "
		"nine ten eleven tw\n"
		"    " LINK "\n"
		"    x\n");
	assert_string_equal(letter_text("\n\n  \nx\n"), "\n\n  \nx\n");
	assert_string_equal(letter_text(""), "");
}

static void a_date_has_a_time_unless_it_is_midnight(void **state)
{
	(void)state;
	letter.pending_until = 1797206400;
	assert_string_equal(letter_text("{{pending_until}}"), "14 December 2026\n");
	letter.pending_until += 60;
	assert_string_equal(letter_draw(LETTER_TXT), "14 December 2026, 0:01\n");
	letter.pending_until += 3600;
	assert_string_equal(letter_draw(LETTER_TXT), "14 December 2026, 1:01\n");
	assert_int_equal(setenv("TZ", "EST5", 1), 0);
	tzset();
	assert_string_equal(letter_draw(LETTER_TXT), "13 December 2026, 20:01\n");
	letter.pending_until = 1797206400 + 5 * 3600;
	assert_string_equal(letter_draw(LETTER_TXT), "14 December 2026\n");
	assert_int_equal(setenv("TZ", "UTC0", 1), 0);
	tzset();
	letter.pending_until = INT64_MAX;
	text_free(&drawn);
	assert_int_equal(letter_append(&letter, LETTER_TXT, letter_template, &drawn, &error),
		TOTPGROUP_EARGUMENT);
}

static void a_print_run_has_a_page_for_each_user(void **state)
{
	(void)state;
	assert_int_equal(
		letter_read("letter.html", "<{{lang}}{{#page}}[{{user}}]{{/page}}>"), 0);
	assert_int_equal(letter_run_begin(NULL, letter_template, &drawn, &error), 0);
	assert_int_equal(letter_run_page(&letter, letter_template, &drawn, &error), 0);
	letter.user = "bob";
	assert_int_equal(letter_run_page(&letter, letter_template, &drawn, &error), 0);
	assert_int_equal(letter_run_end(NULL, letter_template, &drawn, &error), 0);
	assert_string_equal(drawn.data, "<en[alice][bob]>");
	assert_string_equal(letter_draw(LETTER_HTML), "<en[bob]>");
}

static void a_print_run_of_one_page_is_the_letter(void **state)
{
	char *single;

	(void)state;
	single = strdup(letter_draw(LETTER_HTML));
	text_free(&drawn);
	assert_int_equal(letter_run_begin(NULL, letter_template, &drawn, &error), 0);
	assert_int_equal(letter_run_page(&letter, letter_template, &drawn, &error), 0);
	assert_int_equal(letter_run_end(NULL, letter_template, &drawn, &error), 0);
	assert_string_equal(drawn.data, single);
	free(single);
}

static void the_built_in_letters_say_everything_and_load_nothing(void **state)
{
	static const enum letter_format formats[] = {LETTER_HTML, LETTER_TXT};

	(void)state;
	letter_add_code("12345678");
	letter.pending_until = 1797206400;
	for (size_t i = 0; i < COUNT(formats); i++) {
		const char *text = letter_draw(formats[i]);

		assert_contains(text, "alice");
		assert_contains(text, "host.example.org");
		assert_contains(text, "HQI5 TLL7 2WPU NYA4 ZUHN OBOH KCJM CIRZ");
		assert_contains(text, "12345678");
		assert_contains(text, "before 14 December 2026");
		assert_contains(text, formats[i] == LETTER_HTML ? "Verification code:</bdi> "
								: "Verification code: ");
		assert_contains(text, "otpauth://totp/Example:alice@host?");
		assert_lacks(text, "{{");
		assert_lacks(text, "cannot be shown again");
		assert_lacks(text, "<script");
	}
	assert_contains(letter_draw(LETTER_TXT), "\nUser: alice\nHost: host.example.org\n");
	assert_contains(letter_draw(LETTER_HTML), "default-src 'none'; style-src");
	assert_contains(drawn.data, "<bdi>alice</bdi>");
	assert_contains(drawn.data, "<bdi>host.example.org</bdi>");
	assert_contains(drawn.data, "<bdi>Example</bdi>");
	/* The only URL is the namespace of SVG, which no browser loads. */
	assert_null(strstr(strstr(drawn.data, "http://www.w3.org/2000/svg") + 1, "http"));
	assert_null(strstr(drawn.data, "https:"));
	letter_credential.emergency_codes.hashed = true;
	letter.pending_until = 0;
	for (size_t i = 0; i < COUNT(formats); i++) {
		assert_contains(letter_draw(formats[i]), "cannot be shown again");
		assert_lacks(drawn.data, "Do this before");
	}
}

/* Reads the path of a drawing back. */
static void assert_drawn(const struct qr *qr, const char *path)
{
	char *seen = calloc(qr->size, qr->size);
	unsigned int row = 0, column = 0;
	int length, light, dark, x, y;

	assert_non_null(seen);
	while (*path != '"') {
		length = 0;
		if (sscanf(path, "M%d %d.5%n", &x, &y, &length) == 2 && length > 0) {
			assert_int_equal(x, 4);
			row = (unsigned int)y - 4;
			column = 0;
		} else if (sscanf(path, "m%d 0%n", &light, &length) == 1 && length > 0) {
			column += (unsigned int)light;
		} else {
			assert_int_equal(sscanf(path, "h%d%n", &dark, &length), 1);
			assert_true(row < qr->size && column + (unsigned int)dark <= qr->size);
			for (; dark > 0; dark--)
				seen[row * qr->size + column++] = 1;
		}
		path += length;
	}
	assert_memory_equal(seen, qr->modules, (size_t)qr->size * qr->size);
	free(seen);
}

static void the_drawing_shows_the_qr_code(void **state)
{
	struct qr qr;

	(void)state;
	assert_int_equal(qr_encode(&qr, LINK), 0);
	assert_int_equal(qr.size, 37);
	assert_contains(letter_draw(LETTER_SVG), "viewBox=\"0 0 45 45\"");
	assert_drawn(&qr, strstr(drawn.data, "\"#000\" d=\"") + 10);
	qr_free(&qr);
}

static void an_image_is_a_png_of_one_bit(void **state)
{
	static const unsigned char head[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0,
		0, 13, 'I', 'H', 'D', 'R', 0, 0, 1, 104, 0, 0, 1, 104, 1, 0};

	(void)state;
	letter_draw(LETTER_PNG);
	assert_true(drawn.length > sizeof head && drawn.length < 2000);
	assert_memory_equal(drawn.data, head, sizeof head);
	assert_contains(letter_html(PAGE("{{qr_png}}")),
		"<p>data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAWgAAAFoAQ");
}

static void assert_no_letter(enum letter_format format, int code, const char *reason)
{
	text_free(&drawn);
	assert_int_equal(text_append(&drawn, "before", 6), 0);
	assert_int_equal(letter_append(&letter, format, letter_template, &drawn, &error), code);
	assert_int_equal(error.code, code);
	assert_string_equal(drawn.data, "before");
	assert_contains(error.message, "no letter for alice: ");
	assert_contains(error.message, reason);
	assert_lacks(error.message, "HQI5");
}

static void without_the_library_there_is_no_qr_code(void **state)
{
	(void)state;
	library_missing = true;
	letter_read_built_in();
	assert_no_letter(LETTER_SVG, TOTPGROUP_ENOTFOUND, QR_LIBRARY ", which is not");
	assert_no_letter(LETTER_PNG, TOTPGROUP_ENOTFOUND, QR_LIBRARY ", which is not");
	assert_no_letter(LETTER_HTML, TOTPGROUP_ENOTFOUND, QR_LIBRARY ", which is not");
	assert_contains(letter_draw(LETTER_TXT), LINK);
	library_missing = false;
}

static void the_template_keeps_the_qr_library_loaded(void **state)
{
	(void)state;
	assert_int_equal(letter_template_read(&letter_template, NULL, &error), 0);
	assert_non_null(dlopen(QR_LIBRARY, RTLD_NOW | RTLD_NOLOAD));
}

static void a_label_that_is_too_long_or_empty_is_refused(void **state)
{
	char label[3000];

	(void)state;
	letter_read_built_in();
	memset(label, 'x', sizeof label);
	label[sizeof label - 1] = '\0';
	letter.label = label;
	assert_no_letter(LETTER_HTML, TOTPGROUP_EARGUMENT, "too long for a QR code");
	letter.label = "";
	assert_no_letter(LETTER_TXT, TOTPGROUP_EARGUMENT, "the label is empty");
	letter.label = "x";
	strcpy(letter_credential.secret, "HQI5!");
	assert_no_letter(LETTER_TXT, TOTPGROUP_EFORMAT, "");
}

static void where_memory_runs_out_nothing_is_appended(void **state)
{
	static const enum letter_format formats[] = {
		LETTER_SVG, LETTER_PNG, LETTER_HTML, LETTER_TXT};

	(void)state;
	letter_add_code("12345678");
	letter.pending_until = 1797206400;
	assert_int_equal(letter_template_read(&letter_template, NULL, &error), 0);
	for (size_t i = 0; i < COUNT(formats); i++) {
		unsigned int failures = 0;
		int status;

		do {
			text_free(&drawn);
			allocation_to_fail = ++failures;
			status = letter_append(
				&letter, formats[i], letter_template, &drawn, &error);
			if (status != 0) {
				assert_int_equal(status, TOTPGROUP_EMEMORY);
				assert_int_equal(drawn.length, 0);
			}
		} while (status != 0 || allocation_to_fail == 0);
		allocation_to_fail = 0;
		assert_in_range(failures, 5, 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_are_put_in),
		TEST(values_of_html_are_escaped),
		TEST(bytes_that_are_not_text_are_replaced),
		TEST(no_name_becomes_markup),
		TEST(a_section_is_shown_where_its_value_holds),
		TEST(a_line_with_only_a_section_tag_leaves_nothing),
		TEST(a_list_has_items_in_html_and_lines_in_text),
		TEST(a_sentence_may_be_broken_into_lines),
		TEST(text_is_broken_at_72_columns),
		TEST(a_date_has_a_time_unless_it_is_midnight),
		TEST(a_print_run_has_a_page_for_each_user),
		TEST(a_print_run_of_one_page_is_the_letter),
		TEST(the_built_in_letters_say_everything_and_load_nothing),
		TEST(the_drawing_shows_the_qr_code),
		TEST(an_image_is_a_png_of_one_bit),
		TEST(without_the_library_there_is_no_qr_code),
		TEST(the_template_keeps_the_qr_library_loaded),
		TEST(a_label_that_is_too_long_or_empty_is_refused),
		TEST(where_memory_runs_out_nothing_is_appended),
	};

	/* Dates in letters are in the host's time zone. */
	if (setenv("TZ", "UTC0", 1) != 0 || setenv("LC_ALL", "C", 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
