/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Memory that runs out when a test says so. The program that includes this is
 * linked with -Wl,--wrap=malloc -Wl,--wrap=calloc. */
#ifndef TOTPGROUP_TESTS_ALLOCATION_H
#define TOTPGROUP_TESTS_ALLOCATION_H

#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

/* 1 fails the next allocation, 2 the one after it; at 0 all succeed. */
static unsigned allocation_to_fail;

static int allocation_fails(void)
{
	return allocation_to_fail > 0 && --allocation_to_fail == 0;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(count, size);
}

#endif
