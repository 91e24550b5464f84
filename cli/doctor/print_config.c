/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* doctor --print-config: the values of the configuration files, and where they are set. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/ui/terminal.h"
#include "config/configuration.h"
#include "config/store_config.h"
#include "config/verify_config.h"
#include "message/translate.h"
#include "totpgroup.h"

/* The files in the order in which they were read, which is the reverse of the list's. */
static void append_paths(struct text *text, const struct configuration_file *file)
{
	if (file == NULL)
		return;
	append_paths(text, file->earlier);
	text_append_format(text, "# read: %s\n", file->path);
}

/* Quotes keep blanks at the ends of a value. */
static void append_setting(struct text *text, const struct configuration *configuration,
	const char *section, const char *name)
{
	const struct configuration_value *value =
		configuration_find(configuration, section, name);
	const char *quote = "";

	if (value == NULL) {
		text_append_format(text, "# default: %s\n", name);
		return;
	}
	if (strpbrk(value->value, " \t\"") != NULL || *value->value == '\0')
		quote = "\"";
	text_append_format(text, "# %s:%u\n%s=%s%s%s\n", value->path, value->line, value->name,
		quote, value->value, quote);
}

static void append_section(struct text *text, const struct configuration *configuration,
	const char *section, const struct key_definition *row)
{
	text_append_format(text, "\n[%s]\n", section);
	for (; row->name != NULL; row++)
		append_setting(text, configuration, section, row->name);
}

static void append_login_settings(struct text *text, const struct configuration *configuration)
{
	if (configuration->files == NULL)
		text_append_string(text, "# no configuration file\n");
	append_paths(text, configuration->files);
	for (const struct option_definition *row = option_definitions; row->name != NULL; row++)
		if (row->alias_of == NULL && strcmp(row->name, "conf") != 0)
			append_setting(text, configuration, NULL, row->name);
	append_section(text, configuration, CONFIGURATION_ENROLL, enroll_definitions);
}

/* The sections that only totp-verifyd reads. */
static int append_daemon_settings(
	struct text *text, const struct configuration *configuration, struct error *error)
{
	struct verify_config *verify = malloc(sizeof *verify);
	int status;

	if (verify == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	status = verify_config_read(configuration, verify, error);
	if (status == 0)
		append_section(text, configuration, CONFIGURATION_DAEMON, daemon_definitions);
	if (status == 0 && store_config_is_on(configuration))
		append_section(text, configuration, CONFIGURATION_STORE, store_definitions);
	for (size_t i = 0; status == 0 && i < verify->count; i++) {
		char section[sizeof CONFIGURATION_VERIFY + VERIFY_NAME_MAX];

		snprintf(section, sizeof section, CONFIGURATION_VERIFY "%s",
			verify->grants[i].name);
		append_section(text, configuration, section, verify_definitions);
	}
	free(verify);
	return status;
}

/* A mistake in the daemon's sections is reported after the settings of logins, in which
 * there is none. */
static enum exit_status print_settings(const struct configuration *configuration)
{
	struct text text = TEXT_INIT;
	struct error error = ERROR_INIT;
	int status;

	append_login_settings(&text, configuration);
	status = append_daemon_settings(&text, configuration, &error);
	if (!doctor_print_text(&text))
		return STATUS_STORE_ERROR;
	if (status == 0)
		return STATUS_DONE;
	terminal_complain_error(&error);
	return STATUS_STORE_ERROR;
}

enum exit_status print_config(const char *conf)
{
	struct configuration configuration = CONFIGURATION_INIT;
	struct error error = ERROR_INIT;
	enum exit_status status = STATUS_STORE_ERROR;
	char *argument = NULL;

	if (conf != NULL && asprintf(&argument, "conf=%s", conf) < 0)
		return terminal_out_of_memory();
	if (configuration_load(&configuration, argument != NULL, (const char *const *)&argument,
		    &error) == 0)
		status = print_settings(&configuration);
	else
		terminal_complain_error(&error);
	configuration_free(&configuration);
	free(argument);
	return status;
}
