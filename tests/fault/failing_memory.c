/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Preloaded into a program: counts its calls for memory, and lets one of them fail. FAIL_AT is the
 * number of that call, from 1; FAIL_COUNT is a file into which their number is written at the end.
 * Calls of the C library and of others are passed on.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static unsigned long made, fail_at;

static void __attribute__((constructor)) begin(void)
{
	const char *number = getenv("FAIL_AT");

	fail_at = number != NULL ? strtoul(number, NULL, 10) : 0;
}

static void __attribute__((destructor)) end(void)
{
	const char *path = getenv("FAIL_COUNT");
	FILE *file = path != NULL ? fopen(path, "we") : NULL;

	if (file != NULL) {
		fprintf(file, "%lu\n", made);
		fclose(file);
	}
}

static bool call_fails(void *caller)
{
	Dl_info info;

	if (dladdr(caller, &info) == 0 || info.dli_fname == NULL ||
		strstr(info.dli_fname, "totp-enroll") == NULL || ++made != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

#define ALLOCATE(call) (call_fails(__builtin_return_address(0)) ? NULL : (call))

void *malloc(size_t size)
{
	return ALLOCATE(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return ALLOCATE(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size)
{
	return ALLOCATE(__libc_realloc(memory, size));
}

void *reallocarray(void *memory, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	return ALLOCATE(__libc_realloc(memory, count * size));
}

static char *duplicate(const char *string, size_t length)
{
	char *copy = __libc_malloc(length + 1);

	if (copy != NULL) {
		memcpy(copy, string, length);
		copy[length] = '\0';
	}
	return copy;
}

char *strdup(const char *string)
{
	return ALLOCATE(duplicate(string, strlen(string)));
}

char *strndup(const char *string, size_t size)
{
	return ALLOCATE(duplicate(string, strnlen(string, size)));
}
