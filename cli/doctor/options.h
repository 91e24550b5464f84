/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command line of doctor. */
#ifndef TOTPGROUP_CLI_DOCTOR_OPTIONS_H
#define TOTPGROUP_CLI_DOCTOR_OPTIONS_H

#include "cli/commands.h"

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
};

/* Reports what is wrong and returns STATUS_USAGE; else as option_table_read(). */
enum exit_status doctor_options_read(struct doctor_options *options, int argc, char **argv);

#endif
