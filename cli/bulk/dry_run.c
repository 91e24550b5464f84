/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/dry_run.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/ui/terminal.h"
#include "totpgroup.h"

bool dry_run_lacks_folder(const struct bulk_entry *entry, struct error *error)
{
	const struct user_credential *credential = entry->file.credential;
	bool is_made = !credential->is_own_file && credential->owner->pw_uid == 0;
	char *folder = is_made ? NULL : strdup(entry->path);
	char *slash = folder != NULL ? strrchr(folder, '/') : NULL;
	struct stat status;
	bool is_missing = false;

	if (slash != NULL) {
		slash[slash == folder] = '\0';
		is_missing = stat(folder, &status) != 0 && errno == ENOENT;
	}
	free(folder);
	if (is_missing) {
		errno = ENOENT;
		error_set_system(error, TOTPGROUP_ENOTFOUND, "cannot open the folder of %.200s",
			entry->path);
	}
	return is_missing;
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
