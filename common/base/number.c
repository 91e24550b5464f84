/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/number.h"

/* Appends one digit to *number. Counts downwards for a negative number, so that
 * INT64_MIN needs no special case. */
static bool append_digit(int64_t *number, char character, bool negative)
{
	int digit = character - '0';

	if (digit < 0 || digit > 9)
		return false;
	if (__builtin_mul_overflow(*number, 10, number))
		return false;
	return !__builtin_add_overflow(*number, negative ? -digit : digit, number);
}

bool number_parse(
	const char *digits, size_t length, int64_t minimum, int64_t maximum, int64_t *value)
{
	bool negative = minimum < 0 && length > 0 && digits[0] == '-';
	size_t start = negative ? 1 : 0;
	int64_t number = 0;

	if (length == start)
		return false;
	for (size_t i = start; i < length; i++) {
		if (!append_digit(&number, digits[i], negative))
			return false;
	}
	if (number < minimum || number > maximum)
		return false;
	*value = number;
	return true;
}

bool number_parse_octal(const char *digits, size_t length, uint32_t maximum, uint32_t *value)
{
	uint32_t number = 0;

	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (digits[i] < '0' || digits[i] > '7')
			return false;
		if (number > UINT32_MAX / 8)
			return false;
		number = number * 8 + (uint32_t)(digits[i] - '0');
	}
	if (number > maximum)
		return false;
	*value = number;
	return true;
}
