/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_ENROLL_DEVICE_ADD_H
#define TOTPGROUP_CLI_ENROLL_DEVICE_ADD_H

#include <stdbool.h>

#include "cli/commands.h"
#include "cli/enroll/options.h"
#include "cli/users/host_defaults.h"

/*
 * Adds the device that the options name to a user who is enrolled: shows its
 * secret, lets a code of it confirm it, and writes. *enrolled is false, and nothing
 * is done, where the user has no secret yet. Reports what fails.
 */
enum exit_status device_add(const struct enroll_options *options,
	const struct host_defaults *defaults, bool *enrolled);

#endif
