/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table that `totp-enroll status` prints. */
#ifndef TOTPGROUP_CLI_MANAGE_STATUS_TABLE_H
#define TOTPGROUP_CLI_MANAGE_STATUS_TABLE_H

#include <stddef.h>

#include "cli/commands.h"
#include "cli/users/user_status.h"

/* The columns but the last, whose text is of any length. */
enum status_column {
	COLUMN_USER,
	COLUMN_STATE,
	COLUMN_KIND,
	COLUMN_CODES,
	COLUMN_USED,
	COLUMNS
};

enum status_layout {
	LAYOUT_NONE,  /* nothing is printed yet */
	LAYOUT_LINES, /* a line for each user */
	LAYOUT_PAIRS, /* the last column stands below the others */
	LAYOUT_WORDS, /* a narrow terminal: the cells follow each other */
};

/* How the table is laid out so far. Begins zeroed. */
struct status_table {
	size_t widths[COLUMNS]; /* on the screen */
	size_t last;		/* the width of the last column */
	size_t width;		/* of the screen */
	enum status_layout layout;
};

/*
 * Prints the headings, and users below them; or, when it is called again, more users. Columns
 * are as wide as they need to be, and never become narrower. Where the layout becomes
 * another one, the headings are printed again. Reports what fails.
 */
enum exit_status status_table_print(
	struct status_table *table, const struct user_status *users, size_t count);

#endif
