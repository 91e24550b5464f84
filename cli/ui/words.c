/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/words.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

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

/* The bytes of the next character. *columns is how wide it is on the screen. */
static size_t next_character(const char *text, size_t length, size_t *columns)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t bytes;
	int width;

	/* The same in all character sets of a locale, and most of what is measured. */
	if (*text >= ' ' && *text <= '~') {
		*columns = 1;
		return 1;
	}
	bytes = mbrtowc(&wide, text, length, &state);
	width = bytes > 0 && bytes <= length ? wcwidth(wide) : -1;

	*columns = width >= 0 ? (size_t)width : 1;
	return width >= 0 ? bytes : 1;
}

size_t words_width(const char *words)
{
	size_t length = strlen(words), sum = 0, columns;

	for (size_t at = 0; at < length; sum += columns)
		at += next_character(words + at, length - at, &columns);
	return sum;
}

/* The bytes before the blank at which the line may end best. A number stays with the word
 * behind it, which may be its unit, where the line does not become too short by that. */
static size_t choose_end(size_t behind_word, size_t behind_number, size_t width)
{
	if (behind_word >= behind_number || behind_word >= width / 2)
		return behind_word;
	return behind_number;
}

/* The bytes of the next line: all, or those before a blank; a single word is never
 * broken. */
static size_t piece_length(const char *words, size_t length, size_t width)
{
	size_t behind_word = 0, behind_number = 0, sum = 0, at = 0;

	while (at < length) {
		size_t columns, bytes = next_character(words + at, length - at, &columns);
		bool blank = words[at] == ' ';

		if (blank && at > 0 && words[at - 1] >= '0' && words[at - 1] <= '9')
			behind_number = at;
		else if (blank && at > 0 && words[at - 1] != ' ')
			behind_word = at;
		sum += columns;
		at += bytes;
		if (sum <= width || blank)
			continue;
		if (behind_word > 0 || behind_number > 0)
			return choose_end(behind_word, behind_number, width);
		while (at < length && words[at] != ' ')
			at++;
		break;
	}
	return at;
}

/* Appends the words of one line, which begins at the column already; the other lines are
 * indented to it. */
static void append_line(
	struct text *text, const char *words, size_t length, size_t column, size_t width)
{
	for (;;) {
		size_t piece = piece_length(words, length, width - column), blanks;

		text_append(text, words, piece);
		words += piece;
		length -= piece;
		blanks = strspn(words, " ");
		if (blanks >= length)
			break;
		words += blanks;
		length -= blanks;
		text_append_format(text, "\n%*s", (int)column, "");
	}
	text_append(text, words, length);
}

int wrapped_text_append(struct text *text, const char *words, size_t column, size_t width)
{
	append_line(text, words, strlen(words), column, width);
	return text_append_string(text, "\n");
}

int fitted_text_append(struct text *text, const char *words, size_t width)
{
	while (*words != '\0') {
		size_t length = strcspn(words, "\n");
		size_t column = strspn(words, " ");

		if (column >= length || column > width / 2)
			column = 0;
		text_append(text, words, column);
		append_line(text, words + column, length - column, column, width);
		words += length;
		if (*words == '\n')
			text_append(text, words++, 1);
	}
	return text->status;
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
