/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/shared_store.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/host_name.h"
#include "config/store_config.h"
#include "host/path_owner.h"
#include "host/setuid_guard.h"
#include "totpgroup.h"

/* Seconds. An upgrade may rewrite a table. */
#define SCHEMA_DEADLINE 600

struct shared_store {
	const struct store_plugin *plugin;
	struct store *store;
	struct store_config config;
	char host[HOST_NAME_MAX + 1];
};

/* A user who can exchange the file decides who gets in. */
static int check_file(const char *path, struct error *error)
{
	struct stat status;
	uid_t owner;
	int result = path_owner_find(path, &owner, error);

	if (result != 0)
		return result;
	if (owner != 0)
		return error_set(error, TOTPGROUP_EUNSAFE,
			"plugin %s: a folder on the way there is not root's", path);
	if (lstat(path, &status) != 0)
		return error_set_system(error, TOTPGROUP_ECONFIG, "plugin %s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(
			error, TOTPGROUP_EUNSAFE, "plugin %s: is no regular file", path);
	if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(error, TOTPGROUP_EUNSAFE,
			"plugin %s: is not root's, or others may write it", path);
	return 0;
}

static int check_version(
	const struct store_plugin *plugin, const char *path, struct error *error)
{
	if (plugin->abi == STORE_ABI && plugin->size == sizeof *plugin &&
		plugin->operations_size == sizeof(struct store_operations))
		return 0;
	return error_set(error, TOTPGROUP_EMISSING,
		"plugin %s: is of another version of totpgroup; install the one of this "
		"version, " PACKAGE_VERSION,
		path);
}

/* The plugin stays loaded, because libraries behind it may have started something that outlives
 * any store. */
static int load(const struct store_plugin **plugin, const char *path, struct error *error)
{
	void *object;

	if (setuid_is_set())
		return error_set(error, TOTPGROUP_EUNSAFE,
			"plugin %s: is not loaded in a program that others may have started",
			path);
	if (check_file(path, error) != 0)
		return error->code;
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (object == NULL)
		return error_set(error, TOTPGROUP_EMISSING,
			"plugin %.80s cannot be loaded: %.200s", path, dlerror());
	*plugin = dlsym(object, STORE_PLUGIN_SYMBOL);
	(void)dlclose(object);
	if (*plugin == NULL)
		return error_set(error, TOTPGROUP_EMISSING,
			"plugin %s: is no plugin of totpgroup", path);
	return check_version(*plugin, path, error);
}

static int open_plugin(struct shared_store *shared, const char *connection, bool is_for_schema,
	struct error *error)
{
	const struct store_config *config = &shared->config;
	const struct store_plugin_settings settings = {
		.connection = connection != NULL ? connection : config->connection,
		.key_file = config->key_file,
		.realm = config->realm,
		.host = shared->host,
		.deadline = is_for_schema ? SCHEMA_DEADLINE : config->deadline,
		.connections = config->connections,
		.is_for_schema = is_for_schema};

	host_name(shared->host);
	return shared->plugin->open(&shared->store, &settings, error);
}

static int open_as(struct shared_store **shared, const struct configuration *configuration,
	const char *connection, bool is_for_schema, struct error *error)
{
	struct shared_store *opened;
	int status;

	*shared = NULL;
	if (!store_config_is_on(configuration))
		return 0;
	opened = calloc(1, sizeof *opened);
	if (opened == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	status = store_config_read(configuration, &opened->config, error);
	if (status == 0)
		status = load(&opened->plugin, opened->config.plugin, error);
	if (status == 0)
		status = open_plugin(opened, connection, is_for_schema, error);
	if (status == 0)
		*shared = opened;
	else
		shared_store_close(opened);
	return status;
}

int shared_store_open(struct shared_store **shared, const struct configuration *configuration,
	struct error *error)
{
	return open_as(shared, configuration, NULL, false, error);
}

int shared_store_open_for_schema(struct shared_store **shared,
	const struct configuration *configuration, const char *connection, struct error *error)
{
	return open_as(shared, configuration, connection, true, error);
}

void shared_store_close(struct shared_store *shared)
{
	if (shared == NULL)
		return;
	store_close(shared->store);
	free(shared);
}

struct store *shared_store_of(const struct shared_store *shared)
{
	return shared != NULL ? shared->store : NULL;
}

int shared_store_run(struct shared_store *shared, const struct store_statement *statement,
	store_take_row *take, void *context, struct error *error)
{
	return shared->plugin->run(shared->store, statement, take, context, error);
}

int shared_store_reseal(
	struct shared_store *shared, struct store_place *place, struct error *error)
{
	return shared->plugin->reseal(place, error);
}

void shared_store_count(struct shared_store *shared, struct store_counts *counts)
{
	shared->plugin->count(shared->store, counts);
}

int shared_store_schema(const struct shared_store *shared)
{
	return shared->plugin->schema;
}

const char *shared_store_key_file(const struct shared_store *shared)
{
	return shared->config.key_file;
}

void shared_store_clear_environment(void)
{
	char name[64];
	size_t at = 0;

	while (environ != NULL && environ[at] != NULL) {
		size_t length = strcspn(environ[at], "=");

		if (strncmp(environ[at], "PG", 2) != 0 || length >= sizeof name) {
			at++;
			continue;
		}
		memcpy(name, environ[at], length);
		name[length] = '\0';
		(void)unsetenv(name);
	}
}
