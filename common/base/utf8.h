/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Characters of UTF-8 in bytes that need not be valid. */
#ifndef TOTPGROUP_BASE_UTF8_H
#define TOTPGROUP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* U+FFFD, shown in place of an invalid byte or a character that must not be shown. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* How many bytes the first character of a NUL-terminated text takes; 0 for NUL, and
 * for a byte that begins no valid character. */
size_t utf8_length(const char *text);

/*
 * How many bytes of a text the first character takes if it is a blank, a line end or a blank
 * that does not break a line (U+00A0, U+2007, U+202F), as phones and web pages put them into
 * codes and secrets; 0 for any other, and where length is 0.
 */
size_t utf8_blank_length(const char *text, size_t length);

/* Whether a valid character of length bytes can be shown: it does not break the line,
 * move the cursor or change the direction of text. Blanks can. */
bool utf8_is_shown(const char *character, size_t length);

/* Copies as many whole characters as fit into size bytes, NUL-terminated, with '?' for
 * each byte that belongs to no character which can be shown. */
void utf8_copy_shown(char *copy, size_t size, const char *text, size_t length);

/* Writes a character and returns how many bytes it takes; 0 for half of a surrogate
 * pair and for a number beyond U+10FFFF. */
size_t utf8_write(uint32_t character, char bytes[4]);

#endif
