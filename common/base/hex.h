/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hexadecimal digits. */
#ifndef TOTPGROUP_BASE_HEX_H
#define TOTPGROUP_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes an even number of digits, in either case, into half as many bytes.
 * False, with no bytes left behind, where the number is odd or another
 * character among them. */
bool hex_decode(const char *digits, size_t length, uint8_t *bytes);

/* Encodes in lower case; digits must have room for 2 * length + 1 and is
 * NUL-terminated. */
void hex_encode(const uint8_t *bytes, size_t length, char *digits);

#endif
