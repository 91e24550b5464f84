/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Words for people: in lines that fit the terminal, and quoted for a shell. */
#ifndef TOTPGROUP_CLI_UI_WORDS_H
#define TOTPGROUP_CLI_UI_WORDS_H

#include <stddef.h>

#include "base/text.h"

/* How many columns a line may have: as many as the terminal has, but at least 40; 80 where
 * standard output is no terminal. */
size_t wrapped_text_width(void);

/* How many columns the words take on the screen, as the locale says. */
size_t words_width(const char *words);

/*
 * Appends words and a newline. The first line starts at the column already, the others are
 * indented to it. Lines are broken at blanks, and no line is wider than width unless a
 * single word is. A number stays on the line of the word behind it where that is possible.
 * width is greater than column. Returns text->status.
 */
int wrapped_text_append(struct text *text, const char *words, size_t column, size_t width);

/* Appends words, which may have several lines, and breaks those that are too wide in the
 * same way: the rest is indented as the line is. Returns text->status. */
int fitted_text_append(struct text *text, const char *words, size_t width);

/* Quotes a word for the shell if it needs that. The caller frees it. NULL where memory is
 * out. */
char *shell_word(const char *word);

#endif
