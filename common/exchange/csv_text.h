/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Comma-separated values (RFC 4180) as text: values, quotes and lines. What values mean is not
 * known here. */
#ifndef TOTPGROUP_EXCHANGE_CSV_TEXT_H
#define TOTPGROUP_EXCHANGE_CSV_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

/* A text that is being read; owns nothing. Begins with csv_text_open(). */
struct csv_text {
	const char *text;
	size_t length;
	size_t at;
	char separator;
	unsigned int line; /* the line of `at`, counted from 1 */
};

/* What separates the values of the first line of a text: a comma, else a semicolon, as
 * spreadsheets of some languages write it, else a tab. A comma for a line without any. */
char csv_text_separator(const char *text, size_t length);

/* Begins at the front of a text, which must outlive the reader, with the separator of its first
 * line. Leaves out a byte order mark. */
void csv_text_open(struct csv_text *csv, const char *text, size_t length);

bool csv_text_at_end(const struct csv_text *csv);

/* The length of the line end here, 1 or 2; 0 where there is none. */
size_t csv_text_line_end(const struct csv_text *csv);

/* Moves to the next line, or to the end. */
void csv_text_skip_line(struct csv_text *csv);

/*
 * Appends one value to field, which is NUL-terminated then, and moves behind the separator or the
 * line end; *last is whether it was the line's last one. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT where quotes are malformed; the message does not name the line.
 */
int csv_text_read(struct csv_text *csv, struct text *field, bool *last, struct error *error);

/* Appends a value, in quotes where it needs them; NULL is an empty one. The caller checks
 * text->status. */
void csv_text_append(struct text *text, const char *value);

#endif
