/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/ascii.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ascii_is_word(const char *characters, size_t length, const char *word)
{
	if (strlen(word) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (lower(characters[i]) != lower(word[i]))
			return false;
	return true;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

bool ascii_has_control(const char *characters, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (is_control(characters[i]))
			return true;
	return false;
}

void ascii_hide_controls(char *text)
{
	for (; *text != '\0'; text++) {
		/* U+0080 to U+009F, which some terminals obey, in UTF-8. */
		const bool is_second = (unsigned char)text[0] == 0xc2 &&
				       ((unsigned char)text[1] & 0xe0U) == 0x80;

		if (is_second)
			text[1] = '?';
		if (is_second || is_control(*text))
			*text = '?';
	}
}
