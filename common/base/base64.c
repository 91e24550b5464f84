/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/base64.h"

#include <stdint.h>

#include "base/wipe.h"
#include "totpgroup.h"

/* 64 for a character that is no digit. */
static uint32_t digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : 64;
}

static char digit(uint32_t value)
{
	if (value < 26)
		return (char)('A' + value);
	if (value < 52)
		return (char)('a' + value - 26);
	if (value < 62)
		return (char)('0' + value - 52);
	return value == 62 ? '+' : '/';
}

/* Two digits make one byte, three make two, four make three. */
static int decode_group(struct text *bytes, const char *digits, size_t count)
{
	uint32_t group = 0;
	char decoded[3];
	int status;

	for (size_t i = 0; i < 4; i++) {
		uint32_t value = i < count ? digit_value(digits[i]) : 0;

		if (value > 63)
			return TOTPGROUP_EFORMAT;
		group = group << 6 | value;
	}
	decoded[0] = (char)(group >> 16);
	decoded[1] = (char)(group >> 8 & 0xff);
	decoded[2] = (char)(group & 0xff);
	status = text_append(bytes, decoded, count - 1);
	WIPE_ARRAY(decoded);
	WIPE_OBJECT(&group);
	return status;
}

int base64_decode(struct text *bytes, const char *characters, size_t length)
{
	int status = 0;

	for (size_t padding = 0; padding < 2 && length > 0; padding++)
		if (characters[length - 1] == '=')
			length--;
	if (length % 4 == 1)
		return TOTPGROUP_EFORMAT;
	for (size_t i = 0; i < length && status == 0; i += 4)
		status = decode_group(bytes, characters + i, length - i < 4 ? length - i : 4);
	return status;
}

static void encode_group(struct text *characters, const char *bytes, size_t count)
{
	uint32_t group = 0;
	char digits[4];

	for (size_t i = 0; i < 3; i++)
		group = group << 8 | (i < count ? (uint8_t)bytes[i] : 0);
	for (size_t i = 0; i < 4; i++)
		digits[i] = i <= count ? digit(group >> (18 - 6 * i) & 63) : '=';
	(void)text_append(characters, digits, sizeof digits);
	WIPE_ARRAY(digits);
	WIPE_OBJECT(&group);
}

int base64_encode(struct text *characters, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i += 3)
		encode_group(characters, bytes + i, length - i < 3 ? length - i : 3);
	return characters->status;
}
