/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the servers are: the key connection= of [store], taken apart. */
#ifndef TOTPGROUP_PGSQL_TARGET_H
#define TOTPGROUP_PGSQL_TARGET_H

#include <stddef.h>

#include "base/error.h"

#define TARGET_HOSTS_MAX 8

/* Begins zeroed, ends with target_free(). */
struct target {
	/* What libpq is to be told for each host. Every keyword that it would otherwise take from
	 * the environment or from a home folder has a value. */
	char *hosts[TARGET_HOSTS_MAX];
	size_t count;
	char *name; /* for messages: `totp at db1,db2` */
};

/* Reads keywords and values, or a URI, as libpq has them. TOTPGROUP_ECONFIG where they are malformed,
 * name no host, dbname or user, or have a password or a service in them; TOTPGROUP_EMEMORY. */
int target_read(struct target *target, const char *connection, struct error *error);

void target_free(struct target *target);

#endif
