/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of the commands for secrets that are there already: codes, verify,
 * status, show and revoke. */
#ifndef TOTPGROUP_CLI_MANAGE_OPTIONS_H
#define TOTPGROUP_CLI_MANAGE_OPTIONS_H

#include "base/qr_render.h"
#include "cli/commands.h"
#include "cli/ui/option_table.h"

/* Begins zeroed. Strings point into the argument vector; NULL where not given. */
struct life_options {
	const char *secret;
	const char *conf;
	const char *group;
	const char *label;
	const char *issuer;
	const char *device;
	enum qr_mode qr_mode;
	int number;	 /* of emergency codes */
	int code_format; /* enum code_format */
	int force;
	int json;
	int pipe;
	int quiet;
	char **users;
	int user_count;
};

/* Reads an argument vector by one of the tables; users are those behind the
 * options, at least so many unless a group is named. Reports what is wrong and
 * returns STATUS_USAGE; else as option_table_read(). */
enum exit_status life_options_read(struct life_options *options, const struct option_row *table,
	int least, int argc, char **argv);

#endif
