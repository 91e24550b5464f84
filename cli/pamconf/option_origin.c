/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/pamconf/option_origin.h"

#include <stdbool.h>
#include <string.h>

static bool is_named(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) == 0 &&
	       (argument[length] == '\0' || argument[length] == '=');
}

/* By that name, or by another spelling of it. */
static bool gives(const char *argument, const char *name)
{
	if (is_named(argument, name))
		return true;
	for (const struct option_definition *row = option_definitions; row->name != NULL; row++)
		if (row->alias_of != NULL && strcmp(row->alias_of, name) == 0 &&
			is_named(argument, row->name))
			return true;
	return false;
}

struct option_place option_place_find(const struct configuration *configuration, int count,
	const char *const *arguments, const char *name)
{
	struct option_place place = {
		.argument = -1, .value = configuration_find(configuration, NULL, name)};

	if (place.value != NULL)
		place.text = place.value->value;
	for (int i = 0; i < count; i++) {
		const char *equals = strchr(arguments[i], '=');

		if (!gives(arguments[i], name))
			continue;
		place.argument = i;
		place.text = equals != NULL ? equals + 1 : "";
	}
	return place;
}
