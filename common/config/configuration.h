/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The configuration files and the module's line, merged.
 *
 * The host's file replaces the vendor's file. The vendor's drop-ins are read after that,
 * then the host's; a drop-in of the host's replaces the vendor's of the same name. Later
 * settings overrule earlier ones, and the module's line overrules all. A file that conf=
 * names is read with the drop-ins of the folder NAME.d beside it, and no other file.
 */
#ifndef TOTPGROUP_CONFIG_CONFIGURATION_H
#define TOTPGROUP_CONFIG_CONFIGURATION_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "config/enroll_defaults.h"
#include "config/options.h"

/* The host's file. It need not exist. */
#define CONFIGURATION_FILE "/etc/security/totpgroup.conf"

/* The longest line of a file, in bytes. */
#define CONFIGURATION_LINE_MAX 1000

#define CONFIGURATION_ENROLL "enroll"

/* Sections for totp-verifyd, which verify_config.h reads. Here their values are kept, and
 * not checked, because a mistake in them is no reason to refuse a login. */
#define CONFIGURATION_DAEMON "daemon"
#define CONFIGURATION_VERIFY "verify " /* and a name */
/* The same for a store that hosts share: store_config.h. */
#define CONFIGURATION_STORE "store"

/* A file that was read. */
struct configuration_file {
	struct configuration_file *earlier; /* the file that was read before it */
	struct text text; /* the parser has ended names and values in it with NULs */
	char path[];
};

/* A value of a file, which a later one may overrule. Strings point into the file. */
struct configuration_value {
	const char *section; /* NULL before the first */
	const char *name;    /* as it stands in the table */
	const char *key;     /* as it stands in the file, which may be an alias of the name */
	const char *value;   /* never NULL; without quotes around it */
	const char *path;
	unsigned int line;
};

/* Begins as CONFIGURATION_INIT, ends with configuration_free(); strings in
 * options and enroll are good until then. */
struct configuration {
	struct options options;
	struct enroll_defaults enroll;
	struct configuration_value *values; /* in the order in which they were read */
	size_t count;
	size_t capacity;
	struct configuration_file *files; /* the one that was read last */
};

#define CONFIGURATION_INIT                                                                     \
	{                                                                                      \
		.options = OPTIONS_INIT, .enroll = ENROLL_DEFAULTS_INIT                        \
	}

/* The files to read; each path is absolute. */
struct configuration_paths {
	const char *vendor; /* NULL for none */
	const char *host;
	bool required; /* the host's file must exist */
};

/*
 * Reads the files, then the arguments of the module's line, which must outlive the
 * configuration. Without conf= among them the files are the vendor's file,
 * CONFIGURATION_FILE and their drop-ins, none of which need exist. Nothing depends on
 * the environment or a home folder.
 *
 * TOTPGROUP_ECONFIG with a message that names the file and the line, where a file is
 * wrong; TOTPGROUP_EUNSAFE, TOTPGROUP_ENOTFOUND, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 * The caller frees the configuration, after an error too.
 */
int configuration_load(struct configuration *configuration, int count,
	const char *const *arguments, struct error *error);

/* The same with the given files; conf= does not change them. */
int configuration_load_from(struct configuration *configuration,
	const struct configuration_paths *paths, int count, const char *const *arguments,
	struct error *error);

/*
 * Adds the settings of one file of an open folder, which overrule earlier ones. Messages
 * call the file `path`. Part of the two above.
 *
 * The errors of config_file_read(). TOTPGROUP_ECONFIG, with file and line, for a line
 * that is not exactly blank, a comment, a section's header or key=value; for an unknown
 * section, an unknown key or a malformed value; and for a key that a section has twice.
 */
int configuration_add_file(struct configuration *configuration, int folder, const char *name,
	const char *path, struct error *error);

/* The value of a file that is in force, by the name in the table; NULL where no file has
 * one. The module's line may overrule it. */
const struct configuration_value *configuration_find(
	const struct configuration *configuration, const char *section, const char *name);

void configuration_free(struct configuration *configuration);

#endif
