/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/dir_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "totpgroup.h"

/* As many links as the kernel follows in one path. */
#define LINKS_MAX 40

bool dir_entry_is_beside(const char *path, const char *other)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 0;

	return strncmp(path, other, length) == 0 && strchr(other + length, '/') == NULL;
}

/* Takes over the name at the end of the place's path. */
static int take_name(struct dir_entry *place, const char *name, struct error *error)
{
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: names no file", place->path);
	free(place->name);
	place->name = strdup(name);
	return place->name != NULL ? 0 : error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

static void close_folder(const struct dir_entry *place)
{
	if (place->folder >= 0 && !place->is_lent)
		close(place->folder);
}

/* Enters the folder part of path, counted from the place's folder where it is
 * relative, and takes over the name behind the last slash. */
static int enter(struct dir_entry *place, const char *path, struct error *error)
{
	const char *slash = strrchr(path, '/');
	char *folder_path;
	int folder;

	if (take_name(place, slash != NULL ? slash + 1 : path, error) != 0)
		return error->code;
	folder_path = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
	if (folder_path == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	folder = openat(place->folder, folder_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		error_set_system(error,
			errno == ENOENT ? TOTPGROUP_ENOTFOUND : TOTPGROUP_ESYSTEM,
			"cannot open the folder of %s", place->path);
	free(folder_path);
	if (folder < 0)
		return error->code;
	close_folder(place);
	place->folder = folder;
	place->is_lent = false;
	return 0;
}

/* Reads what the name links to into new memory; NULL in *target where it is
 * no link, or nothing. */
static int read_link(const struct dir_entry *place, char **target, struct error *error)
{
	ssize_t length;
	int status;

	*target = malloc(PATH_MAX);
	if (*target == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	length = readlinkat(place->folder, place->name, *target, PATH_MAX);
	if (length >= 0 && length < PATH_MAX) {
		(*target)[length] = '\0';
		return 0;
	}
	if (length < 0 && (errno == EINVAL || errno == ENOENT))
		status = 0;
	else
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot read the link %s", place->path);
	free(*target);
	*target = NULL;
	return status;
}

static int follow_link(struct dir_entry *place, bool *followed, struct error *error)
{
	char *target;
	int status = read_link(place, &target, error);

	*followed = target != NULL;
	if (status == 0 && target != NULL)
		status = enter(place, target, error);
	free(target);
	return status;
}

int dir_entry_follow(struct dir_entry *place, struct error *error)
{
	bool followed = true;
	int status = 0;

	for (unsigned int links = 0; status == 0 && followed; links++) {
		if (links > LINKS_MAX)
			return error_set(error, TOTPGROUP_EUNSAFE,
				"%s: a loop of symbolic links", place->path);
		status = follow_link(place, &followed, error);
	}
	return status;
}

int dir_entry_open(struct dir_entry *place, const char *path, struct error *error)
{
	place->path = path;
	if (path[0] != '/')
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: not an absolute path", path);
	return enter(place, path, error);
}

int dir_entry_open_beside(struct dir_entry *place, const struct dir_entry *other,
	const char *path, struct error *error)
{
	place->path = path;
	if (path[0] != '/')
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: not an absolute path", path);
	place->folder = other->folder;
	place->is_lent = true;
	return take_name(place, strrchr(path, '/') + 1, error);
}

void dir_entry_close(struct dir_entry *place)
{
	close_folder(place);
	free(place->name);
	*place = (struct dir_entry)DIR_ENTRY_INIT;
}
