/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon that acts for a caller who may not reach the store. */
#ifndef TOTPGROUP_CLI_USERS_VERIFYD_H
#define TOTPGROUP_CLI_USERS_VERIFYD_H

#include <stdbool.h>

#include "cli/users/host_defaults.h"
#include "client/verify_client.h"

/* Whether there is a daemon to ask: the caller is not root, and the configuration says
 * store=socket, or says nothing of a store and the usual socket exists. */
bool verifyd_is_there(const struct host_defaults *defaults);

/* The socket of the daemon, and how long to wait for it. */
struct verify_client verifyd_client(const struct host_defaults *defaults);

#endif
