/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The configuration files and the module's line, merged.
 *
 * A file of the host replaces the vendor's file of the same name; its drop-ins
 * are read after the vendor's. What is read later overrules what was read
 * before, and the module's line overrules all. A file that conf= names is read
 * alone, with its own drop-ins in the folder of its name with .d behind it.
 */
#ifndef TOTPGROUP_CONFIG_CONFIGURATION_H
#define TOTPGROUP_CONFIG_CONFIGURATION_H

#include <stdbool.h>

#include "base/error.h"
#include "config/enroll_defaults.h"
#include "config/options.h"

/* The host's file. It need not exist. */
#define CONFIGURATION_FILE "/etc/security/totpgroup.conf"

#define CONFIGURATION_ENROLL "enroll"

/* Sections that totp-verifyd reads (verify_config.h). What is in them is kept, and
 * not judged here: a mistake in them is none that a login should be refused for. */
#define CONFIGURATION_DAEMON "daemon"
#define CONFIGURATION_VERIFY "verify " /* and a name */

/* The longest line of a file, in bytes. */
#define CONFIGURATION_LINE_MAX 1000

/* One value that a file has, whether or not it is overruled. The strings are the
 * configuration's. */
struct configuration_value {
	const char *section; /* NULL before the first */
	const char *name;    /* as it stands in the table */
	const char *key;     /* as it stands in the file, which may be an alias of the name */
	const char *value;   /* never NULL; without quotes around it */
	const char *path;
	unsigned int line;
};

struct configuration_path;

/* Begins as CONFIGURATION_INIT, ends with configuration_free(); strings in
 * options and enroll are good until then. */
struct configuration {
	struct options options;
	struct enroll_defaults enroll;
	struct configuration_value *values; /* in the order in which they were read */
	size_t count;
	size_t capacity;
	struct configuration_path *paths; /* of all files that were read */
};

#define CONFIGURATION_INIT                                                                     \
	{                                                                                      \
		.options = OPTIONS_INIT, .enroll = ENROLL_DEFAULTS_INIT                        \
	}

/* Which files are read; each path is absolute. */
struct configuration_files {
	const char *vendor; /* NULL for none */
	const char *host;
	bool required; /* the host's file must exist */
};

/*
 * Reads the files, then the arguments of the module's line over them, which
 * must outlive the configuration. Without conf= among them it looks for the
 * vendor's file, CONFIGURATION_FILE and their drop-ins, none of which need
 * exist. Nothing is read from the environment or from a home folder.
 *
 * TOTPGROUP_ECONFIG and, where a file is to blame, a message that names it
 * and the line; TOTPGROUP_EUNSAFE, TOTPGROUP_ENOTFOUND, TOTPGROUP_ESYSTEM,
 * TOTPGROUP_EMEMORY. To be freed after an error, too.
 */
int configuration_load(struct configuration *configuration, int count,
	const char *const *arguments, struct error *error);

/* The same with other files than the usual ones; conf= is not looked for. */
int configuration_load_from(struct configuration *configuration,
	const struct configuration_files *files, int count, const char *const *arguments,
	struct error *error);

/*
 * Adds the settings of one file of an open folder, which overrule those that are there.
 * Messages call the file `path`. Part of the two above.
 *
 * The errors of config_file_read(). TOTPGROUP_ECONFIG, with file and line, for a line
 * that is not exactly blank, a comment, a section's header or key=value; for an unknown
 * section, an unknown key or a malformed value; and for a key that a section has twice.
 */
int configuration_add_file(struct configuration *configuration, int folder, const char *name,
	const char *path, struct error *error);

/* The file's value that is in force for a name of one of the tables; NULL
 * where no file has one. What the module's line says overrules it. */
const struct configuration_value *configuration_find(
	const struct configuration *configuration, const char *section, const char *name);

/* The next path of a file that was read, the one read last first: NULL to begin
 * with, and at the end. */
const struct configuration_path *configuration_next_path(
	const struct configuration *configuration, const struct configuration_path *before,
	const char **path);

void configuration_free(struct configuration *configuration);

#endif
