/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the host's configuration says about enrollment, where no flag does. */
#ifndef TOTPGROUP_CLI_USERS_HOST_DEFAULTS_H
#define TOTPGROUP_CLI_USERS_HOST_DEFAULTS_H

#include "cli/commands.h"
#include "config/enroll_defaults.h"

struct configuration;
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
};

/* Reads the configuration files; or, where conf is not NULL, that one, as the
 * module's option conf= does. Reports what is wrong, and returns
 * STATUS_STORE_ERROR. */
enum exit_status host_defaults_load(struct host_defaults *defaults, const char *conf);

void host_defaults_free(struct host_defaults *defaults);

#endif
