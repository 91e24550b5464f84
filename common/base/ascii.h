/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Characters of ASCII, independent of the locale. */
#ifndef TOTPGROUP_BASE_ASCII_H
#define TOTPGROUP_BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline bool ascii_is_blank(char character)
{
	return character == ' ' || character == '\t';
}

/* Whether length characters are that word, in upper or lower case. */
bool ascii_is_word(const char *characters, size_t length, const char *word);

/* Whether one of length characters is a control character, such as NUL. */
bool ascii_has_control(const char *characters, size_t length);

/* Writes '?' over each byte of the control characters of a string, ASCII's and those of UTF-8. */
void ascii_hide_controls(char *text);

#endif
