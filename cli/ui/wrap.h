/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lines of words for people, in any language: how wide they are, and where they may end. Words
 * are in the encoding of the calling thread's locale (LC_CTYPE); a byte that is no character of
 * it is one column wide.
 *
 * A line may end at a blank. Between letters of a language without blanks, such as Chinese and
 * Japanese, it may end too, but not so that a closing mark begins the next line or an opening
 * mark ends this one (the rules for the classes ID, CL, NS and OP of Unicode Standard Annex 14).
 * No letter is cut.
 */
#ifndef TOTPGROUP_CLI_UI_WRAP_H
#define TOTPGROUP_CLI_UI_WRAP_H

#include <stddef.h>

#include "base/text.h"

/* How many columns words, or their first length bytes, take on the screen: two for a letter of
 * double width, none for a mark that is put on another letter. */
size_t words_width(const char *words);
size_t words_width_of(const char *words, size_t length);

/*
 * Appends length bytes of words. The line has `column` columns already, and the lines that
 * follow are indented to it. No line is wider than width unless it has no place where it may
 * end. A number stays on the line of the word behind it where that is possible. width is
 * greater than column. The caller checks text->status.
 */
void wrapped_line_append(
	struct text *text, const char *words, size_t length, size_t column, size_t width);

/* Appends a line of words and a newline in the same way. Returns text->status. */
int wrapped_text_append(struct text *text, const char *words, size_t column, size_t width);

/* Appends words, which may have several lines, and breaks those that are too wide in the
 * same way: the rest is indented as the line is. Returns text->status. */
int fitted_text_append(struct text *text, const char *words, size_t width);

#endif
