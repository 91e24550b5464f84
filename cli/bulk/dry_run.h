/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a dry run has to know to promise what a run would do. */
#ifndef TOTPGROUP_CLI_BULK_DRY_RUN_H
#define TOTPGROUP_CLI_BULK_DRY_RUN_H

#include <stdbool.h>

#include "cli/bulk/bulk.h"

/* Finds out what storing the secret of an entry, which the batch is about to have, would fail
 * for: the owner may not make the file, a folder is missing that a run would not make, or
 * another user of the batch has that file. BULK_NONE, or the reason, which the entry gets as
 * well, and an error. */
enum bulk_reason dry_run_store(
	const struct bulk_batch *batch, struct bulk_entry *entry, struct error *error);

/* Whether a run would have stored the secret of the entry in a batch before. */
bool dry_run_stored_before(const struct bulk_run *run, const struct bulk_entry *entry);

/* Empties the batch as if its users were enrolled. The users of a list may be named again, so
 * that they are remembered. Reports STATUS_STORE_ERROR where memory is out. */
enum exit_status dry_run_commit(struct bulk_run *run);

/* Forgets them. */
void dry_run_end(struct bulk_run *run);

#endif
