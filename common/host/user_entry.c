/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/user_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "totpgroup.h"

#define STRINGS_FIRST	1024
#define STRINGS_MAXIMUM (1024 * 1024)
#define INTERRUPTIONS	100

/* By name, or by uid where that is NULL. The functions return the error; what they
 * leave in errno means nothing. */
static int ask(struct user_entry *entry, size_t size, const char *name, uid_t uid,
	struct passwd **found)
{
	int failure;
	int tries = 0;

	do {
		*found = NULL;
		if (name != NULL)
			failure = getpwnam_r(name, &entry->passwd, entry->strings, size, found);
		else
			failure = getpwuid_r(uid, &entry->passwd, entry->strings, size, found);
	} while (failure == EINTR && ++tries < INTERRUPTIONS);
	return failure;
}

static int look_up(struct user_entry **entry, const char *name, uid_t uid, struct error *error)
{
	struct passwd *found = NULL;
	int failure = ERANGE;

	*entry = NULL;
	for (size_t size = STRINGS_FIRST; failure == ERANGE && size <= STRINGS_MAXIMUM;
		size *= 2) {
		free(*entry);
		*entry = malloc(sizeof **entry + size);
		if (*entry == NULL)
			return error_set(error, TOTPGROUP_EMEMORY,
				"the user cannot be looked up: out of memory");
		failure = ask(*entry, size, name, uid, &found);
	}
	if (failure == 0 && found != NULL)
		return 0;
	free(*entry);
	*entry = NULL;
	if (failure == 0 || failure == ENOENT || failure == ESRCH)
		return 0;
	errno = failure;
	return error_set_system(error, TOTPGROUP_ESYSTEM, "the user cannot be looked up");
}

int user_entry_by_name(struct user_entry **entry, const char *name, struct error *error)
{
	return look_up(entry, name, 0, error);
}

int user_entry_by_uid(struct user_entry **entry, uid_t uid, struct error *error)
{
	return look_up(entry, NULL, uid, error);
}

/* Appends one string to those of the entry, and moves *end behind it. */
static char *append_string(char **end, const char *string)
{
	char *at = *end;

	if (string == NULL)
		return NULL;
	*end = stpcpy(at, string) + 1;
	return at;
}

static size_t size_of(const char *string)
{
	return string != NULL ? strlen(string) + 1 : 0;
}

int user_entry_copy(struct user_entry **copy, const struct passwd *entry, struct error *error)
{
	char *end;

	*copy = malloc(sizeof **copy + size_of(entry->pw_name) + size_of(entry->pw_passwd) +
		       size_of(entry->pw_gecos) + size_of(entry->pw_dir) +
		       size_of(entry->pw_shell));
	if (*copy == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	end = (*copy)->strings;
	(*copy)->passwd = (struct passwd){
		.pw_uid = entry->pw_uid,
		.pw_gid = entry->pw_gid,
		.pw_name = append_string(&end, entry->pw_name),
		.pw_passwd = append_string(&end, entry->pw_passwd),
		.pw_gecos = append_string(&end, entry->pw_gecos),
		.pw_dir = append_string(&end, entry->pw_dir),
		.pw_shell = append_string(&end, entry->pw_shell),
	};
	return 0;
}

int user_entry_of_caller(struct user_entry **entry, struct error *error)
{
	char name[32];
	const struct passwd unknown = {.pw_name = name, .pw_uid = getuid(), .pw_gid = getgid()};
	int status = user_entry_by_uid(entry, getuid(), error);

	if (status != 0 || *entry != NULL)
		return status;
	(void)snprintf(name, sizeof name, "%" PRIuMAX, (uintmax_t)getuid());
	return user_entry_copy(entry, &unknown, error);
}
