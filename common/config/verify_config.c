/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "config/verify_config.h"

#include <string.h>

#include "gate/group_list.h"
#include "totpgroup.h"

#define CONNECTIONS_MAX	 65536
#define RATE_SECONDS_MAX 3600

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyz0123456789_-"

#define GRANT(field)  .offset = offsetof(struct verify_grant, field)
#define DAEMON(field) .offset = offsetof(struct verify_config, field)

const struct key_definition verify_definitions[] = {
	{"peer", KEY_STRING, GRANT(peer)},
	{"peer_group", KEY_STRING, GRANT(peer_group)},
	{"groups", KEY_STRING, GRANT(groups)},
	{"root", KEY_FLAG, GRANT(root)},
	{"status", KEY_FLAG, GRANT(status)},
	{"self_enroll", KEY_FLAG, GRANT(self_enroll)},
	{"attempts", KEY_RATE, GRANT(attempts), 1, 100, NULL, 1, RATE_SECONDS_MAX},
	{"peer_attempts", KEY_RATE, GRANT(peer_attempts), 1, 1000000, NULL, 1,
		RATE_SECONDS_MAX},
	{.name = NULL},
};

const struct key_definition daemon_definitions[] = {
	{"idle_exit", KEY_SECONDS, DAEMON(idle_exit), 0, 86400},
	{"connections", KEY_NUMBER, DAEMON(connections), 16, CONNECTIONS_MAX},
	{"peer_connections", KEY_NUMBER, DAEMON(peer_connections), 1, CONNECTIONS_MAX},
	{"self", KEY_FLAG, DAEMON(self)},
	{"self_attempts", KEY_RATE, DAEMON(self_attempts), 1, 100, NULL, 1, RATE_SECONDS_MAX},
	{"self_enroll", KEY_FLAG, DAEMON(self_enroll)},
	{"metrics", KEY_STRING, DAEMON(metrics)},
	{.name = NULL},
};

static bool name_is_good(const char *name)
{
	return strlen(name) <= VERIFY_NAME_MAX && name[strspn(name, NAME_BYTES)] == '\0' &&
	       strcmp(name, VERIFY_SERVICE_ROOT) != 0 && strcmp(name, VERIFY_SERVICE_SELF) != 0;
}

/* The grant of the section [verify NAME], made where this is the section's first value. */
static int find_grant(const char *section, struct verify_config *config,
	struct verify_grant **grant, struct error *error)
{
	const char *name = section + strlen(CONFIGURATION_VERIFY);
	size_t i = 0;

	while (i < config->count && strcmp(config->grants[i].name, name) != 0)
		i++;
	*grant = &config->grants[i];
	if (i < config->count)
		return 0;
	if (!name_is_good(name))
		return error_set(error, TOTPGROUP_ECONFIG,
			"the name in [verify NAME] is for the log: up to 32 of a-z, 0-9, _ and "
			"-, and neither root nor self");
	if (i == VERIFY_GRANTS_MAX)
		return error_set(
			error, TOTPGROUP_ECONFIG, "more than 32 sections [verify NAME]");
	config->count++;
	**grant = (struct verify_grant){
		.attempts = {.attempts = 3, .seconds = 30},
		.peer_attempts = {.attempts = 6000, .seconds = 60},
	};
	strcpy((*grant)->name, name);
	return 0;
}

static int set_daemon_value(const struct configuration_value *value,
	struct verify_config *config, struct error *error)
{
	int status = config_key_set(
		daemon_definitions, value->section, config, value->name, value->value, error);

	if (status == 0 && config->metrics != NULL && *config->metrics != '/')
		status = error_set(error, TOTPGROUP_ECONFIG,
			"[daemon]: metrics=%.100s: is no absolute path", config->metrics);
	return status;
}

static int set_value(const struct configuration_value *value, struct verify_config *config,
	struct error *error)
{
	struct verify_grant *grant;

	if (value->section == NULL || strcmp(value->section, CONFIGURATION_ENROLL) == 0 ||
		strcmp(value->section, CONFIGURATION_STORE) == 0)
		return 0;
	if (strcmp(value->section, CONFIGURATION_DAEMON) == 0)
		return set_daemon_value(value, config, error);
	if (find_grant(value->section, config, &grant, error) != 0)
		return error->code;
	return config_key_set(
		verify_definitions, value->section, grant, value->name, value->value, error);
}

/* A message gets the file and the line of the value put before it. */
static int refuse_value(
	const struct configuration_value *value, const struct error *inner, struct error *error)
{
	return error_set(
		error, inner->code, "%s:%u: %s", value->path, value->line, inner->message);
}

static int check_grant(const struct configuration *configuration,
	const struct verify_grant *grant, struct error *error)
{
	struct group_list groups = GROUP_LIST_INIT;
	struct error inner = ERROR_INIT;
	char section[sizeof CONFIGURATION_VERIFY + VERIFY_NAME_MAX] = CONFIGURATION_VERIFY;
	int status;

	if (grant->peer == NULL && grant->peer_group == NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"section [verify %s] grants nobody anything; add peer= or peer_group=",
			grant->name);
	if (grant->groups == NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"section [verify %s] does not say about whom; add groups=",
			grant->name);
	status = group_list_parse(&groups, grant->groups, &inner);
	group_list_free(&groups);
	if (status == 0)
		return 0;
	strcat(section, grant->name);
	return refuse_value(
		configuration_find(configuration, section, "groups"), &inner, error);
}

int verify_config_read(const struct configuration *configuration, struct verify_config *config,
	struct error *error)
{
	struct error inner = ERROR_INIT;
	int status = 0;

	*config = (struct verify_config)VERIFY_CONFIG_INIT;
	for (size_t i = 0; i < configuration->count; i++)
		if (set_value(&configuration->values[i], config, &inner) != 0)
			return refuse_value(&configuration->values[i], &inner, error);
	for (size_t i = 0; status == 0 && i < config->count; i++)
		status = check_grant(configuration, &config->grants[i], error);
	return status;
}
