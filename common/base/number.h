/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Strict reading of numbers: nothing but digits, and in range. */
#ifndef TOTPGROUP_BASE_NUMBER_H
#define TOTPGROUP_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads length bytes as a decimal number, with a leading '-' where minimum is
 * negative, and without blanks or '+'. Returns false, and leaves *value
 * unchanged, when they are malformed or the number is outside minimum..maximum.
 */
bool number_parse(
	const char *digits, size_t length, int64_t minimum, int64_t maximum, int64_t *value);

/* The same in octal, without a sign, for file modes. */
bool number_parse_octal(const char *digits, size_t length, uint32_t maximum, uint32_t *value);

#endif
