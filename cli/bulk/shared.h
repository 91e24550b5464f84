/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of a bulk run that hold a piece for each user: they grow from run to run.
 * At every moment they are whole: what begins them, pieces, what ends them. */
#ifndef TOTPGROUP_CLI_BULK_SHARED_H
#define TOTPGROUP_CLI_BULK_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/bulk/folder.h"

enum bulk_shared_kind {
	BULK_CSV,
	BULK_JSON,
	BULK_RUN, /* the print run */
	BULK_SHARED,
};

/* Begins as BULK_SHARED_FILE_INIT, ends with bulk_shared_close(). */
struct bulk_shared_file {
	const char *name;
	const char *folder;  /* for messages */
	const char *between; /* two pieces */
	struct text header;
	struct text footer;
	bool fixed_header; /* every run begins it in the same way */
	int file;
	int64_t end; /* where the next piece goes, before the footer */
};

#define BULK_SHARED_FILE_INIT                                                                  \
	{                                                                                      \
		.header = TEXT_INIT, .footer = TEXT_INIT, .file = -1                           \
	}

/*
 * Opens the file, or makes it: in the folder of what is not finished, so that it is
 * whole when it has its name. name, between, header and footer are set, and stay the
 * file's. TOTPGROUP_EUNSAFE where there is something else of that name, or it does not
 * end as it should: nobody's file is written into. TOTPGROUP_ESYSTEM.
 *
 * known is where an interrupted run noted that the pieces ended: what is behind that
 * is cut off. Negative where there was none.
 */
int bulk_shared_open(struct bulk_shared_file *shared, const struct bulk_folder *folder,
	int64_t known, struct error *error);

/* Appends length bytes of another file, from offset on, as one piece. The file has no
 * footer until bulk_shared_finish(). */
int bulk_shared_append(struct bulk_shared_file *shared, int from, int64_t offset, size_t length,
	struct error *error);
int bulk_shared_finish(struct bulk_shared_file *shared, struct error *error);

void bulk_shared_close(struct bulk_shared_file *shared);

#endif
