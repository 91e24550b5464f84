/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the doctor has found, and what mends it. */
#ifndef TOTPGROUP_CLI_DOCTOR_REPORT_H
#define TOTPGROUP_CLI_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/commands.h"

enum finding_level {
	FINDING_OK,
	FINDING_WARNING, /* works, but not as well as it could */
	FINDING_PROBLEM,
	FINDING_UNKNOWN, /* it was not possible to look */
	FINDING_LEVELS,
};

/* What to do with the text that mends it. */
enum mend_action {
	MEND_NONE,
	MEND_REPLACE, /* the line of the file */
	MEND_ADD,     /* below that line; 0 is the top of the file */
	MEND_REMOVE,  /* the line of the file; the text is that line */
	MEND_RUN,     /* a command */
};

/* Strings are the finding's own, and hold no control character. */
struct mend {
	enum mend_action action;
	char *file; /* NULL for MEND_RUN */
	unsigned int line;
	char *text; /* NULL where there is none */
};

/* Any one of what mends a finding is enough. */
#define FINDING_MENDS 2

struct finding {
	enum finding_level level;
	const char *check; /* its name, which programs may rely on; not owned */
	char *what;
	char *why; /* NULL where all is well */
	struct mend mends[FINDING_MENDS];
};

/* Begins zeroed; ends with report_free(). */
struct report {
	struct finding **findings;
	size_t count;
	bool out_of_memory; /* something is missing */
};

/* Adds a finding, which stays the report's. NULL where memory is out; the
 * functions below do nothing with that. */
struct finding *report_add(struct report *report, enum finding_level level, const char *check,
	const char *what, ...) __attribute__((format(printf, 4, 5)));

/* Says why it matters. */
void finding_why(struct report *report, struct finding *finding, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

/* Says what mends it, or mends it as well: a line of a file. Whatever is more
 * than FINDING_MENDS is left out. */
void finding_mend(struct report *report, struct finding *finding, enum mend_action action,
	const char *file, unsigned int line, const char *text, ...)
	__attribute__((format(printf, 6, 7)));

/* The same: a command. */
void finding_run(struct report *report, struct finding *finding, const char *command, ...)
	__attribute__((format(printf, 3, 4)));

/* STATUS_REFUSED with a problem, else STATUS_STORE_ERROR where something was
 * not looked at, else STATUS_DONE. */
enum exit_status report_status(const struct report *report);

void report_free(struct report *report);

#endif
