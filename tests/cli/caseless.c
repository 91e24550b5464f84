/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Preloaded into a program, this makes names of users the same in capitals and small letters, as
 * in some directories. The database has small letters. An entry has the name as it is there; or
 * as it was asked for, where the environment has CASE_KEPT. */

#include <ctype.h>
#include <dlfcn.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 256

typedef int by_name(const char *, struct passwd *, char *, size_t, struct passwd **);
typedef struct passwd *by_name_alone(const char *);

static const char *in_small_letters(const char *name, char small[NAME_SIZE])
{
	size_t length = strnlen(name, NAME_SIZE - 1);

	for (size_t i = 0; i < length; i++)
		small[i] = (char)tolower((unsigned char)name[i]);
	small[length] = '\0';
	return small;
}

static void keep_case(struct passwd *entry, const char *name)
{
	if (entry != NULL && getenv("CASE_KEPT") != NULL)
		memcpy(entry->pw_name, name, strlen(entry->pw_name));
}

int getpwnam_r(const char *restrict name, struct passwd *restrict entry, char *restrict buffer,
	size_t size, struct passwd **restrict found)
{
	by_name *next = (by_name *)dlsym(RTLD_NEXT, "getpwnam_r");
	char small[NAME_SIZE];
	int result = next(in_small_letters(name, small), entry, buffer, size, found);

	if (result == 0)
		keep_case(*found, name);
	return result;
}

struct passwd *getpwnam(const char *name)
{
	by_name_alone *next = (by_name_alone *)dlsym(RTLD_NEXT, "getpwnam");
	char small[NAME_SIZE];
	struct passwd *entry = next(in_small_letters(name, small));

	keep_case(entry, name);
	return entry;
}
