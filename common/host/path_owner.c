/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/path_owner.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "totpgroup.h"

/* As many links as the kernel follows in one path. */
#define LINKS_MAX 40
/* A link of root's that says more is refused. */
#define TARGET_MAX 1024

struct walk {
	struct text reached; /* a path without links, "" for the root folder */
	struct text rest;    /* what is still to walk, without a slash at its beginning */
	unsigned int links;
};

static void leave(struct walk *walk)
{
	const char *slash = strrchr(walk->reached.data, '/');

	text_cut(&walk->reached, (size_t)(slash - walk->reached.data));
}

/* Puts what the link says before the rest, and goes to where it counts from. */
static int follow_link(struct walk *walk, struct error *error)
{
	char target[TARGET_MAX];
	ssize_t length = readlink(walk->reached.data, target, sizeof target);

	if (length < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot read the link %s",
			walk->reached.data);
	if ((size_t)length == sizeof target || ++walk->links > LINKS_MAX)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: too many symbolic links",
			walk->reached.data);
	if (length > 0 && target[0] == '/')
		text_cut(&walk->reached, 0);
	else
		leave(walk);
	return text_splice(&walk->rest, 0, 0, target, (size_t)length);
}

/* Says who owns what was reached. A folder where everybody may write is safe with the sticky
 * bit, because nobody can replace what others put there. */
static int examine(struct walk *walk, uid_t *owner, struct error *error)
{
	const char *reached = walk->reached.data;
	struct stat status;

	if (lstat(reached, &status) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot examine %s", reached);
	*owner = status.st_uid;
	if (status.st_uid != 0)
		return 0;
	if (S_ISLNK(status.st_mode))
		return follow_link(walk, error);
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0)
		return error_set(
			error, TOTPGROUP_EUNSAFE, "%s: others may write there", reached);
	return 0;
}

/* Goes on by the next name, unless that is the last one. */
static int enter_next(struct walk *walk, bool *is_last, uid_t *owner, struct error *error)
{
	const char *name = walk->rest.data + strspn(walk->rest.data, "/");
	size_t length = strcspn(name, "/");
	bool is_parent = length == 2 && strncmp(name, "..", 2) == 0;
	bool is_name = length > 1 ? !is_parent : length == 1 && *name != '.';

	*is_last = name[length] == '\0';
	if (*is_last)
		return 0;
	if (is_parent && walk->reached.length > 0)
		leave(walk);
	if (is_name)
		text_append_format(&walk->reached, "/%.*s", (int)length, name);
	text_splice(&walk->rest, 0, (size_t)(name - walk->rest.data) + length, "", 0);
	if (walk->reached.status != 0)
		return walk->reached.status;
	return is_name ? examine(walk, owner, error) : 0;
}

int path_owner_find(const char *path, uid_t *owner, struct error *error)
{
	struct walk walk = {TEXT_INIT, TEXT_INIT, 0};
	bool is_last = false;
	int status = text_append_string(&walk.rest, path);

	*owner = 0;
	while (status == 0 && *owner == 0 && !is_last)
		status = enter_next(&walk, &is_last, owner, error);
	if (status == TOTPGROUP_EMEMORY)
		error_set(error, status, "out of memory");
	text_free(&walk.reached);
	text_free(&walk.rest);
	return status;
}
