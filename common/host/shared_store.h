/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The store that hosts share, where the configuration says store=pgsql: loads its plugin, and opens
 * it. Not for the module, which asks the daemon.
 *
 * All threads may use one at a time.
 */
#ifndef TOTPGROUP_HOST_SHARED_STORE_H
#define TOTPGROUP_HOST_SHARED_STORE_H

#include "base/error.h"
#include "config/configuration.h"
#include "store/plugin.h"

struct shared_store;

/*
 * Loads the plugin that the section [store] names. *shared is NULL, without an error, where
 * store=pgsql is not in the configuration; the caller ends it with shared_store_close(). The
 * configuration must outlive it.
 *
 * TOTPGROUP_ECONFIG; TOTPGROUP_EUNSAFE where the plugin is not root's, others may write it or a folder
 * on the way there, or another user may have started this process with more rights than that user
 * has; TOTPGROUP_EMISSING where it cannot be loaded or is of another version; TOTPGROUP_ESYSTEM,
 * TOTPGROUP_EMEMORY.
 */
int shared_store_open(struct shared_store **shared, const struct configuration *configuration,
	struct error *error);

/* The same for making or upgrading the schema, by a role of the database's administrator: connection
 * is in place of that of the configuration, unless it is NULL. */
int shared_store_open_for_schema(struct shared_store **shared,
	const struct configuration *configuration, const char *connection, struct error *error);

/* NULL is allowed. */
void shared_store_close(struct shared_store *shared);

/* The store; NULL for NULL. */
struct store *shared_store_of(const struct shared_store *shared);

/* Does a statement: struct store_plugin. */
int shared_store_run(struct shared_store *shared, const struct store_statement *statement,
	store_take_row *take, void *context, struct error *error);

/* Of struct store_plugin: reseal(), count(), and the schema that it knows. The place is one of the
 * store's. */
int shared_store_reseal(
	struct shared_store *shared, struct store_place *place, struct error *error);
void shared_store_count(struct shared_store *shared, struct store_counts *counts);
int shared_store_schema(const struct shared_store *shared);

/* The file of keys that seals, as the section says. */
const char *shared_store_key_file(const struct shared_store *shared);

/* For programs, before they have threads: takes the variables out of the environment that could
 * change what the client library of a store does. */
void shared_store_clear_environment(void);

#endif
