/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of import and export. */
#ifndef TOTPGROUP_CLI_EXCHANGE_OPTIONS_H
#define TOTPGROUP_CLI_EXCHANGE_OPTIONS_H

#include "cli/commands.h"
#include "cli/exchange/format.h"
#include "cli/ui/option_table.h"

/* Strings point into the argument vector. Begins zeroed. */
struct transfer_options {
	enum transfer_format format; /* FORMAT_UNKNOWN: not given */
	const char *user;	     /* import: whom the input is for; or NULL */
	const char *secret;	     /* where credentials are; NULL: where a login looks */
	const char *conf;	     /* the configuration; NULL for the host's */
	const char *issuer;	     /* export; NULL where not given */
	const char *output;	     /* export: the file; NULL for standard output */
	int force;
	int dry_run;
	int quiet;
	char **words; /* files or users, ended by NULL */
	int word_count;
};

/* Reads an argument vector by one of the tables. Reports what is wrong and returns
 * STATUS_USAGE; else as option_table_read(). */
enum exit_status transfer_options_read(struct transfer_options *options,
	const struct option_row *table, int argc, char **argv);

#endif
