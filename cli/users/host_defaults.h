/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the host's configuration says about enrollment, where no flag does. */
#ifndef TOTPGROUP_CLI_USERS_HOST_DEFAULTS_H
#define TOTPGROUP_CLI_USERS_HOST_DEFAULTS_H

#include "base/error.h"
#include "cli/commands.h"
#include "config/enroll_defaults.h"

struct configuration;
struct shared_store;
struct store;
struct user_entry;

/* Begins zeroed, ends with host_defaults_free(). Strings are good until then. */
struct host_defaults {
	struct enroll_defaults enroll;
	const char *secret; /* where secrets are, as the module's option; or NULL */
	const char *user;   /* who owns them; NULL for each user, and without secret */
	/* The user whom the module's option user= names, once for all credentials; NULL without
	 * it, and where he cannot be looked up, which each credential then reports. */
	struct user_entry *owner;
	struct configuration *configuration;
	/* With store=pgsql, where the caller is root: the store; NULL where it could not be opened,
	 * which shared_error says. */
	struct shared_store *shared;
	struct error *shared_error; /* owned; NULL where it was */
};

/* Reads the configuration files; or, where conf is not NULL, that one, as the
 * module's option conf= does. Reports what is wrong, and returns
 * STATUS_STORE_ERROR. Of a store that hosts share the plugin is loaded; nothing is connected. */
enum exit_status host_defaults_load(struct host_defaults *defaults, const char *conf);

/* The store that hosts share, where that is the store: *store is NULL, without an error, where files
 * are. STATUS_NOT_PERMITTED for a caller who is not root, STATUS_STORE_ERROR where it could not be
 * opened, both with error. */
enum exit_status host_defaults_store(
	const struct host_defaults *defaults, struct store **store, struct error *error);

void host_defaults_free(struct host_defaults *defaults);

#endif
