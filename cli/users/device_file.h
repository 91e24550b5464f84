/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Adding and revoking one device in a user's file, and in the state that the
 * configuration keeps apart from it. */
#ifndef TOTPGROUP_CLI_USERS_DEVICE_FILE_H
#define TOTPGROUP_CLI_USERS_DEVICE_FILE_H

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "core/device_change.h"

/* Begins zeroed, ends with device_file_free(). */
struct device_file {
	struct user_file file;
	char *state; /* NULL where it is not apart */
};

/*
 * Finds both where a login looks, unless specification is not NULL; the caller's own
 * where user is NULL. Returns as user_file_find_for_login(), and
 * STATUS_NOT_PERMITTED where the caller may not change the state. Changes nothing.
 */
enum exit_status device_file_find(struct device_file *file, const char *user,
	const struct host_defaults *defaults, const char *specification, struct error *error);

/* Reads the file, and sees what would come of the change. Returns as
 * device_file_make(); STATUS_NOT_ENROLLED with TOTPGROUP_ENOTFOUND where there is no
 * file. text must be TEXT_INIT, and is the caller's to text_free(). */
enum exit_status device_file_try(const struct device_file *file,
	const struct device_change *change, struct text *text, struct error *error);

/* Makes the change durable. STATUS_REFUSED or STATUS_NOT_ENROLLED where
 * device_change() has nothing to change; STATUS_STORE_ERROR. */
enum exit_status device_file_make(const struct device_file *file,
	const struct device_change *change, struct error *error);

void device_file_free(struct device_file *file);

#endif
