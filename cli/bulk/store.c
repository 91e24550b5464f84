/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/store.h"

#include <stdlib.h>
#include <string.h>

#include "store/file_batch.h"
#include "totpgroup.h"

#define MODE 0400

enum found {
	FOUND_NOTHING,
	FOUND_OURS,	/* the entry's new secret */
	FOUND_PREVIOUS, /* the one that it is to replace */
	FOUND_OTHER,
	FOUND_ERROR,
};

static enum found look(const struct bulk_entry *entry, struct error *error)
{
	char digest[BULK_DIGEST_LENGTH + 1] = "";
	struct text text = TEXT_INIT;
	enum found found = FOUND_OTHER;
	int status = user_file_read(&entry->file, &text, error);

	if (status == TOTPGROUP_ENOTFOUND)
		found = FOUND_NOTHING;
	else if (status != 0)
		found = FOUND_ERROR;
	else if (bulk_same_secret(&entry->text, &text))
		found = FOUND_OURS;
	else if (bulk_digest(&entry->text, &text, digest, error) != 0)
		found = FOUND_ERROR;
	else if (strcmp(digest, entry->previous) == 0)
		found = FOUND_PREVIOUS;
	text_free(&text);
	return found;
}

static void fail_conflict(struct bulk_entry *entry)
{
	struct error error = ERROR_INIT;

	error_set(&error, TOTPGROUP_ECONFLICT,
		"was enrolled or revoked by somebody else in between; %s stands as it is",
		entry->file.path);
	bulk_entry_fail(entry, BULK_CONFLICT, &error);
}

/* What came of writing. After a failure of the disk the secret may be there. */
static void conclude(struct bulk_entry *entry, int status, const struct error *error)
{
	struct error ignored = ERROR_INIT;

	entry->placed = status == 0;
	if (status == 0)
		return;
	if (status == TOTPGROUP_ECONFLICT) {
		fail_conflict(entry);
		return;
	}
	entry->placed = look(entry, &ignored) == FOUND_OURS;
	bulk_entry_fail(entry, BULK_STORE_ERROR, error);
}

/* What an interrupted run left; true where it still has to be done. */
static bool is_left(struct bulk_entry *entry)
{
	struct error error = ERROR_INIT;
	bool rotates = entry->previous[0] != '\0';

	switch (look(entry, &error)) {
	case FOUND_OURS:
		entry->placed = true;
		return false;
	case FOUND_NOTHING:
		if (rotates)
			fail_conflict(entry);
		return !rotates;
	case FOUND_PREVIOUS:
		return true;
	case FOUND_OTHER:
		fail_conflict(entry);
		return false;
	default:
		bulk_entry_fail(entry, BULK_STORE_ERROR, &error);
		return false;
	}
}

static bool goes_together(const struct bulk_entry *entry)
{
	return entry->previous[0] == '\0' && user_file_is_in_roots_store(&entry->file);
}

static void place_alone(struct bulk_entry *entry)
{
	struct error error = ERROR_INIT;
	int status =
		user_file_write(&entry->file, &entry->text, entry->previous[0] != '\0', &error);

	conclude(entry, status, &error);
}

static bool lie_together(const struct bulk_entry *entry, const struct bulk_entry *other)
{
	const char *path = entry->file.path, *slash = strrchr(path, '/');
	size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 0;

	return strncmp(path, other->file.path, length) == 0 &&
	       strchr(other->file.path + length, '/') == NULL;
}

/* Where that fails the files cannot be written, which says why. */
static void make_folders(struct bulk_entry **entries, size_t count)
{
	struct error ignored = ERROR_INIT;

	for (size_t i = 0; i < count; i++)
		if (i == 0 || !lie_together(entries[i - 1], entries[i]))
			(void)user_file_make_folders(&entries[i]->file, &ignored);
}

static void place_together(struct bulk_batch *batch, struct bulk_entry **entries, size_t count)
{
	struct file_batch_file *files = calloc(count + 1, sizeof *files);

	/* It takes longer one by one, and comes to the same. */
	for (size_t i = 0; i < count && files == NULL; i++)
		place_alone(entries[i]);
	if (files == NULL)
		return;
	make_folders(entries, count);
	for (size_t i = 0; i < count; i++) {
		files[i].path = entries[i]->file.path;
		files[i].text = &entries[i]->text;
	}
	if (batch->recovered)
		file_batch_sweep(files, count, batch->suffix);
	file_batch_put(files, count, batch->suffix, MODE);
	for (size_t i = 0; i < count; i++)
		conclude(entries[i], files[i].status, &files[i].error);
	free(files);
}

void bulk_place(struct bulk_batch *batch)
{
	struct bulk_entry **together = calloc(batch->count + 1, sizeof(struct bulk_entry *));
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct bulk_entry *entry = &batch->entries[i];

		if (entry->reason != BULK_NONE || (batch->recovered && !is_left(entry)))
			continue;
		if (together != NULL && goes_together(entry))
			together[count++] = entry;
		else
			place_alone(entry);
	}
	if (count > 0)
		place_together(batch, together, count);
	free(together);
}
