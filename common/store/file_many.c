/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store of files: many users at once. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/folder.h"
#include "store/dir_entry.h"
#include "store/file_place.h"
#include "store/locked_file.h"
#include "store/secret_path.h"
#include "store/state_file.h"
#include "totpgroup.h"

#define VARIABLE "/${USER}"

/* Hands the keys on from the place that has them to the next, so that their file is read once. */
static void take_keys(struct sealing **from, struct sealing *to)
{
	struct sealing *before = *from;

	*from = to;
	if (before == NULL || before == to)
		return;
	if (before->keys.count > 0 && to->key_file != NULL &&
		strcmp(before->key_file, to->key_file) == 0)
		to->keys = before->keys;
	sealing_forget(before);
}

/* Items whose secrets lie in one folder, and whose states in another. */
struct neighbours {
	struct store_read *items;
	size_t count;
};

static bool is_beside(const char *path, const char *other)
{
	return path == NULL || other == NULL ? path == other : dir_entry_is_beside(path, other);
}

/* Whether an item can be read in the folder that is judged for another. In a folder of the
 * user's own the user's rights say what can be read, for each user anew. */
static bool goes_with(const struct store_read *item, const struct store_read *other)
{
	const struct file_place *place = file_place_of(item->place);
	const struct file_place *first = file_place_of(other->place);

	return !place->rules.own_file && !first->rules.own_file &&
	       place->rules.owner == first->rules.owner &&
	       place->rules.any_owner == first->rules.any_owner &&
	       is_beside(place->path, first->path) &&
	       is_beside(place->state_path, first->state_path);
}

static struct neighbours next_neighbours(struct store_read *items, size_t count)
{
	struct neighbours found = {items, 1};

	while (found.count < count && goes_with(&items[found.count], &items[0]))
		found.count++;
	return found;
}

/* Reads the secrets, with the owner's rights. What fails is not final. */
static int look_at_secrets(void *argument, struct error *error)
{
	const struct neighbours *all = argument;
	const struct file_place *first = file_place_of(all->items[0].place);
	struct dir_entry entry = DIR_ENTRY_INIT;
	int status = dir_entry_open(&entry, first->path, error);

	if (status == 0)
		status = file_rules_judge_folder(&first->rules, &entry, error);
	for (size_t i = 0; status == 0 && i < all->count; i++) {
		struct store_read *item = &all->items[i];
		struct file_rules rules = file_place_of(item->place)->rules;

		rules.beside = &entry;
		text_free(&item->record.secret);
		item->error = (struct error)ERROR_INIT;
		item->status = locked_file_look(&rules, &item->record.secret, &item->error);
	}
	dir_entry_close(&entry);
	return status;
}

/* Opens the folder of the states. NULL where it has to be opened for each, which says what is
 * wrong with it. */
static const struct dir_entry *open_states(
	const struct neighbours *all, struct dir_entry *entry)
{
	const char *path = file_place_of(all->items[0].place)->state_path;
	struct error ignored = ERROR_INIT;

	return path != NULL && state_file_open_folder(entry, path, &ignored) == 0 ? entry
										  : NULL;
}

static bool is_final(const struct store_read *item)
{
	return item->status == 0 || item->status == TOTPGROUP_ENOTFOUND;
}

/* Goes on with what was read of a secret. is_read is false where that failed for all. */
static void complete(struct store_read *item, bool is_read, const struct dir_entry *states,
	struct sealing **keys)
{
	struct file_place *place = file_place_of(item->place);

	take_keys(keys, &place->sealing);
	if (!is_read || !is_final(item)) {
		item->error = (struct error)ERROR_INIT;
		item->status = file_place_read_secret(place, &item->record, &item->error);
	} else if (item->status == 0) {
		item->status = file_place_open_secret(place, &item->record, &item->error);
	}
	item->status =
		file_place_add_state(place, states, &item->record, item->status, &item->error);
}

/* Opens and judges each folder once. What cannot be read this way is read alone. */
static void read_neighbours(struct neighbours *all, struct sealing **keys)
{
	struct file_place *first = file_place_of(all->items[0].place);
	struct error ignored = ERROR_INIT;
	bool is_read = all->count > 1 &&
		       file_place_with_rights(first, look_at_secrets, all, &ignored) == 0;
	struct dir_entry entry = DIR_ENTRY_INIT;
	const struct dir_entry *states = all->count > 1 ? open_states(all, &entry) : NULL;

	for (size_t i = 0; i < all->count; i++)
		complete(&all->items[i], is_read, states, keys);
	dir_entry_close(&entry);
}

void file_place_read_many(struct store_read *items, size_t count)
{
	struct sealing *keys = NULL;

	for (size_t i = 0; i < count;) {
		struct neighbours all = next_neighbours(items + i, count - i);

		read_neighbours(&all, &keys);
		i += all.count;
	}
	if (keys != NULL)
		sealing_forget(keys);
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
	int status = 0;

	if (folder == NULL)
		return error->code;
	do {
		if (folder_next(folder, &entry) != 0)
			status = error_set_system(error, TOTPGROUP_ESYSTEM,
				"cannot read the folder of %s",
				states ? settings->state : settings->secret);
	} while (entry != NULL &&
		 (!secret_path_user_is_safe(entry->d_name) || name(argument, entry->d_name)));
	closedir(folder);
	return status;
}
