/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Allocations that fail when a test says so. Programs that include this are linked with
 * -Wl,--wrap=malloc -Wl,--wrap=calloc. */
#ifndef TOTPGROUP_TESTS_ALLOCATION_H
#define TOTPGROUP_TESTS_ALLOCATION_H

#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

/* 1 makes the next allocation fail, 2 the one after it; with 0 all succeed. */
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
