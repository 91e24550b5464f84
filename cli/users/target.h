/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file that the credential goes to. */
#ifndef TOTPGROUP_CLI_USERS_TARGET_H
#define TOTPGROUP_CLI_USERS_TARGET_H

#include <stdbool.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/enroll/enroll.h"
#include "cli/users/account.h"
#include "cli/users/host_defaults.h"
#include "store/locked_file.h"

/* Begins zeroed; ends with target_free(). */
struct target {
	char *path; /* absolute */
	/* Reached with the rights of the user whose file it is, so that a link
	 * is followed; otherwise root writes into one of its own folders. */
	bool own_file;
	/* In folders that the configuration names and that are not the users'. Root
	 * makes them where they are missing. */
	bool in_system_store;
};

/*
 * Finds the path: what --secret says, else what the host's configuration says,
 * else the usual one. An account that is not the caller's has been become
 * already. As root, a file named by --secret in a folder of another user is
 * written as that user: account is replaced by the owner and become. Reports
 * what is wrong, and a file that the module will not look for.
 */
enum exit_status target_find(struct target *target, const struct enroll_options *options,
	const struct host_defaults *defaults, struct account *account);

/* Looks whether there is a file, and whether one can be written at all, before
 * anybody answers questions for nothing. Reports what is wrong. */
enum exit_status target_look(const struct target *target, bool *exists);

/* Puts the text in place durably, with mode 0400, over another file only with
 * replace. From here on signals that end the process wait for its end.
 * Reports what fails; the old file, if any, stands then. */
enum exit_status target_write(
	const struct target *target, const struct text *text, bool replace);

/* What the file must be like, for the functions of locked_file.h. */
struct file_rules target_rules(const struct target *target);

/* From here on signals that end the process wait for its end: one in the
 * middle of writing would leave a temporary file with the secret. */
void target_hold_signals(void);

void target_free(struct target *target);

#endif
