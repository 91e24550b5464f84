/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/wrapped_text.h"

#include <string.h>

#include "cli/ui/terminal.h"

#define USUAL_WIDTH 80
#define LEAST_WIDTH 40

size_t wrapped_text_width(void)
{
	unsigned int columns, rows;

	if (!terminal_size(&columns, &rows) || columns == 0)
		return USUAL_WIDTH;
	return columns < LEAST_WIDTH ? LEAST_WIDTH : columns;
}

/* The length of the next piece that fits: up to a blank, if there is one. */
static size_t piece_length(const char *words, size_t width)
{
	size_t length = strlen(words);
	size_t end = width;

	if (length <= width)
		return length;
	while (end > 0 && words[end] != ' ')
		end--;
	return end > 0 ? end : strcspn(words, " ");
}

int wrapped_text_append(struct text *text, const char *words, size_t column, size_t width)
{
	for (;;) {
		size_t length = piece_length(words, width - column);
		int status = text_append_format(text, "%.*s\n", (int)length, words);

		words += length;
		words += strspn(words, " ");
		if (status != 0 || *words == '\0')
			return status;
		status = text_append_format(text, "%*s", (int)column, "");
		if (status != 0)
			return status;
	}
}
