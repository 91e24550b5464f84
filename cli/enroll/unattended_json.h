/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What came of provisioning a user, for a program. */
#ifndef TOTPGROUP_CLI_ENROLL_UNATTENDED_JSON_H
#define TOTPGROUP_CLI_ENROLL_UNATTENDED_JSON_H

#include "base/error.h"
#include "cli/commands.h"
#include "cli/enroll/options.h"
#include "cli/enroll/unattended_source.h"
#include "cli/users/user_file.h"

/* Prints one object; with the secret and the codes where options ask for them and
 * this status says that they are new. Returns the status, or what became of saying
 * so where that failed. */
enum exit_status provision_json_print(const struct enroll_options *options,
	const struct user_file *file, struct provision_source *source,
	const struct error *error, enum exit_status status);

#endif
