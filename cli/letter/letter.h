/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a user gets who was enrolled by somebody else: a letter, or its QR code alone.
 * From facts to text; nothing is written, asked or remembered here.
 *
 * Functions return 0 or a TOTPGROUP_E... with a message that names the user and holds
 * no secret; text is then as it was before. What they append is secret and UTF-8.
 */
#ifndef TOTPGROUP_CLI_LETTER_LETTER_H
#define TOTPGROUP_CLI_LETTER_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "core/new_credential.h"

/* One file for each user. */
enum letter_format {
	LETTER_SVG,  /* the QR code alone, as a drawing */
	LETTER_PNG,  /* and as an image: bytes, not text */
	LETTER_HTML, /* a page that needs nothing else, to be printed or looked at */
	LETTER_TXT,  /* for mail: lines of 72 columns */
	LETTER_FORMATS,
};

/* The strings are bytes that anybody may have chosen; what is no text of UTF-8 in
 * them is shown as U+FFFD. None is NULL. */
struct letter {
	const char *user;   /* login name */
	const char *host;   /* what the user logs in to */
	const char *issuer; /* for the app; may be empty */
	const char *label;  /* the account's name in the app */
	const struct new_credential *credential;
	int64_t pending_until; /* by when a first code must confirm, in seconds since
				* 1970; 0: no such time */
};

/* How letters are worded and laid out: totpgroup-letter(5). NULL in the calls below
 * is the built-in one, too, but costs more for each letter. */
struct letter_template;

/*
 * Reads the administrator's own template, which replaces the built-in letter of its
 * format and leaves the other as it is; with NULL for path, both are built in. It ends
 * with letter_template_free(). The messages name file and line.
 *
 * TOTPGROUP_ECONFIG where something in it is unknown or malformed, and for a name that
 * ends neither in .html nor in .txt. TOTPGROUP_EUNSAFE for a file that could be
 * another's (config_file_read()). TOTPGROUP_ENOTFOUND, TOTPGROUP_ESYSTEM,
 * TOTPGROUP_EMEMORY.
 */
int letter_template_read(
	struct letter_template **letter_template, const char *path, struct error *error);

/*
 * Letters made with this template are in that language from now on: de, pt_BR, as
 * gettext has them; NULL is English. Without this call they are in the language of the
 * program. Neither the locale of the program nor LANG matters, but the variable
 * LANGUAGE of the process is set, so that one language can be used at a time.
 *
 * TOTPGROUP_ECONFIG for one that is not translated, with those that are.
 * TOTPGROUP_EMEMORY.
 */
int letter_template_set_language(
	struct letter_template *letter_template, const char *language, struct error *error);

/* Whether the letter of this format is the administrator's own. */
bool letter_template_replaces(
	const struct letter_template *letter_template, enum letter_format format);

/* NULL is allowed. */
void letter_template_free(struct letter_template *letter_template);

/* Appends the file of one user, in the language of the template. */
int letter_append(const struct letter *letter, enum letter_format format,
	const struct letter_template *letter_template, struct text *text, struct error *error);

/* A print run: one HTML file with a page for each user. begin, then any number of
 * pages, then end; what was appended may be taken away in between. */
int letter_run_begin(
	const struct letter_template *letter_template, struct text *text, struct error *error);
int letter_run_page(const struct letter *letter, const struct letter_template *letter_template,
	struct text *text, struct error *error);
int letter_run_end(
	const struct letter_template *letter_template, struct text *text, struct error *error);

#endif
