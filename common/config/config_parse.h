/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the text of a configuration file to its settings. */
#ifndef TOTPGROUP_CONFIG_CONFIG_PARSE_H
#define TOTPGROUP_CONFIG_CONFIG_PARSE_H

#include "config/config_file.h"

/* The longest line, in bytes. */
#define CONFIG_LINE_MAX 1000

/* One setting. The strings are good for the call that it is given to. */
struct config_setting {
	const char *section; /* NULL before the first */
	const char *key;
	const char *value; /* never NULL; without quotes around it */
	const char *path;
	unsigned int line;
};

/* Takes a setting, or a section's header, whose key and value are NULL. A
 * failure ends the reading; its message need not tell file and line. */
typedef int config_taker(
	void *context, const struct config_setting *setting, struct error *error);

/*
 * Gives every setting of a file that was read to take(), in the file's order.
 * TOTPGROUP_ECONFIG, with file and line, for what is not exactly a blank line,
 * a comment, a section's header or key=value, and for a key that a section has
 * twice; or what take() returned, with file and line put before its message.
 */
int config_parse(
	const struct config_file *file, config_taker *take, void *context, struct error *error);

#endif
