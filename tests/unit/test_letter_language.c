/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Letters are in the chosen language, whatever the language of the program and of its
 * environment is. */

#include "config.h"

#include <dlfcn.h>
#include <libintl.h>
#include <locale.h>

#include "letter_support.h"

#include "message/translate.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, letter_teardown)

/* The folder of the translations: the build's, unless a test sets another. */
static char translations[PATH_MAX];

/* Replaces the C library's function. */
char *bindtextdomain(const char *domain, const char *folder)
{
	char *(*original)(const char *, const char *) = dlsym(RTLD_NEXT, "bindtextdomain");

	assert_non_null(original);
	if (folder == NULL || strcmp(domain, PACKAGE) != 0)
		return original(domain, folder);
	return original(domain, translations);
}

static int begin(void **state)
{
	const char *build = getenv("top_builddir");

	snprintf(translations, sizeof translations, "%s/po", build != NULL ? build : ".");
	letter_setup(state);
	return letter_template_read(&letter_template, NULL, &error);
}

static const char *draw_in(const char *language)
{
	if (letter_template_set_language(letter_template, language, &error) != 0)
		fail_msg("%s", error.message);
	letter.pending_until = 1797206400;
	return letter_draw(LETTER_HTML);
}

static void assert_german(const char *text)
{
	assert_contains(text, "<html lang=\"de\">");
	assert_contains(text, "<h1>Anmelden mit einem Code vom Telefon</h1>");
	assert_contains(text, "vor dem 14. Dezember 2026.");
	assert_contains(text, "an host.example.org als alice an.");
	assert_contains(text, "(zeitbasiert, 6 Ziffern)");
	assert_contains(text, "Verification code:</bdi> ");
	assert_contains(text, "ungültig");
}

static void assert_english(const char *text)
{
	assert_contains(text, "<html lang=\"en\">");
	assert_contains(text, "<h1>Log in with a code from your phone</h1>");
	assert_contains(text, "before 14 December 2026, or");
	assert_contains(text, "(by time, 6 digits)");
}

static void the_environment_does_not_matter(void **state)
{
	static const char *const locales[] = {"C", "C.UTF-8", "POSIX", "xx_XX.UTF-8"};

	(void)state;
	for (size_t i = 0; i < COUNT(locales); i++) {
		assert_int_equal(setenv("LC_ALL", locales[i], 1), 0);
		assert_int_equal(setenv("LANGUAGE", "fr:en", 1), 0);
		assert_german(draw_in("de"));
		assert_english(draw_in(NULL));
		assert_german(draw_in("de_AT.UTF-8"));
		assert_english(draw_in("en"));
		assert_english(draw_in("en_GB"));
	}
	assert_int_equal(unsetenv("LC_ALL"), 0);
}

static void the_program_keeps_its_language(void **state)
{
	(void)state;
	assert_german(draw_in("de"));
	assert_string_equal(setlocale(LC_ALL, NULL), "C");
	assert_string_equal(translate("January"), "January");
	assert_string_equal(strerror(ENOENT), "No such file or directory");
}

static void a_letter_of_text_is_wrapped_in_any_language(void **state)
{
	const char *line;

	(void)state;
	draw_in("de");
	for (line = letter_draw(LETTER_TXT); *line != '\0'; line += strcspn(line, "\n") + 1) {
		size_t columns = 0;

		for (const char *c = line; *c != '\n'; c++)
			columns += (*c & 0xc0) != 0x80;
		if (columns > 72 && strstr(line, "otpauth:") != line + 3)
			fail_msg("%zu columns: %s", columns, line);
	}
}

static void assert_no_language(const char *language, const char *message)
{
	assert_int_equal(letter_template_set_language(letter_template, language, &error),
		TOTPGROUP_ECONFIG);
	assert_string_equal(error.message, message);
}

static void an_unknown_language_is_refused_with_a_list(void **state)
{
	(void)state;
	assert_no_language("la", "there is no translation for the language 'la'; there are: "
				 "en, de, es, fr, ja, zh_CN");
	assert_no_language("", "there is no translation for the language ''; there are: en, "
			       "de, es, fr, ja, zh_CN");
	assert_no_language("de:la", "there is no translation for the language 'de:la'; there "
				    "are: en, de, es, fr, ja, zh_CN");
	assert_no_language("../po/de", "there is no translation for the language '../po/de'; "
				       "there are: en, de, es, fr, ja, zh_CN");
	assert_no_language("d\ne", "there is no translation for the language 'd?e'; there are: "
				   "en, de, es, fr, ja, zh_CN");
	assert_no_language("eng", "there is no translation for the language 'eng'; there are: "
				  "en, de, es, fr, ja, zh_CN");
	/* The language that was set before stays. */
	draw_in("de");
	assert_int_equal(
		letter_template_set_language(letter_template, "la", &error), TOTPGROUP_ECONFIG);
	assert_int_equal(setenv("LANGUAGE", "de", 1), 0);
	assert_german(letter_draw(LETTER_HTML));
}

static void without_translations_there_is_english(void **state)
{
	(void)state;
	snprintf(translations, sizeof translations, "%s/none", folder_path);
	assert_no_language(
		"de", "there is no translation for the language 'de'; there are: en");
	assert_english(draw_in("en"));
}

static void own_sentences_without_a_translation_stay_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(letter_read("letter.txt",
				 "{{_ Bring it to {host}.}} {{_ Log\nin  once}} {{_ User}}\n"),
		0);
	draw_in("de");
	assert_string_equal(letter_draw(LETTER_TXT),
		"Bring it to host.example.org. Einmal anmelden Benutzername\n");
}

/* Whether gettext alone translates on this host. */
static bool can_translate(void)
{
	static const char *const names[] = {
		"C.UTF-8", "en_US.UTF-8", "de_DE.UTF-8", "en_GB.UTF-8"};
	bool translated = false;

	letter_setup(NULL);
	begin(NULL);
	assert_int_equal(setenv("LANGUAGE", "de", 1), 0);
	for (size_t i = 0; i < COUNT(names) && !translated; i++)
		if (setlocale(LC_ALL, names[i]) != NULL) {
			(void)bindtextdomain(PACKAGE, "");
			translated = strcmp(dgettext(PACKAGE, "January"), "January") != 0;
		}
	setlocale(LC_ALL, "C");
	letter_teardown(NULL);
	return translated;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_environment_does_not_matter),
		TEST(the_program_keeps_its_language),
		TEST(a_letter_of_text_is_wrapped_in_any_language),
		TEST(an_unknown_language_is_refused_with_a_list),
		TEST(without_translations_there_is_english),
		TEST(own_sentences_without_a_translation_stay_as_they_are),
	};

#ifndef ENABLE_NLS
	printf("1..0 # SKIP configured with --disable-nls\n");
	return 77;
#endif
	if (setenv("TZ", "UTC0", 1) != 0)
		return 1;
	if (!can_translate()) {
		printf("1..0 # SKIP there is no locale in which gettext translates\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
