/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/wrap.h"

#include <stdbool.h>

#include "base/lines.h"

/* A column for each character: those that take two, or none, are not told apart. */
static size_t count_columns(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += (text[i] & 0xc0) != 0x80;
	return columns;
}

/* How far the lines are indented that one is broken into. */
static size_t hanging(const char *line, size_t length)
{
	size_t blanks = 0, mark;
	char sign;

	while (blanks < length && line[blanks] == ' ')
		blanks++;
	mark = blanks;
	while (mark < length && line[mark] >= '0' && line[mark] <= '9')
		mark++;
	sign = mark > blanks ? '.' : '-';
	if (mark + 1 < length && line[mark] == sign && line[mark + 1] == ' ')
		return mark + 2;
	return blanks;
}

/* The length of what fits into so many columns: up to a blank, or one word. */
static size_t fitting(const char *line, size_t length, size_t columns)
{
	size_t best = 0;

	for (size_t i = 1; i <= length; i++) {
		if (i < length && line[i] != ' ')
			continue;
		if (best > 0 && count_columns(line, i) > columns)
			return best;
		best = i;
	}
	return best;
}

static int wrap_line(const char *line, size_t length, struct text *text)
{
	size_t indent = hanging(line, length);
	size_t columns = indent < LETTER_WRAP_COLUMNS ? LETTER_WRAP_COLUMNS - indent : 1;
	int result = text_append(text, line, indent);

	line += indent;
	length -= indent;
	while (result == 0 && length > 0) {
		size_t piece = fitting(line, length, columns);

		result = text_append(text, line, piece);
		line += piece;
		length -= piece;
		while (length > 0 && *line == ' ') {
			line++;
			length--;
		}
		if (result == 0 && length > 0)
			result = text_append_format(text, "\n%*s", (int)indent, "");
	}
	return result;
}

int letter_wrap(const struct text *lines, struct text *text)
{
	struct lines reader = {.text = lines->data, .length = lines->length};
	const char *line;
	size_t length;
	int result = 0;

	while (result == 0 && lines_next(&reader, &line, &length)) {
		bool fits = count_columns(line, length) <= LETTER_WRAP_COLUMNS;

		result = fits ? text_append(text, line, length) : wrap_line(line, length, text);
		if (result == 0)
			result = text_append(text, "\n", 1);
	}
	return result;
}
