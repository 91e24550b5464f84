/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Many new files put in place at once, durably: what is slow about that is
 * waiting for the disk, and here one wait serves all files of a folder.
 *
 * It is for files that nobody has yet. A file that is there is never touched.
 * Unlike locked_file_create() it locks nothing: a login that sees a new file
 * before that file is durable makes it so itself, with the state that it writes.
 * Failures of the disk are noticed on Linux 5.8 and later, where syncfs(2)
 * tells of them.
 */
#ifndef TOTPGROUP_STORE_FILE_BATCH_H
#define TOTPGROUP_STORE_FILE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

struct file_batch_file {
	const char *path; /* absolute */
	const struct text *text;
	/* What came of it, and why: the caller leaves these zeroed. */
	int status;
	struct error error;
	bool written; /* its temporary file is there */
};

/*
 * Puts the files in place with exactly that mode and the identity of the calling
 * process. Files of one folder stand one behind the other. suffix, drawn by
 * durable_draw_suffix(), is that of all temporary names: should the process die,
 * file_batch_sweep() removes them.
 *
 * The status of each file: 0, and it survives a power cut; TOTPGROUP_ECONFLICT
 * where there is one; TOTPGROUP_EUNSAFE where somebody but root and the caller may
 * write to the folder; TOTPGROUP_ENOTFOUND where there is no folder;
 * TOTPGROUP_EUNWRITABLE (EROFS, EACCES, EPERM, ENOSPC, EDQUOT),
 * TOTPGROUP_EMEMORY: it is not there. TOTPGROUP_ESYSTEM: it is there or it is not.
 * No file of the folder has its name before all of them are durable.
 */
void file_batch_put(
	struct file_batch_file *files, size_t count, const char *suffix, mode_t mode);

/* Removes what file_batch_put() left of those files when the process died. */
void file_batch_sweep(struct file_batch_file *files, size_t count, const char *suffix);

#endif
