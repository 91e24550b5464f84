/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/base64.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/wipe.h"
#include "totpgroup.h"

#define BLOCK_GROUPS 16

/* Six bytes are loaded and stored as eight, whose last two belong to the next six. */
#define SPARE 2

/*
 * What is coded is random, and may be a key: a branch would be mispredicted at every other digit,
 * and its time, or that of a look into a table, would tell about the digit. So eight digits are
 * computed at once, one in each byte of a word, the first in the highest one. No byte carries into
 * the next: sums stay below 256, and no difference is below 0.
 */
#define EVERY(byte) ((byte)*UINT64_C(0x0101010101010101))
#define HIGH_BITS   EVERY(0x80)

/* All ones in each byte that is at least `low`; all bytes are below 128. */
static uint64_t at_least(uint64_t word, uint64_t low)
{
	return ((word + EVERY(128 - low)) & HIGH_BITS) / 128 * 255;
}

/* All ones in each byte from low to high. */
static uint64_t within(uint64_t word, uint64_t low, uint64_t high)
{
	return at_least(word, low) & ~at_least(word, high + 1);
}

/* The first of eight bytes is in the highest byte of a word. */
static uint64_t load(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return be64toh(word);
}

static void store(uint64_t word, char *bytes)
{
	word = htobe64(word);
	memcpy(bytes, &word, sizeof word);
}

/* The values of eight digits. Returns whether all are digits. */
static bool find_values(uint64_t digits, uint64_t *values)
{
	uint64_t c = digits & ~HIGH_BITS;
	uint64_t upper = within(c, 'A', 'Z'), lower = within(c, 'a', 'z');
	uint64_t number = within(c, '0', '9');
	uint64_t plus = within(c, '+', '+') | within(c, '-', '-');
	uint64_t slash = within(c, '/', '/') | within(c, '_', '_');

	*values = ((upper | lower | number) & c) - (upper & EVERY('A')) -
		  (lower & EVERY('a' - 26)) + (number & EVERY(52 - '0')) + (plus & EVERY(62)) +
		  (slash & EVERY(63));
	return ((~(upper | lower | number | plus | slash)) | (digits & HIGH_BITS)) == 0;
}

static uint64_t find_digits(uint64_t values)
{
	return values + EVERY('A') + (at_least(values, 26) & EVERY('a' - 26 - 'A')) -
	       (at_least(values, 52) & EVERY('a' - 26 - '0' + 52)) -
	       (at_least(values, 62) & EVERY('0' - 52 - '+' + 62)) +
	       (at_least(values, 63) & EVERY('/' - '+' - 1));
}

/* Eight bytes of six bits become six bytes. */
static uint64_t pack(uint64_t values)
{
	uint64_t pairs = (values & UINT64_C(0x003f003f003f003f)) |
			 (values & UINT64_C(0x3f003f003f003f00)) >> 2;
	uint64_t groups = (pairs & UINT64_C(0x00000fff00000fff)) |
			  (pairs & UINT64_C(0x0fff00000fff0000)) >> 4;

	return (groups & 0xffffff) | groups >> 32 << 24;
}

/* Six bytes become eight of six bits. */
static uint64_t unpack(uint64_t bytes)
{
	uint64_t groups = (bytes & 0xffffff) | bytes >> 24 << 32;
	uint64_t pairs = (groups & UINT64_C(0x00000fff00000fff)) |
			 (groups & UINT64_C(0x00fff00000fff000)) << 4;

	return (pairs & UINT64_C(0x003f003f003f003f)) | (pairs & UINT64_C(0x0fc00fc00fc00fc0))
								<< 2;
}

/* Two digits make one byte, three make two, four make three. */
static int decode_block(struct text *bytes, const char *digits, size_t count)
{
	char padded[4 * BLOCK_GROUPS], block[3 * BLOCK_GROUPS + SPARE];
	uint64_t values;
	bool good = true;
	int status;

	memset(padded, 'A', sizeof padded);
	memcpy(padded, digits, count);
	for (size_t i = 0; i < count; i += 8) {
		good = find_values(load(padded + i), &values) && good;
		store(pack(values) << 16, block + i / 4 * 3);
	}
	status = good ? text_append(bytes, block, count * 3 / 4) : TOTPGROUP_EFORMAT;
	WIPE_ARRAY(padded);
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

static void encode_block(struct text *characters, const char *bytes, size_t count)
{
	char padded[3 * BLOCK_GROUPS + SPARE] = {0}, block[4 * BLOCK_GROUPS];
	size_t digits = (count * 4 + 2) / 3, length = (count + 2) / 3 * 4;

	memcpy(padded, bytes, count);
	for (size_t i = 0; i < count; i += 6)
		store(find_digits(unpack(load(padded + i) >> 16)), block + i / 3 * 4);
	memset(block + digits, '=', length - digits);
	(void)text_append(characters, block, length);
	WIPE_ARRAY(padded);
	WIPE_ARRAY(block);
}

int base64_encode(struct text *characters, const char *bytes, size_t length)
{
	const size_t most = 3 * BLOCK_GROUPS;

	for (size_t i = 0; i < length; i += most)
		encode_block(characters, bytes + i, length - i < most ? length - i : most);
	return characters->status;
}
