/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Enrollment by a script or configuration management: nothing is asked, and the
 * exit status tells whether anything was changed. */
#ifndef TOTPGROUP_CLI_ENROLL_UNATTENDED_H
#define TOTPGROUP_CLI_ENROLL_UNATTENDED_H

#include "cli/commands.h"
#include "cli/enroll/options.h"
#include "cli/users/host_defaults.h"

/* Puts a secret in place where one is missing, or as the options say. Says on
 * standard output what came of it, and never a secret unless it is asked for.
 * STATUS_UNCHANGED where there was nothing to do. */
enum exit_status provision(
	const struct enroll_options *options, const struct host_defaults *defaults);

#endif
