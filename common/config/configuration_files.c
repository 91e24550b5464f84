/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which configuration files are read, and in which order. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_file.h"
#include "config/configuration.h"
#include "totpgroup.h"

#ifndef VENDOR_CONFIGURATION_FILE
#define VENDOR_CONFIGURATION_FILE NULL
#endif

/* A configuration file, the folder that holds it, and its drop-ins. */
struct source {
	const char *path;
	int folder; /* -1 where it does not exist */
	struct config_drop_ins drop_ins;
	char *drop_ins_path; /* the path with .d at its end */
};

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

static const char *last_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* The beginning of drop_ins_path serves as the path of the folder. */
static int open_folder(struct source *source, struct error *error)
{
	const char *name = last_name(source->path);
	size_t length = (size_t)(name - source->path);
	const char first = source->drop_ins_path[length];

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: names no file", source->path);
	source->drop_ins_path[length] = '\0';
	source->folder =
		openat(AT_FDCWD, source->drop_ins_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	source->drop_ins_path[length] = first;
	if (source->folder >= 0 || errno == ENOENT)
		return 0;
	return error_set_system(
		error, TOTPGROUP_ESYSTEM, "cannot open the folder of %s", source->path);
}

static int open_source(struct source *source, const char *path, struct error *error)
{
	size_t length = path != NULL ? strlen(path) : 0;
	int status;

	if (path == NULL)
		return 0;
	if (path[0] != '/')
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: not an absolute path", path);
	source->path = path;
	source->drop_ins_path = malloc(length + sizeof ".d");
	if (source->drop_ins_path == NULL)
		return out_of_memory(error);
	memcpy(source->drop_ins_path, path, length);
	strcpy(source->drop_ins_path + length, ".d");
	status = open_folder(source, error);
	if (status != 0 || source->folder < 0)
		return status;
	return config_drop_ins_open(&source->drop_ins, source->folder,
		last_name(source->drop_ins_path), source->drop_ins_path, error);
}

static void close_source(struct source *source)
{
	config_drop_ins_close(&source->drop_ins);
	if (source->folder >= 0)
		close(source->folder);
	free(source->drop_ins_path);
}

/* A missing file is no error. */
static int read_main(struct configuration *configuration, const struct source *source,
	bool *exists, struct error *error)
{
	int status;

	*exists = false;
	if (source->folder < 0)
		return 0;
	status = configuration_add_file(
		configuration, source->folder, last_name(source->path), source->path, error);
	*exists = status == 0;
	return status == TOTPGROUP_ENOTFOUND ? 0 : status;
}

static int read_drop_in(struct configuration *configuration, const struct source *source,
	const char *name, struct error *error)
{
	size_t length = strlen(source->drop_ins_path);
	char *path = malloc(length + 1 + strlen(name) + 1);
	int status;

	if (path == NULL)
		return out_of_memory(error);
	memcpy(path, source->drop_ins_path, length);
	path[length] = '/';
	strcpy(path + length + 1, name);
	status = configuration_add_file(
		configuration, source->drop_ins.folder, name, path, error);
	free(path);
	return status;
}

static bool has_drop_in(const struct source *source, const char *name)
{
	for (size_t i = 0; i < source->drop_ins.count; i++)
		if (strcmp(source->drop_ins.names[i], name) == 0)
			return true;
	return false;
}

/* Reads all drop-ins but those that `replacing` has under the same name. */
static int read_drop_ins(struct configuration *configuration, const struct source *source,
	const struct source *replacing, struct error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < source->drop_ins.count; i++)
		if (replacing == NULL || !has_drop_in(replacing, source->drop_ins.names[i]))
			status = read_drop_in(
				configuration, source, source->drop_ins.names[i], error);
	return status;
}

/* A folder that nothing is read from may be anybody's. */
static int check_folder(const struct source *source, bool exists, struct error *error)
{
	struct error inner = ERROR_INIT;
	int status;

	if (!exists && source->drop_ins.folder < 0)
		return 0;
	status = config_file_check_folder(source->folder, source->path, &inner);
	if (status == TOTPGROUP_EUNSAFE)
		return error_set(error, status, "the folder of %s", inner.message);
	if (status != 0)
		*error = inner;
	return status;
}

static int read_files(struct configuration *configuration, const struct source *vendor,
	const struct source *host, bool required, struct error *error)
{
	bool host_exists, vendor_exists = false;
	int status = read_main(configuration, host, &host_exists, error);

	if (status == 0 && required && !host_exists)
		status = error_set(error, TOTPGROUP_ENOTFOUND,
			"%s: there is no such file; write it, or take conf= away", host->path);
	if (status == 0 && !host_exists)
		status = read_main(configuration, vendor, &vendor_exists, error);
	if (status == 0)
		status = check_folder(host, host_exists, error);
	if (status == 0)
		status = check_folder(vendor, vendor_exists, error);
	if (status == 0)
		status = read_drop_ins(configuration, vendor, host, error);
	if (status == 0)
		status = read_drop_ins(configuration, host, NULL, error);
	return status;
}

/* Where options contradict each other, and one that the message names is from a file,
 * its file and line are put before the message. */
static int read_line(struct configuration *configuration, int count,
	const char *const *arguments, struct error *error)
{
	struct options alone = OPTIONS_INIT;
	struct error inner = ERROR_INIT;
	int status = options_read_all(&configuration->options, count, arguments, error);

	if (status == 0 || options_read_all(&alone, count, arguments, &inner) != 0)
		return status;
	inner = *error;
	for (size_t i = configuration->count; i > 0; i--) {
		const struct configuration_value *value = &configuration->values[i - 1];

		if (value->section == NULL && strstr(inner.message, value->name) != NULL)
			return error_set(error, status, "%s:%u: %s", value->path, value->line,
				inner.message);
	}
	return status;
}

int configuration_load_from(struct configuration *configuration,
	const struct configuration_paths *paths, int count, const char *const *arguments,
	struct error *error)
{
	struct source vendor = {.folder = -1, .drop_ins = CONFIG_DROP_INS_INIT};
	struct source host = vendor;
	int status = open_source(&host, paths->host, error);

	if (status == 0)
		status = open_source(&vendor, paths->vendor, error);
	if (status == 0)
		status = read_files(configuration, &vendor, &host, paths->required, error);
	close_source(&vendor);
	close_source(&host);
	if (status != 0)
		return status;
	/* A file that need not exist may have left an error. */
	*error = (struct error)ERROR_INIT;
	return read_line(configuration, count, arguments, error);
}

/* The value of conf= on the line, or NULL. */
static int find_file(
	const char **path, int count, const char *const *arguments, struct error *error)
{
	struct options options = OPTIONS_INIT;
	int status = 0;

	for (int i = 0; status == 0 && i < count; i++)
		if (strncmp(arguments[i], "conf=", strlen("conf=")) == 0)
			status = options_read(&options, arguments[i], error);
	*path = options.conf;
	return status;
}

int configuration_load(struct configuration *configuration, int count,
	const char *const *arguments, struct error *error)
{
	struct configuration_paths paths = {
		.vendor = VENDOR_CONFIGURATION_FILE,
		.host = CONFIGURATION_FILE,
	};
	const char *path;
	int status = find_file(&path, count, arguments, error);

	if (status != 0)
		return status;
	if (path != NULL)
		paths = (struct configuration_paths){.host = path, .required = true};
	return configuration_load_from(configuration, &paths, count, arguments, error);
}
