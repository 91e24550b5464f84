/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "config/verify_config.h"

#include <string.h>

#include "base/date.h"
#include "base/lines.h"
#include "base/number.h"
#include "base/similar.h"
#include "gate/group_list.h"
#include "totpgroup.h"

#define SECONDS_MAXIMUM	    86400
#define CONNECTIONS_MAXIMUM 65536
#define RATE_COUNT_MAXIMUM  1000000
#define RATE_TIME_MAXIMUM   3600

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyz0123456789_-"

#define GRANT(field)  offsetof(struct verify_grant, field)
#define DAEMON(field) offsetof(struct verify_config, field)

const struct verify_definition verify_definitions[] = {
	{"peer", VERIFY_KIND_TEXT, GRANT(peer), 0, 0},
	{"peer_group", VERIFY_KIND_TEXT, GRANT(peer_group), 0, 0},
	{"groups", VERIFY_KIND_TEXT, GRANT(groups), 0, 0},
	{"root", VERIFY_KIND_FLAG, GRANT(root), 0, 0},
	{"status", VERIFY_KIND_FLAG, GRANT(status), 0, 0},
	{"attempts", VERIFY_KIND_RATE, GRANT(attempts), 1, 100},
	{"peer_attempts", VERIFY_KIND_RATE, GRANT(peer_attempts), 1, RATE_COUNT_MAXIMUM},
	{NULL, VERIFY_KIND_TEXT, 0, 0, 0},
};

const struct verify_definition daemon_definitions[] = {
	{"idle_exit", VERIFY_KIND_SECONDS, DAEMON(idle_exit), 0, SECONDS_MAXIMUM},
	{"connections", VERIFY_KIND_NUMBER, DAEMON(connections), 16, CONNECTIONS_MAXIMUM},
	{"peer_connections", VERIFY_KIND_NUMBER, DAEMON(peer_connections), 1,
		CONNECTIONS_MAXIMUM},
	{"self", VERIFY_KIND_FLAG, DAEMON(self), 0, 0},
	{"self_attempts", VERIFY_KIND_RATE, DAEMON(self_attempts), 1, 100},
	{"self_enroll", VERIFY_KIND_FLAG, DAEMON(self_enroll), 0, 0},
	{NULL, VERIFY_KIND_TEXT, 0, 0, 0},
};

static int refuse(
	const struct configuration_value *value, struct error *error, const char *problem)
{
	return error_set(
		error, TOTPGROUP_ECONFIG, "%s:%u: %s", value->path, value->line, problem);
}

static int refuse_unknown(const struct configuration_value *value,
	const struct verify_definition *table, struct error *error)
{
	const char *nearest =
		similar_name(table, sizeof *table, value->name, strlen(value->name));

	if (nearest != NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"%s:%u: unknown key %s in [%s]; did you mean %s?", value->path,
			value->line, value->name, value->section, nearest);
	return error_set(error, TOTPGROUP_ECONFIG,
		"%s:%u: unknown key %.*s in [%s]; totpgroup.conf(5) lists the keys",
		value->path, value->line, SIMILAR_NAME_MAXIMUM, value->name, value->section);
}

static bool parse_rate(
	const struct verify_definition *row, const char *value, struct verify_rate *rate)
{
	size_t rest = strlen(value), length;
	const char *word;
	int64_t attempts, seconds;

	if (strcmp(value, "no") == 0) {
		*rate = (struct verify_rate){0, 0};
		return true;
	}
	if (!lines_next_word(&value, &rest, &word, &length) ||
		!number_parse(word, length, row->minimum, row->maximum, &attempts) ||
		!lines_next_word(&value, &rest, &word, &length) ||
		!number_parse(word, length, 1, RATE_TIME_MAXIMUM, &seconds) ||
		lines_next_word(&value, &rest, &word, &length))
		return false;
	*rate = (struct verify_rate){(int)attempts, (int)seconds};
	return true;
}

static int read_rate(const struct verify_definition *row,
	const struct configuration_value *value, struct verify_rate *rate, struct error *error)
{
	if (parse_rate(row, value->value, rate))
		return 0;
	return error_set(error, TOTPGROUP_ECONFIG,
		"%s:%u: key %s needs attempts (%d to %d) and seconds (1 to %d), such as 3 30; "
		"or no",
		value->path, value->line, row->name, row->minimum, row->maximum,
		RATE_TIME_MAXIMUM);
}

static int read_number(const struct verify_definition *row,
	const struct configuration_value *value, int *field, struct error *error)
{
	size_t length = strlen(value->value);
	int64_t number;
	bool right = row->kind == VERIFY_KIND_SECONDS
			     ? duration_parse(value->value, length, row->minimum, row->maximum,
				       &number)
			     : number_parse(value->value, length, row->minimum, row->maximum,
				       &number);

	if (!right)
		return error_set(error, TOTPGROUP_ECONFIG,
			"%s:%u: key %s needs a number from %d to %d", value->path, value->line,
			row->name, row->minimum, row->maximum);
	*field = (int)number;
	return 0;
}

static int read_flag(const struct configuration_value *value, bool *field, struct error *error)
{
	*field = strcmp(value->value, "yes") == 0;
	if (*field || strcmp(value->value, "no") == 0)
		return 0;
	return error_set(error, TOTPGROUP_ECONFIG, "%s:%u: key %s is yes or no", value->path,
		value->line, value->name);
}

static int read_text(
	const struct configuration_value *value, const char **field, struct error *error)
{
	if (*value->value == '\0')
		return error_set(error, TOTPGROUP_ECONFIG,
			"%s:%u: key %s is empty; give it a value or leave it out", value->path,
			value->line, value->name);
	*field = value->value;
	return 0;
}

static int read_value(const struct verify_definition *table,
	const struct configuration_value *value, void *fields, struct error *error)
{
	const struct verify_definition *row = table;
	void *field;

	while (row->name != NULL && strcmp(row->name, value->name) != 0)
		row++;
	if (row->name == NULL)
		return refuse_unknown(value, table, error);
	field = (char *)fields + row->offset;
	switch (row->kind) {
	case VERIFY_KIND_TEXT:
		return read_text(value, field, error);
	case VERIFY_KIND_FLAG:
		return read_flag(value, field, error);
	case VERIFY_KIND_NUMBER:
	case VERIFY_KIND_SECONDS:
		return read_number(row, value, field, error);
	case VERIFY_KIND_RATE:
		return read_rate(row, value, field, error);
	}
	return 0;
}

static bool name_is_good(const char *name)
{
	return strlen(name) <= VERIFY_NAME_MAX && name[strspn(name, NAME_BYTES)] == '\0' &&
	       strcmp(name, VERIFY_SERVICE_ROOT) != 0 && strcmp(name, VERIFY_SERVICE_SELF) != 0;
}

/* The grant of a section, which is a new one where it is the first that is read of
 * it. */
static int find_grant(const struct configuration_value *value, struct verify_config *config,
	struct verify_grant **grant, struct error *error)
{
	const char *name = value->section + strlen(CONFIGURATION_VERIFY);
	size_t i = 0;

	while (i < config->count && strcmp(config->grants[i].name, name) != 0)
		i++;
	*grant = &config->grants[i];
	if (i < config->count)
		return 0;
	if (!name_is_good(name))
		return refuse(value, error,
			"the name in [verify NAME] is for the log: up to 32 of a-z, 0-9, _ and "
			"-, and neither root nor self");
	if (i == VERIFY_GRANTS_MAX)
		return refuse(value, error, "more than 32 sections [verify NAME]");
	config->count++;
	**grant = (struct verify_grant){.attempts = {3, 30}, .peer_attempts = {6000, 60}};
	strcpy((*grant)->name, name);
	return 0;
}

/* From the value that was read first to the one that was read last. */
static int read_all(const struct configuration *configuration, struct verify_config *config,
	struct error *error)
{
	const struct configuration_value *done = NULL;
	int status = 0;

	while (status == 0 && done != configuration->latest) {
		const struct configuration_value *value = configuration->latest;
		struct verify_grant *grant;

		while (value->earlier != done)
			value = value->earlier;
		done = value;
		if (value->section == NULL || strcmp(value->section, CONFIGURATION_ENROLL) == 0)
			continue;
		if (strcmp(value->section, CONFIGURATION_DAEMON) == 0) {
			status = read_value(daemon_definitions, value, config, error);
			continue;
		}
		status = find_grant(value, config, &grant, error);
		if (status == 0)
			status = read_value(verify_definitions, value, grant, error);
	}
	return status;
}

static int check_grant(const struct configuration *configuration,
	const struct verify_grant *grant, struct error *error)
{
	struct group_list groups = GROUP_LIST_INIT;
	struct error inner = ERROR_INIT;
	const struct configuration_value *value;
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
	value = configuration_find(configuration, section, "groups");
	return error_set(error, status, "%s:%u: %s", value->path, value->line, inner.message);
}

int verify_config_read(const struct configuration *configuration, struct verify_config *config,
	struct error *error)
{
	int status;

	*config = (struct verify_config)VERIFY_CONFIG_INIT;
	status = read_all(configuration, config, error);
	for (size_t i = 0; status == 0 && i < config->count; i++)
		status = check_grant(configuration, &config->grants[i], error);
	return status;
}
