/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/words.h"

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

/* The length of the next line, which ends at a blank if there is one. */
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

		text_append_format(text, "%.*s\n", (int)length, words);
		words += length;
		words += strspn(words, " ");
		if (*words == '\0')
			return text->status;
		text_append_format(text, "%*s", (int)column, "");
	}
}

char *shell_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._+@:,-";
	struct text text = TEXT_INIT;

	if (*word != '\0' && word[strspn(word, plain)] == '\0')
		return strdup(word);
	text_append_string(&text, "'");
	for (; *word != '\0'; word++)
		if (*word == '\'')
			text_append_string(&text, "'\\''");
		else
			text_append(&text, word, 1);
	if (text_append_string(&text, "'") == 0)
		return text.data;
	text_free(&text);
	return NULL;
}
