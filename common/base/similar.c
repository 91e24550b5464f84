/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/similar.h"

#include <string.h>

static size_t minimum_of_three(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many bytes to insert, delete or replace to turn one name into the other.
 * length must be at most SIMILAR_NAME_MAXIMUM. */
static size_t edit_distance(const char *unknown, size_t length, const char *known)
{
	size_t row[SIMILAR_NAME_MAXIMUM + 1];

	for (size_t i = 0; i <= length; i++)
		row[i] = i;
	for (; *known != '\0'; known++) {
		size_t diagonal = row[0]++;

		for (size_t i = 1; i <= length; i++) {
			size_t replaced = diagonal + (unknown[i - 1] != *known);

			diagonal = row[i];
			row[i] = minimum_of_three(row[i] + 1, row[i - 1] + 1, replaced);
		}
	}
	return row[length];
}

/* Short names are all near each other, so a short name must be nearer. */
const char *similar_name(const void *table, size_t row_size, const char *unknown, size_t length)
{
	const char *nearest = NULL;
	size_t least = length < 5 ? 1 : 2;

	if (length > SIMILAR_NAME_MAXIMUM)
		return NULL;
	for (const char *row = table;; row += row_size) {
		const char *known = *(const char *const *)(const void *)row;
		size_t distance;

		if (known == NULL)
			return nearest;
		distance = edit_distance(unknown, length, known);
		if (distance < least || (distance == least && nearest == NULL)) {
			least = distance;
			nearest = known;
		}
	}
}
