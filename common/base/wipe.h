/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Erasing secrets so that the compiler may not leave the erasing out. */
#ifndef TOTPGROUP_BASE_WIPE_H
#define TOTPGROUP_BASE_WIPE_H

#include <stdlib.h>
#include <string.h>

/* Fails to compile for a pointer, whose sizeof is not that of what it points
 * to: &(a)[0] of an array has another type than the array itself. */
#define WIPE_REQUIRE_ARRAY(a)                                                                  \
	(0 * sizeof(char[1 - 2 * !!__builtin_types_compatible_p(                               \
					 __typeof__(a), __typeof__(&(a)[0]))]))

/* Erases a whole array; a pointer is a compile error. */
#define WIPE_ARRAY(a) explicit_bzero((a), sizeof(a) + WIPE_REQUIRE_ARRAY(a))

/* Erases one object, given by its address. */
#define WIPE_OBJECT(p) explicit_bzero((p), sizeof *(p))

/* Erases and frees length bytes. NULL is allowed. */
static inline void wipe_free(void *memory, size_t length)
{
	if (memory != NULL)
		explicit_bzero(memory, length);
	free(memory);
}

/* Erases and frees a NUL-terminated string. NULL is allowed. */
static inline void wipe_free_string(char *string)
{
	if (string != NULL)
		wipe_free(string, strlen(string));
}

#endif
