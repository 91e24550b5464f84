/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A line of a PAM service as it is written, with a change. */
#ifndef TOTPGROUP_CLI_PAMCONF_LINE_TEXT_H
#define TOTPGROUP_CLI_PAMCONF_LINE_TEXT_H

#include "base/text.h"
#include "cli/pamconf/stack.h"

/* Begins as PAM_LINE_CHANGE_NONE. */
struct pam_line_change {
	const char *control;	 /* in its brackets, if any; NULL: as it is */
	const char *module;	 /* NULL: as it is */
	int argument;		 /* the number of one that is replaced, or -1 */
	const char *replacement; /* of that; NULL: left out */
	const char *more;	 /* one more argument, or NULL */
};

#define PAM_LINE_CHANGE_NONE                                                                   \
	{                                                                                      \
		.argument = -1                                                                 \
	}

/* Appends the line, never with a '-' before its type. 0 or TOTPGROUP_EMEMORY. */
int pam_line_text(
	struct text *text, const struct pam_line *line, const struct pam_line_change *change);

/*
 * Appends a bracketed control that jumps or ends the stack no further than
 * over so many modules: longer jumps and `done` become that jump, or `ok`
 * where it is 0; `sufficient` does so too. 0 or TOTPGROUP_EMEMORY.
 */
int pam_line_shorter_jump(struct text *text, const struct pam_line *line, unsigned int modules);

#endif
