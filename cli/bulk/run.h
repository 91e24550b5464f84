/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bulk run, and how a batch of it is carried through. */
#ifndef TOTPGROUP_CLI_BULK_RUN_H
#define TOTPGROUP_CLI_BULK_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "cli/bulk/batch.h"
#include "cli/bulk/folder.h"
#include "cli/bulk/letters.h"
#include "cli/bulk/options.h"
#include "cli/bulk/report.h"
#include "cli/bulk/shared.h"
#include "cli/bulk/signals.h"
#include "cli/bulk/users.h"
#include "cli/commands.h"
#include "cli/users/host_defaults.h"

struct bulk_run {
	struct bulk_options options;
	struct host_defaults defaults;
	struct bulk_signals signals;
	struct bulk_folder folder;
	struct bulk_letters letters;
	struct bulk_shared_file shared[BULK_SHARED];
	struct bulk_users users;
	struct bulk_batch *batch;
	struct bulk_report report;
	uid_t first_uid;
	bool interrupted;
};

/*
 * Enrolls the users of the batch, so that at every moment whoever is enrolled has his
 * letters, and empties it:
 *
 *   1. Letters and pieces are written aside, and the journal, and are synced.
 *   2. The journal gets its name. From here on the batch will be finished, if need be
 *      by the next run (bulk_run_recover()); before, nobody of it was enrolled.
 *   3. The letters get their names, the secrets are put in place, and the letters of
 *      those who could not be enrolled are removed.
 *   4. The pieces of those who could go into the shared files. All is synced.
 *   5. The command gets the letters, and the journal is dropped.
 *
 * Reports each user. STATUS_STORE_ERROR, having said why, where the run cannot go on;
 * run->interrupted is set where a signal came.
 */
enum exit_status bulk_run_commit(struct bulk_run *run);

/* Finishes what an interrupted run left in the folder, or removes it. Returns as above. */
enum exit_status bulk_run_recover(struct bulk_run *run);

#endif
