/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of the known names a person probably meant by one that is unknown. */
#ifndef TOTPGROUP_BASE_SIMILAR_H
#define TOTPGROUP_BASE_SIMILAR_H

#include <stddef.h>

/* A longer name is not compared with others, nor worth showing in full. */
#define SIMILAR_NAME_MAXIMUM 64

/*
 * Searches a table for the name nearest to length bytes of unknown. Each row
 * is row_size bytes long and begins with a const char *, its name; the row
 * whose name is NULL ends the table. Returns NULL where no name is near.
 */
const char *similar_name(
	const void *table, size_t row_size, const char *unknown, size_t length);

#endif
