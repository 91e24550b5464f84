/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Options as rows of a table, which serves reading and help. */
#ifndef TOTPGROUP_CLI_UI_OPTION_TABLE_H
#define TOTPGROUP_CLI_UI_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/commands.h"

/* What an option's value is, and its type in the struct of options. */
enum option_kind {
	OPTION_FLAG,	/* no argument: an int, which becomes `minimum` */
	OPTION_END,	/* the same, and nothing behind it is read */
	OPTION_NUMBER,	/* an int from minimum to maximum */
	OPTION_STRING,	/* const char *; minimum is the least length */
	OPTION_WORD,	/* one of those in `argument`, in either case: an int, which
			 * is minimum for the first */
	OPTION_QR_MODE, /* enum qr_mode */
};

struct option_row {
	char letter; /* '\0' where there is a long name only */
	const char *name;
	enum option_kind kind;
	size_t offset; /* of the value in the struct of options */
	/* Of the options with one family only one may be given, and once;
	 * '\0' for those that may be repeated. */
	char family;
	int minimum;
	int maximum;
	const char *argument; /* what help calls it */
	const char *help;
};

/* The most rows of a table, without the one that ends it. */
#define OPTION_ROWS_MAX 40

/*
 * Reads the options of an argument vector by a table into the struct at
 * options. What is behind them begins at optind. Reports what is wrong and returns
 * STATUS_USAGE; else STATUS_DONE.
 */
enum exit_status option_table_read(
	const struct option_row *table, void *options, int argc, char **argv);

#endif
