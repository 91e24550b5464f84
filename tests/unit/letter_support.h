/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A letter to alice, which tests change and draw. */
#ifndef TOTPGROUP_TESTS_LETTER_SUPPORT_H
#define TOTPGROUP_TESTS_LETTER_SUPPORT_H

#include "temporary_folder.h"
#include "test_support.h"

#include "cli/letter/letter.h"
#include "totpgroup.h"

#define LETTER_SECRET "HQI5TLL72WPUNYA4ZUHNOBOHKCJMCIRZ"

/* An HTML page with something in it. */
#define PAGE(inside) "<p>{{#page}}" inside "{{/page}}</p>"

static struct new_credential letter_credential;
static struct letter letter;
static struct letter_template *letter_template;
static struct text drawn;
static struct error error;

static inline int letter_setup(void **state)
{
	(void)state;
	letter_credential = (struct new_credential)NEW_CREDENTIAL_DEFAULT;
	strcpy(letter_credential.secret, LETTER_SECRET);
	letter = (struct letter){.user = "alice",
		.full_name = "",
		.host = "host.example.org",
		.issuer = "Example",
		.label = "alice@host",
		.credential = &letter_credential};
	error = (struct error)ERROR_INIT;
	folder_begin();
	return 0;
}

static inline int letter_teardown(void **state)
{
	(void)state;
	letter_template_free(letter_template);
	letter_template = NULL;
	text_free(&drawn);
	folder_end();
	return 0;
}

static inline void letter_add_code(const char *code)
{
	struct emergency_codes *codes = &letter_credential.emergency_codes;

	snprintf(codes->code[codes->count++], sizeof codes->code[0], "%s", code);
}

/* Reads a template that consists of that text. name is letter.html or letter.txt. */
static inline int letter_read(const char *name, const char *text)
{
	letter_template_free(letter_template);
	letter_template = NULL;
	if (exists(name))
		assert_int_equal(unlink(in_folder(name)), 0);
	put_file(name, text, 0644);
	return letter_template_read(&letter_template, in_folder(name), &error);
}

/* Reads the built-in template, unless a template was read already. */
static inline void letter_read_built_in(void)
{
	if (letter_template == NULL &&
		letter_template_read(&letter_template, NULL, &error) != 0)
		fail_msg("%s", error.message);
}

/* Draws with the template that was read, or with the built-in one. */
static inline const char *letter_draw(enum letter_format format)
{
	letter_read_built_in();
	text_free(&drawn);
	if (letter_append(&letter, format, letter_template, &drawn, &error) != 0)
		fail_msg("%s", error.message);
	return drawn.data != NULL ? drawn.data : "";
}

/* Draws with a template of HTML or of plain text. */
static inline const char *letter_html(const char *text)
{
	if (letter_read("letter.html", text) != 0)
		fail_msg("%s", error.message);
	return letter_draw(LETTER_HTML);
}

static inline const char *letter_text(const char *text)
{
	if (letter_read("letter.txt", text) != 0)
		fail_msg("%s", error.message);
	return letter_draw(LETTER_TXT);
}

static inline void assert_contains(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no \"%s\" in %s", part, text);
}

static inline void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" is in %s", part, text);
}

#endif
