/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store of files: many users at once. */
#include "config.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "store/file_place.h"
#include "store/secret_path.h"
#include "totpgroup.h"

#define VARIABLE "/${USER}"

/* Hands the keys on from one place to the next, so that their file is read once. */
static void hand_over(struct sealing *from, struct sealing *to)
{
	if (from->keys.count == 0 || to->key_file == NULL ||
		strcmp(from->key_file, to->key_file) != 0)
		return;
	to->keys = from->keys;
	sealing_forget(from);
}

void file_place_read_many(struct store_read *items, size_t count)
{
	struct sealing *before = NULL;

	for (size_t i = 0; i < count; i++) {
		struct sealing *own = &file_place_of(items[i].place)->sealing;

		if (before != NULL)
			hand_over(before, own);
		items[i].status =
			file_place_look(items[i].place, &items[i].record, &items[i].error);
		if (before != NULL)
			sealing_forget(before);
		before = own;
	}
	if (before != NULL)
		sealing_forget(before);
}

/* The length of the folder of a path that ends in /${USER} and has no other variable; 0 for another
 * path. */
static size_t folder_length(const char *path)
{
	size_t length = path != NULL ? strlen(path) : 0;
	size_t folder = length > strlen(VARIABLE) ? length - strlen(VARIABLE) : 0;

	if (folder == 0 || *path != '/' || strcmp(path + folder, VARIABLE) != 0 ||
		strchr(path, '$') != path + folder + 1)
		return 0;
	return folder;
}

static DIR *open_folder(const char *path, struct error *error)
{
	size_t length = folder_length(path);
	char *name = length > 0 ? strndup(path, length) : NULL;
	DIR *folder = NULL;

	if (length == 0)
		error_set(error, TOTPGROUP_EARGUMENT,
			"no folder of root's has the files of all users");
	else if (name == NULL)
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	else
		folder = opendir(name);
	if (name != NULL && folder == NULL)
		error_set_system(error, TOTPGROUP_ESYSTEM, "cannot open %s", name);
	free(name);
	return folder;
}

int file_store_list(
	struct store *store, bool states, store_name *name, void *argument, struct error *error)
{
	const struct file_store_settings *settings = &((struct file_store *)store)->settings;
	DIR *folder = open_folder(states ? settings->state : settings->secret, error);
	const struct dirent *entry;

	if (folder == NULL)
		return error->code;
	while ((entry = readdir(folder)) != NULL)
		if (secret_path_user_is_safe(entry->d_name) && !name(argument, entry->d_name))
			break;
	closedir(folder);
	return 0;
}
