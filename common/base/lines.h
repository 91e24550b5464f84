/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A text line by line. */
#ifndef TOTPGROUP_BASE_LINES_H
#define TOTPGROUP_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Begins as {text, length}, which must outlive it. */
struct lines {
	const char *text;
	size_t length;
	size_t at;	     /* where the next line starts */
	unsigned int number; /* of the line given last, counted from 1 */
};

/* Gives the next line without its LF, and without a CR before that; false at
 * the end. A last line may lack its LF. */
bool lines_next(struct lines *lines, const char **line, size_t *length);

/* Takes the next word, between blanks and tabs, off the front of a line; false
 * where there is none left. */
bool lines_next_word(const char **rest, size_t *rest_length, const char **word, size_t *length);

#endif
