/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What became of each user of a bulk run: said at once, so that nothing has to be
 * remembered but how many there were. */
#ifndef TOTPGROUP_CLI_BULK_REPORT_H
#define TOTPGROUP_CLI_BULK_REPORT_H

#include <stdbool.h>

#include "cli/bulk/options.h"
#include "cli/commands.h"
#include "cli/ui/progress.h"

enum bulk_result {
	BULK_CREATED,
	BULK_SKIPPED,
	BULK_FAILED,
	BULK_RESULTS,
};

/* totp-enroll(1) lists them. */
enum bulk_reason {
	BULK_NONE,
	BULK_ENROLLED,	     /* skipped: has a secret */
	BULK_HAS_LETTER,     /* skipped, with --rotate: was done into this folder */
	BULK_TWICE,	     /* skipped: named before */
	BULK_SYSTEM_ACCOUNT, /* skipped */
	BULK_NO_LOGIN_SHELL, /* skipped */
	BULK_UNKNOWN_USER,   /* failed; skipped where the group lists the name */
	BULK_BAD_NAME,	     /* failed: no name, or none that can name a file */
	BULK_NOT_PERMITTED,  /* failed */
	BULK_BAD_FILE,	     /* failed: what is there is no secret as it should be */
	BULK_STORE_ERROR,    /* failed: cannot be read or written */
	BULK_LETTER_EXISTS,  /* failed: that file is there already */
	BULK_CONFLICT,	     /* failed: enrolled by somebody else meanwhile */
	BULK_OUTPUT,	     /* failed: the letter cannot be made or written */
	BULK_EXEC,	     /* failed: the command, not the enrollment */
	BULK_REASONS,
};

/* Begins zeroed. */
struct bulk_report {
	const struct bulk_options *options;
	struct progress progress;
	unsigned long results[BULK_RESULTS];
	unsigned long reasons[BULK_RESULTS][BULK_REASONS];
	bool any;	    /* a user stands in the JSON already */
	bool output_failed; /* standard output takes nothing any more */
};

/* Opens the report. */
void bulk_report_begin(struct bulk_report *report, const struct bulk_options *options);

/* What became of one. path is where the secret is, or NULL; message why it is so. */
void bulk_report_user(struct bulk_report *report, const char *user, enum bulk_result result,
	enum bulk_reason reason, const char *path, const char *message);

/* How many have been told of. */
unsigned long bulk_report_count(const struct bulk_report *report);

/* Closes the report with the numbers, and returns the exit status; stopped is the one
 * of a run that gave up, STATUS_DONE otherwise. */
enum exit_status bulk_report_end(
	struct bulk_report *report, enum exit_status stopped, bool interrupted);

#endif
