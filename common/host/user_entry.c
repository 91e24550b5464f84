/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/user_entry.h"

#include <errno.h>
#include <stdlib.h>

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
