/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Leaving a decision to totp-verifyd, where the caller may not read the store. */
#ifndef TOTPGROUP_CLI_MANAGE_VERIFY_DAEMON_H
#define TOTPGROUP_CLI_MANAGE_VERIFY_DAEMON_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/users/host_defaults.h"
#include "client/verify_client.h"
#include "totpgroup.h"

/*
 * Whether there is a daemon to ask for a caller who may not do a thing himself: he is
 * not root, and either the configuration says store=socket or it says nothing of a
 * store and the usual socket is there.
 */
bool verify_daemon_is_there(const struct host_defaults *defaults);

/* Where it is. */
struct verify_client verify_daemon_client(const struct host_defaults *defaults);

/*
 * Asks it whether a code is right, which spends it. STATUS_DONE where there is a
 * verdict in result, whatever it is; otherwise STATUS_NOT_PERMITTED or
 * STATUS_STORE_ERROR, and error says why.
 */
enum exit_status verify_daemon_ask(const struct host_defaults *defaults, const char *user,
	const char *code, struct totpgroup_result *result, struct error *error);

#endif
