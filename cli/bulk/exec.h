/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Handing a letter to a command of the administrator's: to mail, encrypt or print it. */
#ifndef TOTPGROUP_CLI_BULK_EXEC_H
#define TOTPGROUP_CLI_BULK_EXEC_H

#include "base/error.h"
#include "cli/bulk/folder.h"
#include "cli/bulk/signals.h"

/* What tells the command whose letter it is. */
#define BULK_EXEC_VARIABLE "TOTP_ENROLL_USER"

/*
 * Runs a command by /bin/sh, the letter of that name in the folder as its standard
 * input and our standard error as its standard output, and waits for its end.
 * TOTPGROUP_ESYSTEM with a message where it cannot be run, ends with another status
 * than 0, or by a signal.
 */
int bulk_exec(const char *command, const struct bulk_folder *folder, const char *letter,
	const char *user, const struct bulk_signals *signals, struct error *error);

#endif
