/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/shell_word.h"

#include <string.h>

#include "base/text.h"

char *shell_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._+@:,-";
	struct text text = TEXT_INIT;
	int status = 0;

	if (*word != '\0' && word[strspn(word, plain)] == '\0')
		return strdup(word);
	status = text_append(&text, "'", 1);
	for (; *word != '\0' && status == 0; word++)
		status = *word == '\'' ? text_append(&text, "'\\''", 4)
				       : text_append(&text, word, 1);
	if (status == 0)
		status = text_append(&text, "'", 1);
	if (status == 0)
		return text.data;
	text_free(&text);
	return NULL;
}
