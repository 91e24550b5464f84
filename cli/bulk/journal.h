/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The journal of a batch: all that is needed to finish it, written before the first of
 * its users is enrolled. It has its name only when it and the letters are safe on the
 * disk; so where there is one, the batch is finished, and where there is none, nobody
 * of it is enrolled.
 *
 * It is a sequence of fields, each a line "NAME LENGTH", that many bytes, and a newline.
 */
#ifndef TOTPGROUP_CLI_BULK_JOURNAL_H
#define TOTPGROUP_CLI_BULK_JOURNAL_H

#include "base/error.h"
#include "cli/bulk/batch.h"
#include "cli/bulk/folder.h"

/* Writes it under another name. */
int bulk_journal_write(
	const struct bulk_folder *folder, const struct bulk_batch *batch, struct error *error);

/* Gives it its name, durably. What was written before has been synced. */
int bulk_journal_complete(const struct bulk_folder *folder, struct error *error);

/* Reads it into an empty batch, with the users, paths and texts of the entries.
 * TOTPGROUP_ENOTFOUND where there is none, TOTPGROUP_EFORMAT, TOTPGROUP_ESYSTEM,
 * TOTPGROUP_EMEMORY. */
int bulk_journal_read(
	const struct bulk_folder *folder, struct bulk_batch *batch, struct error *error);

/* Notes that the command has had this user's letter. It is not synced: after a power
 * cut the command may get it once more. */
int bulk_journal_note_handed(
	const struct bulk_folder *folder, const struct bulk_entry *entry, struct error *error);

/* Removes it, durably: the batch is finished. */
int bulk_journal_drop(const struct bulk_folder *folder, struct error *error);

#endif
