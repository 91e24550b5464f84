/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration files that a line of the module reads. */
#ifndef TOTPGROUP_CLI_DOCTOR_CONF_FILES_H
#define TOTPGROUP_CLI_DOCTOR_CONF_FILES_H

#include "cli/doctor/checks.h"

/*
 * Reads what the module would read for the line, whose arguments must be right
 * by themselves, into the configuration, which the caller frees. Reports what
 * the module refuses, once for all lines, and for doctor->line each file that
 * is right. True where the module would go on.
 */
bool doctor_config_load(struct doctor *doctor, const struct pam_line *line,
	struct configuration *configuration);

#endif
