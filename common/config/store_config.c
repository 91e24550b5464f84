/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "config/store_config.h"

#include <string.h>

#include "gate/group_list.h"
#include "totpgroup.h"

#define DEADLINE_MAX	7 /* totp-verifyd answers within eight seconds */
#define CONNECTIONS_MAX 64

#define FIELD(field) .offset = offsetof(struct store_config, field)

const struct key_definition store_definitions[] = {
	{"plugin", KEY_STRING, FIELD(plugin)},
	{"connection", KEY_STRING, FIELD(connection)},
	{"key_file", KEY_STRING, FIELD(key_file)},
	{"realm", KEY_STRING, FIELD(realm)},
	{"deadline", KEY_SECONDS, FIELD(deadline), 1, DEADLINE_MAX},
	{"connections", KEY_NUMBER, FIELD(connections), 1, CONNECTIONS_MAX},
	{"fail", KEY_WORD, FIELD(fail), STORE_FAIL_DENY, .words = "deny|local"},
	{"fail_group", KEY_STRING, FIELD(fail_group)},
	{.name = NULL},
};

bool store_config_is_on(const struct configuration *configuration)
{
	const struct configuration_value *value =
		configuration_find(configuration, NULL, "store");

	return value != NULL && strcmp(value->value, OPTIONS_STORE_PGSQL) == 0;
}

static int set_value(const struct configuration_value *value, struct store_config *config,
	struct error *error)
{
	struct error inner = ERROR_INIT;

	if (value->section == NULL || strcmp(value->section, CONFIGURATION_STORE) != 0)
		return 0;
	if (config_key_set(store_definitions, value->section, config, value->name, value->value,
		    &inner) != 0)
		return error_set(error, inner.code, "%s:%u: %s", value->path, value->line,
			inner.message);
	return 0;
}

static int check_path(const char *name, const char *path, struct error *error)
{
	if (path == NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"store=pgsql needs %s= in the section [store]", name);
	if (*path != '/')
		return error_set(error, TOTPGROUP_ECONFIG,
			"[store]: %s=%.100s: is no absolute path", name, path);
	return 0;
}

/* A list of exemptions alone would mean everybody else. */
static bool names_group(const struct group_list *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		if (!groups->entries[i].exempt)
			return true;
	return false;
}

static int check_fail(const struct store_config *config, struct error *error)
{
	struct group_list groups = GROUP_LIST_INIT;
	struct error inner = ERROR_INIT;
	bool has_group;

	if (config->fail != STORE_FAIL_LOCAL && config->fail_group == NULL)
		return 0;
	if (config->fail != STORE_FAIL_LOCAL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"[store]: fail_group= is for fail=local alone");
	if (config->fail_group == NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"[store]: fail=local needs fail_group=, the group that it is for");
	if (group_list_parse(&groups, config->fail_group, &inner) != 0)
		return error_set(
			error, inner.code, "[store]: fail_group=: %.200s", inner.message);
	has_group = names_group(&groups);
	group_list_free(&groups);
	return has_group ? 0
			 : error_set(error, TOTPGROUP_ECONFIG,
				   "[store]: fail_group=%.100s names nobody but exemptions",
				   config->fail_group);
}

int store_config_read(const struct configuration *configuration, struct store_config *config,
	struct error *error)
{
	int status = 0;

	*config = (struct store_config)STORE_CONFIG_INIT;
	for (size_t i = 0; status == 0 && i < configuration->count; i++)
		status = set_value(&configuration->values[i], config, error);
	if (status == 0)
		status = check_path("plugin", config->plugin, error);
	if (status == 0 && config->connection == NULL)
		status = error_set(error, TOTPGROUP_ECONFIG,
			"store=pgsql needs connection= in the section [store]");
	if (status == 0)
		status = check_path("key_file", config->key_file, error);
	return status == 0 ? check_fail(config, error) : status;
}
