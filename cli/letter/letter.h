/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The letter for a user who was enrolled by somebody else, or its QR code alone. This turns
 * facts into text. It writes no file, asks nobody and keeps no state but the template.
 *
 * Functions return 0 or a TOTPGROUP_E... . Where they take an error it gets a message,
 * which holds no secret. What they append is secret and UTF-8.
 */
#ifndef TOTPGROUP_CLI_LETTER_LETTER_H
#define TOTPGROUP_CLI_LETTER_LETTER_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/qr.h"
#include "base/text.h"
#include "core/new_credential.h"

/* The file of one user. */
enum letter_format {
	LETTER_SVG,  /* the QR code alone, as a drawing */
	LETTER_PNG,  /* the QR code alone, as an image: bytes, not text */
	LETTER_HTML, /* a page that needs no other file, to be printed or looked at */
	LETTER_TXT,  /* for mail: lines of 72 columns */
	LETTER_FORMATS,
};

/* What the letters of all users have in common. Strings are as in struct letter, but NULL where
 * it is not known. Begins zeroed; the caller frees logo. */
struct letter_house {
	const char *organization; /* that sends the letters */
	const char *contact;	  /* whom users ask: a name, a number, an address */
	struct text logo;	  /* a PNG file of letter_logo_read(); empty: none */
	const char *prompt;	  /* at which users type the code */
	bool with_password;	  /* they type their password before it, in one line */
	int year, month, day;	  /* of the letters; the day 0: none */
};

/* The strings may hold any bytes, because anybody may have chosen them. Bytes that are
 * not UTF-8, and control characters, are shown as U+FFFD. None is NULL. */
struct letter {
	const struct letter_house *house; /* NULL: nothing in common is known */
	const char *user;		  /* login name */
	const char *full_name;		  /* may be empty */
	const char *host;		  /* that the user logs in to */
	const char *issuer;		  /* for the app; may be empty */
	const char *label;		  /* the account name in the app */
	const struct new_credential *credential;
	int64_t pending_until; /* a first code must come before; seconds since 1970, or 0 */
};

/*
 * Reads a logo into a text that must be TEXT_INIT, which the caller frees: a PNG file of at most
 * 64 KiB and 2048 pixels on a side, without anything in it that is not needed for the picture.
 * Path and rights are checked as those of a template. TOTPGROUP_ECONFIG where it is no such
 * file. An SVG file is none: it could bring scripts and links into a letter with secrets.
 */
int letter_logo_read(struct text *logo, const char *path, struct error *error);

/* Sets the day of the letters to that of a time in seconds since 1970, in this host's time zone;
 * or, where the environment has SOURCE_DATE_EPOCH, to the day of that in UTC.
 * TOTPGROUP_ECONFIG where that is no time. */
int letter_house_set_day(struct letter_house *house, int64_t now, struct error *error);

/* Wording and layout of letters: totpgroup-letter(5). */
struct letter_template;

/*
 * Reads the administrator's template, which replaces the built-in letter of its format and
 * leaves the other as it is; where path is NULL, both are built in. The caller ends it with
 * letter_template_free(); after an error it is NULL. Messages name file and line.
 *
 * TOTPGROUP_ECONFIG where something in it is unknown or malformed, and for a name that
 * ends neither in .html nor in .txt. TOTPGROUP_EUNSAFE where another user could change the
 * file (config_file_read()). TOTPGROUP_ENOTFOUND, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int letter_template_read(
	struct letter_template **letter_template, const char *path, struct error *error);

/*
 * Sets the language of letters with this template: de, pt_BR, as gettext names them; NULL
 * is English, as it is without this call. Neither the program's
 * locale nor LANG matters. The environment variable LANGUAGE of the process is set, so one
 * language can be used at a time.
 *
 * TOTPGROUP_ECONFIG for a language without a translation; the message lists those that
 * have one. TOTPGROUP_EMEMORY.
 */
int letter_template_set_language(
	struct letter_template *letter_template, const char *language, struct error *error);

/* Whether the letter of this format is the administrator's own. */
bool letter_template_replaces(
	const struct letter_template *letter_template, enum letter_format format);

/* NULL is allowed. */
void letter_template_free(struct letter_template *letter_template);

/* Appends the file of one user. After an error, whose message names the user, text is as
 * it was before. So it is for the next three functions. */
int letter_append(const struct letter *letter, enum letter_format format,
	const struct letter_template *letter_template, struct text *text, struct error *error);

/* A print run is one HTML file with a page for each user: begin, any number of pages, end.
 * With one page it is the letter of that user. house may be NULL. */
int letter_run_begin(const struct letter_house *house,
	const struct letter_template *letter_template, struct text *text, struct error *error);
int letter_run_page(const struct letter *letter, const struct letter_template *letter_template,
	struct text *text, struct error *error);
int letter_run_end(const struct letter_house *house,
	const struct letter_template *letter_template, struct text *text, struct error *error);

/*
 * The rest is for the files of this folder.
 *
 * letter.c
 */

/* Reads a template or a picture, which nobody else may be able to change, as
 * letter_template_read() does. The caller frees bytes, after an error too. */
int letter_file_read(struct text *bytes, const char *path, struct error *error);

/*
 * language.c
 */

/*
 * Finds a locale for uselocale() in which translate() gives that language, in UTF-8,
 * whatever the environment says; else as letter_template_set_language(). The caller ends
 * it with freelocale().
 */
int letter_language_find(const char *language, locale_t *locale, struct error *error);

/* The value `lang`: the language that translate() gives, as HTML names it: de, pt-BR. */
int letter_language_append(const struct letter *letter, struct text *text);

/*
 * qr.c: the QR code of a letter. Errors are those of qr_encode() and otpauth_uri_append().
 */

/* Appends an <svg> element, which is also a complete file: black on white whatever is
 * around it, and of any size. */
int letter_qr_append_svg(const struct letter *letter, struct text *text);

/* Appends the bytes of a PNG file with one bit for each pixel. TOTPGROUP_EARGUMENT where
 * libpng refuses. Memory that libpng frees is erased. */
int letter_qr_append_png(const struct letter *letter, struct text *text);

/* The same pictures of any QR code. */
int letter_qr_draw_svg(const struct qr *qr, struct text *text);
int letter_qr_draw_png(const struct qr *qr, struct text *text);

/*
 * values.c: the names that a template can use.
 */

enum letter_value_kind {
	LETTER_VALUE_WORDS,
	LETTER_VALUE_LIST,   /* lines: items in HTML, one below the other in text */
	LETTER_VALUE_MARKUP, /* HTML that is not escaped, and so not for text */
};

/* A row of the table. Where `common` is set, the letter may have nothing but its house. */
struct letter_value {
	const char *name;
	/* Appends the value, not escaped. NULL for a name that is a condition only. */
	int (*append)(const struct letter *letter, struct text *text);
	/* Whether the section of that name is shown. NULL where there is no such section. */
	bool (*holds)(const struct letter *letter);
	enum letter_value_kind kind;
	bool common; /* the same for every user */
};

/* Ended by a row whose name is NULL. */
extern const struct letter_value letter_values[];

/* Finds the row that length bytes name; NULL where there is none. */
const struct letter_value *letter_value_find(const char *name, size_t length);

/*
 * markup.c: reads a template once.
 */

/* Sections within sections. */
#define LETTER_MARKUP_DEPTH_MAX 8

enum markup_kind {
	MARKUP_LITERAL,
	MARKUP_VALUE,
	MARKUP_SENTENCE,
	MARKUP_SECTION,
};

struct markup_node {
	enum markup_kind kind;
	const char *literal; /* in the source */
	size_t length;
	char *sentence; /* owned; each run of blanks and line ends is one blank */
	const struct letter_value *value; /* of a value or a section */
	bool inverted; /* the section is shown where the value does not hold */
	size_t end;    /* of a section: the index of the node behind it */
};

/* Begins zeroed, ends with letter_markup_free(). */
struct letter_markup {
	struct text source;
	bool html; /* values are escaped; else it is plain text */
	struct markup_node *nodes;
	size_t count;
	size_t capacity;
	/* The nodes from `page` to before `page_end` depend on the user; the others do not. */
	size_t page;
	size_t page_end;
};

/*
 * Parses markup->source, which messages call `name`.
 *
 * TOTPGROUP_ECONFIG for a placeholder that is unknown or malformed, for sections that are
 * not closed or cross each other, and in HTML for no page, for two pages, and for values of
 * the user outside the page. TOTPGROUP_EMEMORY.
 */
int letter_markup_parse(struct letter_markup *markup, const char *name, struct error *error);

/* Takes the next {name} off a sentence: gives the text before it and the value; at the end,
 * the rest and NULL. Where the name is unknown it returns false, and *before and
 * *before_length are that name. */
bool letter_markup_next(const char **sentence, const char **before, size_t *before_length,
	const struct letter_value **value);

void letter_markup_free(struct letter_markup *markup);

/*
 * render.c: puts the values of a user into a template.
 */

/* Appends the nodes `from` to before `end`. For nodes outside the page, the letter may have
 * nothing but its house. Lines of a plain text have no more than 72 columns (wrap.h); the rest
 * of a line is indented as its beginning is, or as the words behind "1. " or "- ". Errors are
 * those of the values. */
int letter_render(const struct letter_markup *markup, size_t from, size_t end,
	const struct letter *letter, struct text *text);

#endif
