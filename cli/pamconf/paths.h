/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which ways there are through a PAM stack: every result of every module is
 * tried, by the rules by which PAM combines them. */
#ifndef TOTPGROUP_CLI_PAMCONF_PATHS_H
#define TOTPGROUP_CLI_PAMCONF_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/pamconf/stack.h"

/* What the watched lines said on the way, the gravest of it. */
enum pam_watched {
	PAM_WATCHED_NOT_RUN,
	PAM_WATCHED_IGNORED,
	PAM_WATCHED_SUCCEEDED,
	PAM_WATCHED_FAILED,
	PAM_WATCHED_COUNT,
};

/* One line of the stack, as it is to be tried. */
struct pam_trial {
	const struct pam_line *line;
	uint32_t results; /* a bit for each result that the module may have */
	bool watched;
};

/* A set of results. */
#define PAM_RESULT(number)  (UINT32_C(1) << (number))
#define PAM_RESULTS_ALL	    UINT32_MAX
#define PAM_RESULTS_SUCCESS PAM_RESULT(0)
#define PAM_RESULTS_IGNORE  PAM_RESULT(25)
#define PAM_RESULTS_FAILURE (~(PAM_RESULTS_SUCCESS | PAM_RESULTS_IGNORE))

/* Where no line is meant. */
#define PAM_PATHS_NONE SIZE_MAX

struct pam_paths {
	/* Whether the stack can succeed after that. */
	bool succeeds[PAM_WATCHED_COUNT];
	/* Where it can succeed with no watched line run: the trial that ended
	 * the stack, or jumped, before one; and its result. */
	size_t skipper;
	unsigned int skipping_result;
	/* A watched line can be reached after another has refused for good. */
	bool reached_refused;
};

/* Tries count lines, all of one type and in order. 0 or TOTPGROUP_EMEMORY. */
int pam_paths_find(struct pam_paths *paths, const struct pam_trial *trials, size_t count);

#endif
