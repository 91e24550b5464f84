/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The users who have something in root's store. */
#ifndef TOTPGROUP_CLI_USERS_STORE_USERS_H
#define TOTPGROUP_CLI_USERS_STORE_USERS_H

#include "base/error.h"
#include "config/options.h"
#include "store/store.h"

/* Names them as store_list() does. shared is the store that hosts share, or NULL where files are;
 * specification, unless it is NULL, says where secrets are in place of it and the options.
 * TOTPGROUP_EARGUMENT says what --all needs. */
int store_users_list(struct store *shared, const struct options *options,
	const char *specification, bool states, store_name *name, void *argument,
	struct error *error);

#endif
