/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finds the known name that a person probably meant by an unknown one. */
#ifndef TOTPGROUP_BASE_SIMILAR_H
#define TOTPGROUP_BASE_SIMILAR_H

#include <stddef.h>

/* Longer names are not compared, and not shown in full. */
#define SIMILAR_NAME_MAXIMUM 64

/*
 * Searches a table for the name nearest to length bytes of unknown. Each row is
 * row_size bytes long and begins with its name, a const char *; a row with the name
 * NULL ends the table. Returns NULL where no name is near.
 */
const char *similar_name(
	const void *table, size_t row_size, const char *unknown, size_t length);

#endif
