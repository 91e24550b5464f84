/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The state that the configuration keeps apart from a user's secret (state=). */
#ifndef TOTPGROUP_CLI_FILE_STATE_H
#define TOTPGROUP_CLI_FILE_STATE_H

#include "base/error.h"
#include "base/text.h"
#include "core/decide.h"
#include "host_defaults.h"
#include "user_file.h"

/*
 * Where the state of a user is; NULL with 0 where it is not apart. The caller frees
 * it. TOTPGROUP_EARGUMENT where the name does not do for a file's, and
 * TOTPGROUP_EMEMORY.
 */
int file_state_path(const struct host_defaults *defaults, const char *user, char **path,
	struct error *error);

/*
 * Verifies on the state, as a login does: the user's file is only read. Returns as
 * file_verify() of store/file_verify.h.
 */
int file_state_verify(const struct user_file *file, const char *path, struct attempt *attempt,
	struct decision *decision, struct error *error);

#endif
