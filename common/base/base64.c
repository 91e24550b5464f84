/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/wipe.h"
#include "totpgroup.h"

#define BLOCK_GROUPS 16

/* All ones where low <= c <= high, otherwise 0. What is coded is random, and may be a key: a branch
 * would be mispredicted at every other digit, and its time would tell about the digit. */
static uint32_t within(uint32_t c, uint32_t low, uint32_t high)
{
	return 0 - (uint32_t)(c - low <= high - low);
}

/* 64 for a character that is no digit. */
static uint32_t digit_value(char character)
{
	uint32_t c = (unsigned char)character;
	uint32_t upper = within(c, 'A', 'Z'), lower = within(c, 'a', 'z');
	uint32_t number = within(c, '0', '9');
	uint32_t plus = within(c, '+', '+') | within(c, '-', '-');
	uint32_t slash = within(c, '/', '/') | within(c, '_', '_');

	return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (number & (c - '0' + 52)) |
	       (plus & 62) | (slash & 63) | (~(upper | lower | number | plus | slash) & 64);
}

static char digit(uint32_t value)
{
	return (char)((within(value, 0, 25) & (value + 'A')) |
		      (within(value, 26, 51) & (value - 26 + 'a')) |
		      (within(value, 52, 61) & (value - 52 + '0')) |
		      (within(value, 62, 62) & '+') | (within(value, 63, 63) & '/'));
}

/* Writes three bytes of up to four digits. Returns whether all are digits. */
static bool decode_group(const char *digits, size_t count, char bytes[3])
{
	uint32_t group = 0, all = 0;

	for (size_t i = 0; i < 4; i++) {
		uint32_t value = i < count ? digit_value(digits[i]) : 0;

		all |= value;
		group = group << 6 | (value & 63);
	}
	bytes[0] = (char)(group >> 16);
	bytes[1] = (char)(group >> 8 & 0xff);
	bytes[2] = (char)(group & 0xff);
	return (all & 64) == 0;
}

/* Two digits make one byte, three make two, four make three. */
static int decode_block(struct text *bytes, const char *digits, size_t count)
{
	char block[3 * BLOCK_GROUPS];
	bool good = true;
	int status;

	for (size_t i = 0; i < count; i += 4)
		good = decode_group(
			       digits + i, count - i < 4 ? count - i : 4, block + i / 4 * 3) &&
		       good;
	status = good ? text_append(bytes, block, count * 3 / 4) : TOTPGROUP_EFORMAT;
	WIPE_ARRAY(block);
	return status;
}

int base64_decode(struct text *bytes, const char *characters, size_t length)
{
	const size_t most = 4 * BLOCK_GROUPS;
	int status = 0;

	for (size_t padding = 0; padding < 2 && length > 0; padding++)
		if (characters[length - 1] == '=')
			length--;
	if (length % 4 == 1)
		return TOTPGROUP_EFORMAT;
	for (size_t i = 0; i < length && status == 0; i += most)
		status = decode_block(
			bytes, characters + i, length - i < most ? length - i : most);
	return status;
}

static void encode_group(const char *bytes, size_t count, char digits[4])
{
	uint32_t group = 0;

	for (size_t i = 0; i < 3; i++)
		group = group << 8 | (i < count ? (uint8_t)bytes[i] : 0);
	for (size_t i = 0; i < 4; i++)
		digits[i] = i <= count ? digit(group >> (18 - 6 * i) & 63) : '=';
}

static void encode_block(struct text *characters, const char *bytes, size_t count)
{
	char block[4 * BLOCK_GROUPS];
	size_t groups = (count + 2) / 3;

	for (size_t i = 0; i < groups; i++)
		encode_group(
			bytes + 3 * i, count - 3 * i < 3 ? count - 3 * i : 3, block + 4 * i);
	(void)text_append(characters, block, 4 * groups);
	WIPE_ARRAY(block);
}

int base64_encode(struct text *characters, const char *bytes, size_t length)
{
	const size_t most = 3 * BLOCK_GROUPS;

	for (size_t i = 0; i < length; i += most)
		encode_block(characters, bytes + i, length - i < most ? length - i : most);
	return characters->status;
}
