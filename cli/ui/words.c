/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/words.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/ui/terminal.h"

#define USUAL_WIDTH 80
#define LEAST_WIDTH 40

size_t wrapped_text_width(void)
{
	unsigned int columns, rows;

	if (!terminal_size(STDOUT_FILENO, &columns, &rows))
		return USUAL_WIDTH;
	return columns < LEAST_WIDTH ? LEAST_WIDTH : columns;
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
