/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Wiping secrets so that the compiler cannot optimize it away, and comparing them. */
#ifndef TOTPGROUP_BASE_WIPE_H
#define TOTPGROUP_BASE_WIPE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Fails to compile for a pointer, whose sizeof is not the size of the memory: for an
 * array, &(a)[0] has another type than the array itself. */
#define WIPE_REQUIRE_ARRAY(a)                                                                  \
	(0 * sizeof(char[1 - 2 * !!__builtin_types_compatible_p(                               \
					 __typeof__(a), __typeof__(&(a)[0]))]))

/* Wipes a whole array; a pointer is a compile error. */
#define WIPE_ARRAY(a) explicit_bzero((a), sizeof(a) + WIPE_REQUIRE_ARRAY(a))

/* Wipes one object, given by its address. */
#define WIPE_OBJECT(p) explicit_bzero((p), sizeof *(p))

/* Wipes and frees length bytes. NULL is allowed. */
static inline void wipe_free(void *memory, size_t length)
{
	if (memory != NULL)
		explicit_bzero(memory, length);
	free(memory);
}

/* Wipes and frees a NUL-terminated string. NULL is allowed. */
static inline void wipe_free_string(char *string)
{
	if (string != NULL)
		wipe_free(string, strlen(string));
}

/* Whether length bytes are equal, in a time that does not depend on their values. */
static inline bool secret_is_same(const void *a, const void *b, size_t length)
{
	const volatile unsigned char *first = a, *second = b;
	unsigned int difference = 0;

	for (size_t i = 0; i < length; i++)
		difference |= (unsigned int)(first[i] ^ second[i]);
	return difference == 0;
}

#endif
