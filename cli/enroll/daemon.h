/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Enrolling oneself where only root may write secrets: totp-verifyd makes and stores
 * it. */
#ifndef TOTPGROUP_CLI_ENROLL_DAEMON_H
#define TOTPGROUP_CLI_ENROLL_DAEMON_H

#include <stdbool.h>

#include "cli/commands.h"
#include "cli/enroll/options.h"
#include "cli/users/host_defaults.h"

/* Whether the secret is the caller's own, and the configuration puts it where he may
 * not write; and there is a daemon to ask. */
bool enroll_daemon_applies(
	const struct enroll_options *options, const struct host_defaults *defaults);

/* Looks whether no option says what the secret is to be like: that is the daemon's to
 * say. given is what the flags say, without what the configuration does. Reports, and
 * returns STATUS_USAGE. */
enum exit_status enroll_daemon_check(const struct enroll_options *given);

/*
 * Shows a secret of the daemon's, and asks for codes of it until one is right, which
 * stores it. Reports what fails. STATUS_REFUSED at the end of the input, after too many
 * wrong codes, and where there is a secret already.
 */
enum exit_status enroll_daemon_run(
	const struct enroll_options *options, const struct host_defaults *defaults);

#endif
