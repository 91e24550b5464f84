/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where an option stands: on the module's line, in a configuration file, or both. */
#ifndef TOTPGROUP_CLI_PAMCONF_OPTION_ORIGIN_H
#define TOTPGROUP_CLI_PAMCONF_OPTION_ORIGIN_H

#include "config/configuration.h"

/* What it points to is the configuration's, or the arguments'. */
struct option_place {
	int argument; /* its number on the line, which overrules files; -1: not there */
	const struct configuration_value *value; /* of a file, or NULL */
	const char *text; /* the value in force: "" for a name alone, NULL: not given */
};

/* Looks for an option by the name that it has in the table. */
struct option_place option_place_find(const struct configuration *configuration, int count,
	const char *const *arguments, const char *name);

#endif
