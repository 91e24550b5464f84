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
 * TOTPGROUP_ECONFIG; TOTPGROUP_EUNSAFE where the plugin is not root's, where others may write to it or
 * to a folder on the way there, or where setuid_is_set(); TOTPGROUP_EMISSING where the
 * plugin cannot be loaded or is of another version; TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int shared_store_open(struct shared_store **shared, const struct configuration *configuration,
	struct error *error);

/* The same for making or upgrading the schema, with the role of an administrator of the database.
 * connection, unless it is NULL, replaces that of the configuration. */
int shared_store_open_for_schema(struct shared_store **shared,
	const struct configuration *configuration, const char *connection, struct error *error);

/* NULL is allowed. */
void shared_store_close(struct shared_store *shared);

/* The store; NULL for NULL. */
struct store *shared_store_of(const struct shared_store *shared);

/* Does a statement: struct store_plugin. */
int shared_store_run(struct shared_store *shared, const struct store_statement *statement,
	store_take_row *take, void *context, struct error *error);

/* reseal(), count() and schema of struct store_plugin. The place is one of the store's. */
int shared_store_reseal(
	struct shared_store *shared, struct store_place *place, struct error *error);
void shared_store_count(struct shared_store *shared, struct store_counts *counts);
int shared_store_schema(const struct shared_store *shared);

/* The file of keys that the section names. */
const char *shared_store_key_file(const struct shared_store *shared);

/* Removes the variables from the environment that could change what the client library of a store
 * does. A program calls it before it has threads. */
void shared_store_clear_environment(void);

#endif
