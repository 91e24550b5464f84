/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "gate/group_record.h"

#include <errno.h>
#include <stdlib.h>

#include "totpgroup.h"

/* A buffer that is too small costs a lookup for nothing, and in a directory the lookup of a
 * large group takes tens of milliseconds. The pages that the answer does not fill cost
 * nothing. */
#define BUFFER_FIRST   ((size_t)4 << 20)
#define BUFFER_GROWTH  4
#define BUFFER_MAXIMUM ((size_t)64 << 20)
#define INTERRUPTIONS  100

/* The functions return the error; what they leave in errno means nothing. */
static int ask(struct group_record *record, size_t size, const char *name, gid_t gid,
	struct group **found)
{
	int failure;
	int tries = 0;

	do {
		*found = NULL;
		if (name != NULL)
			failure =
				getgrnam_r(name, &record->group, record->strings, size, found);
		else
			failure = getgrgid_r(gid, &record->group, record->strings, size, found);
	} while (failure == EINTR && ++tries < INTERRUPTIONS);
	return failure;
}

static int look_up(
	struct group_record **record, const char *name, gid_t gid, struct error *error)
{
	struct group *found = NULL;
	int failure = ERANGE;

	*record = NULL;
	for (size_t size = BUFFER_FIRST; failure == ERANGE && size <= BUFFER_MAXIMUM;
		size *= BUFFER_GROWTH) {
		free(*record);
		*record = malloc(sizeof **record + size);
		if (*record == NULL)
			return error_set(error, TOTPGROUP_EMEMORY,
				"the group cannot be looked up: out of memory");
		failure = ask(*record, size, name, gid, &found);
	}
	if (failure == 0 && found != NULL)
		return 0;
	free(*record);
	*record = NULL;
	if (failure == 0 || failure == ENOENT || failure == ESRCH)
		return 0;
	errno = failure;
	return error_set_system(error, TOTPGROUP_ESYSTEM, "the group cannot be looked up");
}

int group_record_by_name(struct group_record **record, const char *name, struct error *error)
{
	return look_up(record, name, 0, error);
}

int group_record_by_gid(struct group_record **record, gid_t gid, struct error *error)
{
	return look_up(record, NULL, gid, error);
}
