/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* doctor --print-config: the values of the configuration files, and where they are set. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/ui/terminal.h"
#include "config/configuration.h"
#include "config/verify_config.h"

/* The files in the order in which they were read. */
static int print_paths(
	const struct configuration *configuration, const struct configuration_path *after)
{
	const char *path;
	const struct configuration_path *next =
		configuration_next_path(configuration, after, &path);

	if (next == NULL)
		return after == NULL && !terminal_say("# no configuration file\n");
	return print_paths(configuration, next) != 0 || !terminal_say("# read: %s\n", path);
}

/* Quotes keep blanks at the ends. */
static bool print_value(const struct configuration_value *value)
{
	const char *quote =
		strpbrk(value->value, " \t\"") != NULL || *value->value == '\0' ? "\"" : "";

	return terminal_say("# %s:%u\n%s=%s%s%s\n", value->path, value->line, value->name,
		quote, value->value, quote);
}

/* One row of a table. */
static bool print_name(
	const struct configuration *configuration, const char *section, const char *name)
{
	const struct configuration_value *value =
		configuration_find(configuration, section, name);

	return value != NULL ? print_value(value) : terminal_say("# default: %s\n", name);
}

static bool print_all(const struct configuration *configuration)
{
	bool good = print_paths(configuration, NULL) == 0;

	for (const struct option_definition *row = option_definitions; row->name != NULL; row++)
		if (row->alias_of == NULL && strcmp(row->name, "conf") != 0)
			good = good && print_name(configuration, NULL, row->name);
	good = good && terminal_say("\n[%s]\n", CONFIGURATION_ENROLL);
	for (const struct enroll_definition *row = enroll_definitions; row->name != NULL; row++)
		good = good && print_name(configuration, CONFIGURATION_ENROLL, row->name);
	return good;
}

/* A section of the daemon's. */
static bool print_section(const struct configuration *configuration, const char *section,
	const struct verify_definition *row)
{
	bool good = terminal_say("\n[%s]\n", section);

	for (; row->name != NULL; row++)
		good = good && print_name(configuration, section, row->name);
	return good;
}

static bool print_sections(
	const struct configuration *configuration, const struct verify_config *verify)
{
	bool good = print_section(configuration, CONFIGURATION_DAEMON, daemon_definitions);

	for (size_t i = 0; i < verify->count; i++) {
		char section[sizeof CONFIGURATION_VERIFY + VERIFY_NAME_MAX];

		snprintf(section, sizeof section, CONFIGURATION_VERIFY "%s",
			verify->grants[i].name);
		good = good && print_section(configuration, section, verify_definitions);
	}
	return good;
}

/* A mistake in them is told behind what logins read, which is good. */
static enum exit_status print_daemon(
	const struct configuration *configuration, struct error *error)
{
	struct verify_config *verify = malloc(sizeof *verify);
	enum exit_status status = STATUS_STORE_ERROR;

	if (verify == NULL)
		return terminal_out_of_memory();
	if (verify_config_read(configuration, verify, error) != 0)
		terminal_complain_error(error);
	else if (print_sections(configuration, verify))
		status = STATUS_DONE;
	free(verify);
	return status;
}

static enum exit_status print_loaded(int count, const char *const *arguments)
{
	struct configuration configuration = CONFIGURATION_INIT;
	struct error error = ERROR_INIT;
	enum exit_status status = STATUS_STORE_ERROR;

	if (configuration_load(&configuration, count, arguments, &error) != 0)
		terminal_complain_error(&error);
	else if (print_all(&configuration))
		status = print_daemon(&configuration, &error);
	configuration_free(&configuration);
	return status;
}

enum exit_status print_config(const char *conf)
{
	enum exit_status status;
	char *argument;

	if (conf == NULL)
		return print_loaded(0, NULL);
	if (asprintf(&argument, "conf=%s", conf) < 0)
		return terminal_out_of_memory();
	status = print_loaded(1, (const char *const *)&argument);
	free(argument);
	return status;
}
