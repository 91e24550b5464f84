/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/hex.h"

#include "base/wipe.h"

/* 16 for a character that is no digit. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 16;
}

bool hex_decode(const char *digits, size_t length, uint8_t *bytes)
{
	if (length % 2 != 0)
		return false;
	for (size_t i = 0; i < length; i += 2) {
		unsigned int high = digit_value(digits[i]);
		unsigned int low = digit_value(digits[i + 1]);

		if (high > 15 || low > 15) {
			explicit_bzero(bytes, i / 2);
			return false;
		}
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static char digit(unsigned int value)
{
	return (char)(value < 10 ? '0' + value : 'a' + value - 10);
}

void hex_encode(const uint8_t *bytes, size_t length, char *digits)
{
	for (size_t i = 0; i < length; i++) {
		*digits++ = digit(bytes[i] >> 4);
		*digits++ = digit(bytes[i] & 15);
	}
	*digits = '\0';
}
