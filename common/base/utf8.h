/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Characters in bytes that may be anything. */
#ifndef TOTPGROUP_BASE_UTF8_H
#define TOTPGROUP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands for a byte that is no character, or for one that must not be shown:
 * U+FFFD. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* How many bytes the character takes that begins a NUL-terminated text; 0 for NUL,
 * and where none does: the byte is then of no character that UTF-8 has. */
size_t utf8_length(const char *text);

/* Whether a character of that many bytes has a shape, rather than breaking the line,
 * moving the cursor or turning round the text behind it. A blank has. */
bool utf8_is_shown(const char *character, size_t length);

/* Puts a '?' in place of each byte that belongs to no character which is shown. */
void utf8_hide_unshown(char *text);

/* Writes the character of that number and says how many bytes it takes; 0 for half of
 * a surrogate pair or a number beyond U+10FFFF. */
size_t utf8_write(uint32_t character, char bytes[4]);

#endif
