/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/configuration.h"

#include <stdlib.h>
#include <string.h>

#include "base/similar.h"
#include "config/config_file.h"
#include "config/config_folder.h"
#include "config/config_parse.h"
#include "store/file_place.h"
#include "totpgroup.h"

#ifndef VENDOR_CONFIGURATION_FILE
#define VENDOR_CONFIGURATION_FILE NULL
#endif

struct configuration_path {
	struct configuration_path *earlier;
	char path[];
};

/* One of the two places: a file, the folder that it is in, and its drop-ins. */
struct place {
	const char *path;
	char *folder_path; /* of the drop-ins */
	struct file_place parent;
	struct config_folder drop_ins;
};

static const struct {
	const char *name;
} sections[] = {{CONFIGURATION_ENROLL}, {CONFIGURATION_DAEMON}, {"verify"}, {NULL}};

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

/* Two strings one behind the other, in new memory. */
static char *join(const char *first, const char *between, const char *second)
{
	size_t length = strlen(first), middle = strlen(between), rest = strlen(second);
	char *joined = malloc(length + middle + rest + 1);

	if (joined == NULL)
		return NULL;
	memcpy(joined, first, length);
	memcpy(joined + length, between, middle);
	memcpy(joined + length + middle, second, rest + 1);
	return joined;
}

static int keep_path(struct configuration *configuration, const char *path, struct error *error)
{
	size_t size = strlen(path) + 1;
	struct configuration_path *kept = malloc(sizeof *kept + size);

	if (kept == NULL)
		return out_of_memory(error);
	memcpy(kept->path, path, size);
	kept->earlier = configuration->paths;
	configuration->paths = kept;
	return 0;
}

/* Whether it is for totp-verifyd alone. */
static bool is_for_daemon(const char *section)
{
	return section != NULL && (strcmp(section, CONFIGURATION_DAEMON) == 0 ||
					  strncmp(section, CONFIGURATION_VERIFY,
						  strlen(CONFIGURATION_VERIFY)) == 0);
}

static int check_section(const char *section, struct error *error)
{
	const char *nearest;

	if (section == NULL || strcmp(section, CONFIGURATION_ENROLL) == 0 ||
		is_for_daemon(section))
		return 0;
	if (strcmp(section, "verify") == 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"section [verify] has no name; write [verify NAME], such as [verify "
			"web]");
	nearest = similar_name(sections, sizeof sections[0], section, strcspn(section, " "));
	if (nearest != NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"unknown section [%s]; did you mean [%s]?", section, nearest);
	return error_set(error, TOTPGROUP_ECONFIG,
		"unknown section [%.*s]; totpgroup.conf(5) lists the sections",
		SIMILAR_NAME_MAXIMUM, section);
}

/* The name as the table has it, which is good for as long as the program; that
 * of an unknown key is empty. */
static const char *table_name(const char *section, const char *key)
{
	const struct enroll_definition *enroll = enroll_definitions;

	if (section == NULL) {
		for (const struct option_definition *option = option_definitions;
			option->name != NULL; option++)
			if (strcmp(option->name, key) == 0)
				return option->alias_of != NULL ? option->alias_of
								: option->name;
		return "";
	}
	while (enroll->name != NULL && strcmp(enroll->name, key) != 0)
		enroll++;
	return enroll->name != NULL ? enroll->name : "";
}

/* Where the tables have no name, its own copies of them are put behind the value. */
static void copy_names(struct configuration_value *kept, const struct config_setting *setting)
{
	char *name = stpcpy(kept->copies, setting->section) + 1;

	kept->section = kept->copies;
	kept->name = strcpy(name, setting->key);
}

static int keep_value(struct configuration *configuration, const struct config_setting *setting,
	struct error *error)
{
	bool foreign = is_for_daemon(setting->section);
	size_t copies = foreign ? strlen(setting->section) + strlen(setting->key) + 2 : 0;
	struct configuration_value *kept = malloc(sizeof *kept + copies);
	char *value = strdup(setting->value);

	if (kept == NULL || value == NULL) {
		free(kept);
		free(value);
		return out_of_memory(error);
	}
	*kept = (struct configuration_value){
		.earlier = configuration->latest,
		.section = setting->section != NULL ? CONFIGURATION_ENROLL : NULL,
		.name = foreign ? NULL : table_name(setting->section, setting->key),
		.value = value,
		.path = configuration->paths->path,
		.line = setting->line,
	};
	if (foreign)
		copy_names(kept, setting);
	configuration->latest = kept;
	return 0;
}

static int take(void *context, const struct config_setting *setting, struct error *error)
{
	struct configuration *configuration = context;
	const char *value;
	int status = check_section(setting->section, error);

	if (status != 0 || setting->key == NULL)
		return status;
	if (setting->section == NULL && strcmp(setting->key, "conf") == 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"option conf is for the module's line, not for a file");
	status = keep_value(configuration, setting, error);
	if (status != 0 || is_for_daemon(setting->section))
		return status;
	value = configuration->latest->value;
	if (setting->section != NULL)
		return enroll_defaults_set(&configuration->enroll, setting->key, value, error);
	return options_set(
		&configuration->options, setting->key, strlen(setting->key), value, error);
}

static int read_file(struct configuration *configuration, int folder, const char *name,
	const char *path, struct error *error)
{
	struct config_file file = CONFIG_FILE_INIT;
	int status = config_file_read(&file, folder, name, path, error);

	if (status == 0)
		status = keep_path(configuration, path, error);
	if (status == 0) {
		/* An option is repeated within one file only; see options_set(). */
		configuration->options.given = 0;
		status = config_parse(&file, take, configuration, error);
	}
	config_file_close(&file);
	return status;
}

/* Reads the place's own file, if it is there. */
static int read_main(struct configuration *configuration, const struct place *place,
	bool *exists, struct error *error)
{
	int status;

	*exists = false;
	if (place->parent.folder < 0)
		return 0;
	status = read_file(
		configuration, place->parent.folder, place->parent.name, place->path, error);
	*exists = status == 0;
	return status == TOTPGROUP_ENOTFOUND ? 0 : status;
}

static int read_drop_in(struct configuration *configuration, const struct place *place,
	const char *name, struct error *error)
{
	char *path = join(place->folder_path, "/", name);
	int status;

	if (path == NULL)
		return out_of_memory(error);
	status = read_file(configuration, place->drop_ins.descriptor, name, path, error);
	free(path);
	return status;
}

/* All but those of the same name in the folder that takes precedence. */
static int read_drop_ins(struct configuration *configuration, const struct place *place,
	const struct config_folder *precedent, struct error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < place->drop_ins.count; i++)
		if (precedent == NULL ||
			!config_folder_has(precedent, place->drop_ins.names[i]))
			status = read_drop_in(
				configuration, place, place->drop_ins.names[i], error);
	return status;
}

static int open_drop_ins(struct place *place, struct error *error)
{
	char *name = join(place->parent.name, ".d", "");
	int status;

	place->folder_path = join(place->path, ".d", "");
	if (name == NULL || place->folder_path == NULL) {
		free(name);
		return out_of_memory(error);
	}
	status = config_folder_open(
		&place->drop_ins, place->parent.folder, name, place->folder_path, error);
	free(name);
	return status;
}

/* That a folder is missing leaves the place without a descriptor. */
static int open_place(struct place *place, const char *path, struct error *error)
{
	int status;

	if (path == NULL)
		return 0;
	place->path = path;
	status = file_place_open(&place->parent, path, false, error);
	if (status == TOTPGROUP_ENOTFOUND)
		return 0;
	return status == 0 ? open_drop_ins(place, error) : status;
}

static void close_place(struct place *place)
{
	file_place_close(&place->parent);
	config_folder_close(&place->drop_ins);
	free(place->folder_path);
}

/* A folder that nothing was read from is none of our business. */
static int check_parent(const struct place *place, bool exists, struct error *error)
{
	char *path;
	int status;

	if (place->parent.folder < 0 || (!exists && place->drop_ins.descriptor < 0))
		return 0;
	path = join("the folder of ", place->path, "");
	if (path == NULL)
		return out_of_memory(error);
	status = config_file_check_folder(place->parent.folder, path, error);
	free(path);
	return status;
}

static int read_places(struct configuration *configuration, const struct place *vendor,
	const struct place *host, bool required, struct error *error)
{
	bool host_exists, vendor_exists = false;
	int status = read_main(configuration, host, &host_exists, error);

	if (status == 0 && required && !host_exists)
		status = error_set(error, TOTPGROUP_ENOTFOUND,
			"%s: there is no such file; write it, or take conf= away", host->path);
	if (status == 0 && !host_exists)
		status = read_main(configuration, vendor, &vendor_exists, error);
	if (status == 0)
		status = check_parent(host, host_exists, error);
	if (status == 0)
		status = check_parent(vendor, vendor_exists, error);
	if (status == 0)
		status = read_drop_ins(configuration, vendor, &host->drop_ins, error);
	if (status == 0)
		status = read_drop_ins(configuration, host, NULL, error);
	return status;
}

/* Where options that are good one by one contradict each other, the message
 * names them; one that is from a file has its place put before it. */
static int read_line(struct configuration *configuration, int count,
	const char *const *arguments, struct error *error)
{
	struct options alone = OPTIONS_INIT;
	struct error inner = ERROR_INIT;
	int status = options_read_all(&configuration->options, count, arguments, error);

	if (status == 0 || options_read_all(&alone, count, arguments, &inner) != 0)
		return status;
	inner = *error;
	for (const struct configuration_value *value = configuration->latest; value != NULL;
		value = value->earlier)
		if (value->section == NULL && strstr(inner.message, value->name) != NULL)
			return error_set(error, status, "%s:%u: %s", value->path, value->line,
				inner.message);
	return status;
}

int configuration_load_from(struct configuration *configuration,
	const struct configuration_places *places, int count, const char *const *arguments,
	struct error *error)
{
	struct place vendor = {.parent = FILE_PLACE_INIT, .drop_ins = CONFIG_FOLDER_INIT};
	struct place host = vendor;
	int status = open_place(&host, places->host, error);

	if (status == 0)
		status = open_place(&vendor, places->vendor, error);
	if (status == 0)
		status = read_places(configuration, &vendor, &host, places->required, error);
	close_place(&vendor);
	close_place(&host);
	if (status == 0) {
		/* Something that was looked for and is not there is no error. */
		*error = (struct error)ERROR_INIT;
		status = read_line(configuration, count, arguments, error);
	}
	return status;
}

/* What conf= says, if it is on the line. */
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
	struct configuration_places places = {
		.vendor = VENDOR_CONFIGURATION_FILE,
		.host = CONFIGURATION_FILE,
	};
	const char *path;
	int status = find_file(&path, count, arguments, error);

	if (status != 0)
		return status;
	if (path != NULL)
		places = (struct configuration_places){.host = path, .required = true};
	return configuration_load_from(configuration, &places, count, arguments, error);
}

static bool same_section(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const struct configuration_value *configuration_find(
	const struct configuration *configuration, const char *section, const char *name)
{
	const struct configuration_value *value = configuration->latest;

	while (value != NULL &&
		(!same_section(section, value->section) || strcmp(value->name, name) != 0))
		value = value->earlier;
	return value;
}

const struct configuration_path *configuration_next_path(
	const struct configuration *configuration, const struct configuration_path *before,
	const char **path)
{
	const struct configuration_path *next =
		before == NULL ? configuration->paths : before->earlier;

	*path = next != NULL ? next->path : NULL;
	return next;
}

void configuration_free(struct configuration *configuration)
{
	while (configuration->latest != NULL) {
		struct configuration_value *value = configuration->latest;

		configuration->latest = value->earlier;
		free(value->value);
		free(value);
	}
	while (configuration->paths != NULL) {
		struct configuration_path *path = configuration->paths;

		configuration->paths = path->earlier;
		free(path);
	}
	*configuration = (struct configuration)CONFIGURATION_INIT;
}
