/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store that hosts share: the section [store] of the configuration file, for what asks the
 * store itself. totpgroup.conf(5) says what each key is for. */
#ifndef TOTPGROUP_CONFIG_STORE_CONFIG_H
#define TOTPGROUP_CONFIG_STORE_CONFIG_H

#include <stdbool.h>

#include "base/error.h"
#include "config/configuration.h"
#include "config/keys.h"

/* What is done while the store does not answer. */
enum store_fail {
	STORE_FAIL_DENY = 0,
	STORE_FAIL_LOCAL, /* members of fail_group may use emergency codes of this host */
};

/* Begins as STORE_CONFIG_INIT. Strings are the configuration's, NULL where they are not given. */
struct store_config {
	const char *plugin;	/* absolute path */
	const char *connection; /* as for libpq: keywords and values */
	const char *key_file;	/* absolute path */
	const char *realm;
	int deadline; /* seconds */
	int connections;
	int fail;		/* enum store_fail */
	const char *fail_group; /* with STORE_FAIL_LOCAL alone; names at least one group */
};

#define STORE_CONFIG_INIT                                                                      \
	{                                                                                      \
		.deadline = 3, .connections = 2                                                \
	}

extern const struct key_definition store_definitions[];

/* Whether store=pgsql is in the configuration files, so that the daemon, totp-enroll and the library
 * use the section. */
bool store_config_is_on(const struct configuration *configuration);

/*
 * Reads the section, where store_config_is_on(). TOTPGROUP_ECONFIG, with file and line, for a key
 * that is unknown or malformed; for a missing plugin, connection or key_file; for a path that is
 * not absolute; for fail=local without a group, and for a group without fail=local.
 */
int store_config_read(const struct configuration *configuration, struct store_config *config,
	struct error *error);

#endif
