/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/utf8.h"

#include <string.h>

/* The first byte tells the length. The first two tell whether the form is too long,
 * half of a surrogate pair, or beyond U+10FFFF. */
static size_t announced_length(const unsigned char *byte)
{
	if (byte[0] < 0x80)
		return byte[0] != 0;
	if (byte[0] >= 0xc2 && byte[0] <= 0xdf)
		return 2;
	if (byte[0] >= 0xe0 && byte[0] <= 0xef) {
		if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f))
			return 0;
		return 3;
	}
	if (byte[0] >= 0xf0 && byte[0] <= 0xf4) {
		if ((byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

size_t utf8_length(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t length = announced_length(byte);

	for (size_t i = 1; i < length; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static uint32_t decode(const unsigned char *byte, size_t length)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t character = byte[0] & masks[length];

	for (size_t i = 1; i < length; i++)
		character = character << 6 | (byte[i] & 0x3f);
	return character;
}

bool utf8_is_shown(const char *character, size_t length)
{
	uint32_t number;

	if (length == 0 || length > 4)
		return false;
	number = decode((const unsigned char *)character, length);
	return number >= 0x20 && (number < 0x7f || number > 0x9f) &&
	       /* Not a mark of direction, line separator, embedding or isolate. */
	       number != 0x61c && number != 0x200e && number != 0x200f &&
	       (number < 0x2028 || number > 0x202e) && (number < 0x2066 || number > 0x2069) &&
	       number != 0xfeff;
}

static void hide_unshown(char *text)
{
	while (*text != '\0') {
		size_t length = utf8_length(text);

		if (!utf8_is_shown(text, length)) {
			length = length > 0 ? length : 1;
			memset(text, '?', length);
		}
		text += length;
	}
}

void utf8_copy_shown(char *copy, size_t size, const char *text, size_t length)
{
	size_t kept = length < size ? length : size - 1;

	/* Cut before a character, not within one. */
	while (kept > 0 && kept < length && ((unsigned char)text[kept] & 0xc0) == 0x80)
		kept--;
	memcpy(copy, text, kept);
	copy[kept] = '\0';
	hide_unshown(copy);
}

size_t utf8_write(uint32_t character, char bytes[4])
{
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t length = character < 0x80      ? 1
			: character < 0x800   ? 2
			: character < 0x10000 ? 3
					      : 4;

	if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
		return 0;
	for (size_t i = length; i-- > 1; character >>= 6)
		bytes[i] = (char)(0x80 | (character & 0x3f));
	bytes[0] = (char)(marks[length] | character);
	return length;
}

size_t utf8_blank_length(const char *text, size_t length)
{
	switch (length > 0 ? text[0] : '\0') {
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		return 1;
	case '\xc2':
		return length >= 2 && text[1] == '\xa0' ? 2 : 0;
	case '\xe2':
		return length >= 3 && text[1] == '\x80' &&
				       (text[2] == '\x87' || text[2] == '\xaf')
			       ? 3
			       : 0;
	default:
		return 0;
	}
}
