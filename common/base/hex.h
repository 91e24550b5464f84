/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bytes as hexadecimal digits. */
#ifndef TOTPGROUP_BASE_HEX_H
#define TOTPGROUP_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes length digits, in either case, into length / 2 bytes. False, with bytes
 * wiped, where length is odd or a character is no digit. */
bool hex_decode(const char *digits, size_t length, uint8_t *bytes);

/* Encodes in lower case. digits must have room for 2 * length + 1, and is
 * NUL-terminated. */
void hex_encode(const uint8_t *bytes, size_t length, char *digits);

#endif
