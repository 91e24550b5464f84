/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/base32.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/wipe.h"
#include "totpgroup.h"

/*
 * A table would be indexed by the secret, and other processes can see which of
 * its cache lines were touched. So values are computed: each helper gives all
 * ones or all zeros, and the results are masked together.
 */

/* All ones where low <= c <= high. All three must be less than 256. */
static uint32_t mask_range(uint32_t c, uint32_t low, uint32_t high)
{
	return (((c - low) | (high - c)) >> 31) - 1;
}

static uint32_t mask_equal(uint32_t c, uint32_t other)
{
	return mask_range(c, other, other);
}

/* The five bits of a character. Clears *valid for a character that has none. */
static uint32_t character_value(uint32_t c, uint32_t *valid)
{
	uint32_t lower = c | 0x20;
	uint32_t letter = mask_range(lower, 'a', 'z');
	uint32_t digit = mask_range(c, '2', '7');
	uint32_t zero = mask_equal(c, '0');
	uint32_t one = mask_equal(c, '1');
	uint32_t eight = mask_equal(c, '8');

	*valid &= letter | digit | zero | one | eight;
	return (letter & (lower - 'a')) | (digit & (c - '2' + 26)) | (zero & ('O' - 'A')) |
	       (one & ('L' - 'A')) | (eight & ('B' - 'A'));
}

/* The positions of gaps are no secret, so this may branch. All that base32 has is behind '-'. */
static bool is_skipped(char c)
{
	if (c > '-')
		return false;
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-';
}

int base32_decode(const char *characters, size_t length, uint8_t *bytes, size_t *decoded)
{
	uint32_t valid = UINT32_MAX;
	uint32_t buffer = 0;
	unsigned int bits = 0;
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		if (is_skipped(characters[i]))
			continue;
		buffer = buffer << 5 | character_value((unsigned char)characters[i], &valid);
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			bytes[count++] = (uint8_t)(buffer >> bits);
		}
	}
	WIPE_OBJECT(&buffer);
	*decoded = count;
	if (valid != 0)
		return 0;
	explicit_bzero(bytes, count);
	*decoded = 0;
	return TOTPGROUP_EFORMAT;
}

enum base32_kind base32_check(const char *characters, size_t length)
{
	uint32_t valid = UINT32_MAX;
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		uint32_t c = (unsigned char)characters[i];

		if (is_skipped(characters[i]))
			continue;
		valid &= mask_range(c | 0x20, 'a', 'z') | mask_range(c, '2', '7');
		count++;
	}
	if (valid == 0)
		return BASE32_FOREIGN;
	/* Eight characters are five bytes. */
	return count % 8 == 1 || count % 8 == 3 || count % 8 == 6 ? BASE32_CUT : BASE32_EXACT;
}

/* 'A' to 'Z' for 0 to 25, '2' to '7' for the rest. */
static char value_character(uint32_t value)
{
	uint32_t digit = mask_range(value, 26, 31);

	return (char)('A' + value - (digit & ('A' + 26 - '2')));
}

void base32_encode(const uint8_t *bytes, size_t length, char *characters)
{
	uint32_t buffer = 0;
	unsigned int bits = 0;

	for (size_t i = 0; i < length; i++) {
		buffer = buffer << 8 | bytes[i];
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			*characters++ = value_character(buffer >> bits & 31);
		}
	}
	if (bits > 0)
		*characters++ = value_character(buffer << (5 - bits) & 31);
	*characters = '\0';
	WIPE_OBJECT(&buffer);
}

int base32_append(struct text *text, const uint8_t *bytes, size_t length)
{
	size_t size = BASE32_LENGTH(length) + 1;
	char *characters = malloc(size);

	if (characters == NULL)
		return text->status = TOTPGROUP_EMEMORY;
	base32_encode(bytes, length, characters);
	(void)text_append(text, characters, size - 1);
	wipe_free(characters, size);
	return text->status;
}
