/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of import and export. */
#ifndef TOTPGROUP_CLI_EXCHANGE_OPTIONS_H
#define TOTPGROUP_CLI_EXCHANGE_OPTIONS_H

#include <stdbool.h>

#include "cli/commands.h"
#include "cli/exchange/format.h"

/* Strings point into the argument vector. Begins zeroed. */
struct transfer_options {
	enum transfer_format format; /* FORMAT_UNKNOWN: not given */
	const char *user;	     /* import: whom the input is for; or NULL */
	const char *secret;	     /* where credentials are; NULL: where a login looks */
	const char *conf;	     /* the configuration; NULL for the host's */
	const char *issuer;	     /* export; NULL where not given */
	const char *output;	     /* export: the file; NULL for standard output */
	bool force;
	bool dry_run;
	bool quiet;
	bool help;
	char **words; /* files or users, ended by NULL */
	int word_count;
};

/* Reports what is wrong and returns STATUS_USAGE; else STATUS_DONE. */
enum exit_status import_options_read(struct transfer_options *options, int argc, char **argv);
enum exit_status export_options_read(struct transfer_options *options, int argc, char **argv);

#endif
