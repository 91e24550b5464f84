/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "cli/pamconf/pamconf.h"
#include "config/configuration.h"

static bool has_name(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) == 0 &&
	       (argument[length] == '\0' || argument[length] == '=');
}

/* By that name, or by another spelling of it. */
static bool sets_option(const char *argument, const char *name)
{
	if (has_name(argument, name))
		return true;
	for (const struct option_definition *row = option_definitions; row->name != NULL; row++)
		if (row->alias_of != NULL && strcmp(row->alias_of, name) == 0 &&
			has_name(argument, row->name))
			return true;
	return false;
}

struct option_origin option_origin_find(const struct configuration *configuration,
	const struct pam_line *line, const char *name)
{
	const struct configuration_value *value = configuration_find(configuration, NULL, name);
	struct option_origin origin = {
		.file = line->file, .line = line->number, .argument = -1, .value = value};

	for (int i = 0; i < line->argument_count; i++)
		if (sets_option(line->arguments[i], name))
			origin.argument = i;
	if (origin.argument >= 0) {
		const char *equals = strchr(line->arguments[origin.argument], '=');

		origin.text = equals != NULL ? equals + 1 : "";
	} else if (value != NULL) {
		origin.file = value->path;
		origin.line = value->line;
		origin.text = value->value;
	}
	return origin;
}
