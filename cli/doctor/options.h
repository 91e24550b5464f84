/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command line of doctor. */
#ifndef TOTPGROUP_CLI_DOCTOR_OPTIONS_H
#define TOTPGROUP_CLI_DOCTOR_OPTIONS_H

#include "cli/commands.h"

struct option_row;

/* Begins zeroed. NULL where not given. */
struct doctor_options {
	const char *service;
	const char *sshd_config;
	const char *sshd_settings;
	const char *pam_folder;
	const char *module_folder;
	const char *user;
	const char *conf;
	int print_config;
	int json;
	int help;
};

/* Reports what is wrong; STATUS_USAGE then, else STATUS_DONE. */
enum exit_status doctor_options_read(struct doctor_options *options, int argc, char **argv);

/* The table of option_table.h, for help. */
const struct option_row *doctor_options_rows(void);

#endif
