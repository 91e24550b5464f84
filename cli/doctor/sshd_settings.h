/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What sshd says that its settings are: `sshd -T`. */
#ifndef TOTPGROUP_CLI_DOCTOR_SSHD_SETTINGS_H
#define TOTPGROUP_CLI_DOCTOR_SSHD_SETTINGS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* Begins as SSHD_SETTINGS_INIT; ends with sshd_settings_free(). */
struct sshd_settings {
	struct text text; /* lines of a lower-case name, a blank and a value */
};

#define SSHD_SETTINGS_INIT                                                                     \
	{                                                                                      \
		TEXT_INIT                                                                      \
	}

/*
 * Runs the sshd of PATH, or of /usr/sbin, with -T and nothing of the caller's
 * environment, and reads what it prints. config is its configuration file, or
 * NULL for its own; user is whose login Match blocks are to be judged for, from
 * this host, or NULL for nobody's. TOTPGROUP_ENOTFOUND where there is no sshd,
 * TOTPGROUP_ESYSTEM where it cannot be run, fails, says too much or takes too
 * long, with its own words in the message; TOTPGROUP_EMEMORY.
 */
int sshd_settings_run(struct sshd_settings *settings, const char *config, const char *user,
	struct error *error);

/* Reads a file that holds what `sshd -T` printed. */
int sshd_settings_read(struct sshd_settings *settings, const char *path, struct error *error);

/* Copies a setting's value; the caller frees it. NULL where sshd does not know
 * it, or memory is out. name is in lower case. */
char *sshd_settings_get(const struct sshd_settings *settings, const char *name);

/* Whether the setting has that value. */
bool sshd_settings_is(
	const struct sshd_settings *settings, const char *name, const char *value);

void sshd_settings_free(struct sshd_settings *settings);

#endif
