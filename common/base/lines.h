/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines of a text, and the words of a line. */
#ifndef TOTPGROUP_BASE_LINES_H
#define TOTPGROUP_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Begins as {text, length}. The text must outlive it. */
struct lines {
	const char *text;
	size_t length;
	size_t at;	     /* where the next line starts */
	unsigned int number; /* of the latest line, counted from 1 */
};

/* Gives the next line without its LF, and without a CR before the LF; false at
 * the end. The last line may lack its LF. */
bool lines_next(struct lines *lines, const char **line, size_t *length);

/* Takes the next word, up to a blank or tab, off the front of a line; false where
 * no word is left. */
bool lines_next_word(const char **rest, size_t *rest_length, const char **word, size_t *length);

/* A word inside a text: not NUL-terminated. */
struct word {
	const char *start;
	size_t length;
};

/* Whether the word is that string. */
bool word_is(const struct word *word, const char *string);

/* Takes all characters before a separator, and the separator, off the front of rest;
 * all of rest where there is no separator. */
struct word word_take_until(struct word *rest, char separator);

#endif
