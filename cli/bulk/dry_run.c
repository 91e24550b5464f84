/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/dry_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/ui/terminal.h"
#include "host/rights.h"
#include "message/translate.h"
#include "totpgroup.h"

/* As many links as the kernel follows. */
#define LINKS_MAX 40

/* Returns the path that a link at the end of a path leads to, which the caller frees; NULL
 * where there is none, or memory is out. */
static char *follow_link(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *target = malloc(PATH_MAX);
	ssize_t length = target != NULL ? readlink(path, target, PATH_MAX) : -1;
	struct text next = TEXT_INIT;

	if (length > 0 && target[0] != '/' && slash != NULL)
		text_append(&next, path, (size_t)(slash + 1 - path));
	if (length > 0 && text_append(&next, target, (size_t)length) != 0)
		text_free(&next);
	free(target);
	return next.data;
}

/* For rights_perform(): whether the owner may make the file that the path leads to. */
static int try_folder(void *argument, struct error *error)
{
	const struct bulk_entry *entry = argument;
	char *path = strdup(entry->path), *next, *slash;
	int status = 0;

	for (int i = 0; i < LINKS_MAX && path != NULL; i++) {
		next = follow_link(path);
		if (next == NULL)
			break;
		free(path);
		path = next;
	}
	slash = path != NULL ? strrchr(path, '/') : NULL;
	if (slash != NULL)
		slash[slash == path] = '\0';
	if (slash != NULL && faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) != 0)
		status = error_set_system(error, TOTPGROUP_ESYSTEM,
			errno == ENOENT
				? "cannot open the folder of %.200s"
				: translate("cannot make a file in the folder of %.200s"),
			entry->path);
	free(path);
	return status;
}

/* Of several users whose secrets would be in one file, the first of a batch gets it. */
static bool is_taken(const struct bulk_batch *batch, const struct bulk_entry *entry)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->entries[i].reason == BULK_NONE &&
			strcmp(batch->entries[i].path, entry->path) == 0)
			return true;
	return false;
}

static enum bulk_reason refuse_taken(const struct bulk_entry *entry, struct error *error)
{
	error_set(
		error, TOTPGROUP_ECONFLICT, translate("%.200s is another user's"), entry->path);
	return BULK_STORE_ERROR;
}

enum bulk_reason dry_run_store(
	const struct bulk_batch *batch, struct bulk_entry *entry, struct error *error)
{
	struct user_credential *credential = entry->file.credential;
	bool is_made = credential->place->file == NULL ||
		       (!credential->is_own_file && credential->owner->pw_uid == 0);

	/* A run makes folders of root's, and a store without files needs none. */
	if (!is_made && rights_perform(&credential->rights, try_folder, entry, error) != 0)
		entry->reason = BULK_STORE_ERROR;
	else if (is_taken(batch, entry))
		entry->reason = refuse_taken(entry, error);
	return entry->reason;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool dry_run_stored_before(const struct bulk_run *run, const struct bulk_entry *entry)
{
	return tfind(entry->path, &run->promised, compare_paths) != NULL;
}

/* Remembers a path, once. */
static bool remember(struct bulk_run *run, const char *path)
{
	char *copy = strdup(path);
	char **known = copy != NULL ? tsearch(copy, &run->promised, compare_paths) : NULL;

	if (known == NULL || *known != copy)
		free(copy);
	return known != NULL;
}

enum exit_status dry_run_commit(struct bulk_run *run)
{
	bool remembered = true;

	for (size_t i = 0; i < run->batch->count && !run->users.is_group; i++)
		if (run->batch->entries[i].reason == BULK_NONE)
			remembered = remember(run, run->batch->entries[i].path) && remembered;
	bulk_batch_clear(run->batch);
	bulk_report_progress(run, progress_step);
	return remembered ? STATUS_DONE : terminal_out_of_memory();
}

void dry_run_end(struct bulk_run *run)
{
	tdestroy(run->promised, free);
	run->promised = NULL;
}
