/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tries a change of a configuration file's line: the module's own parser reads a copy of the file
 * with it, after the files that come before. */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lines.h"
#include "cli/doctor/corrections.h"
#include "cli/doctor/private_copy.h"
#include "config/config_file.h"
#include "config/configuration.h"
#include "config/verify_config.h"

#define COPY "copy"

/* A line of a file, which is to be changed. */
struct place {
	const struct configuration *configuration;
	const char *path;
	unsigned int number;
};

/* Opens the folder of a file; -1 where that fails. */
static int open_folder_of(const char *path)
{
	char *folder = strndup(path, (size_t)(strrchr(path, '/') - path) + 1);
	int fd = folder != NULL ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	return fd;
}

/* With NULL for the setting, the lines lose their CR instead. */
static int copy_file(const struct place *place, const char *folder, const char *setting)
{
	int fd = open_folder_of(place->path);
	struct error error = ERROR_INIT;
	struct text old = TEXT_INIT, changed = TEXT_INIT;
	int status = fd < 0 ? -1
			    : config_file_read(&old, fd, strrchr(place->path, '/') + 1,
				      place->path, &error);
	struct lines lines = {.text = old.data, .length = old.length};
	const char *line;
	size_t length;

	while (status == 0 && lines_next(&lines, &line, &length)) {
		while (setting == NULL && length > 0 && line[length - 1] == '\r')
			length--;
		if (lines.number == place->number && setting != NULL)
			text_append_string(&changed, setting);
		else
			text_append(&changed, line, length);
		text_append_string(&changed, "\n");
	}
	if (status == 0 && changed.status == 0)
		status = private_copy_write(folder, COPY, &changed, &error);
	if (fd >= 0)
		close(fd);
	text_free(&old);
	text_free(&changed);
	return status;
}

/* Reads the files again in their order, up to the one that is changed. */
static int add_files(struct configuration *fresh, const struct configuration_file *file,
	const struct place *place, const char *folder, struct error *error)
{
	bool changed;
	int fd, status = 0;

	if (file == NULL)
		return 0;
	status = add_files(fresh, file->earlier, place, folder, error);
	if (status != 0)
		return status;
	changed = strcmp(file->path, place->path) == 0;
	fd = changed ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC)
		     : open_folder_of(file->path);
	status = configuration_add_file(
		fresh, fd, changed ? COPY : strrchr(file->path, '/') + 1, file->path, error);
	if (fd >= 0)
		close(fd);
	return status;
}

/* What totp-verifyd says of its sections. */
static int check_daemon(const struct configuration *fresh, struct error *error)
{
	struct verify_config *verify = malloc(sizeof *verify);
	int status = verify == NULL ? -1 : verify_config_read(fresh, verify, error);

	free(verify);
	return status;
}

/* Whether what is wrong, if anything is, is behind that line, or in another file. */
static bool is_elsewhere(const struct place *place, const struct error *error)
{
	size_t length = strlen(place->path);
	unsigned int number;

	return strncmp(error->message, place->path, length) != 0 ||
	       sscanf(error->message + length, ":%u: ", &number) != 1 || number > place->number;
}

static bool is_good(const void *context, const char *setting)
{
	const struct place *place = context;
	struct configuration fresh = CONFIGURATION_INIT;
	struct error error = ERROR_INIT;
	char *folder = private_copy_folder(&error);
	int status = folder == NULL ? -1 : copy_file(place, folder, setting);

	if (status == 0) {
		status = add_files(&fresh, place->configuration->files, place, folder, &error);
		if (status == 0)
			status = options_read_all(&fresh.options, 0, NULL, &error);
		if (status == 0)
			status = check_daemon(&fresh, &error);
		if (status != 0 && error.message[0] != '\0' && is_elsewhere(place, &error))
			status = 0;
	}
	private_copy_remove(folder, COPY);
	configuration_free(&fresh);
	return status == 0;
}

char *correction_find_line(const struct configuration *configuration, const char *path,
	unsigned int number, const char *written, const char *problem)
{
	const struct place place = {configuration, path, number};

	return correction_find(written, problem, true, is_good, &place);
}

bool correction_does_without_line(
	const struct configuration *configuration, const char *path, unsigned int number)
{
	const struct place place = {configuration, path, number};

	return is_good(&place, "");
}

bool correction_is_line_end(
	const struct configuration *configuration, const char *path, unsigned int number)
{
	const struct place place = {configuration, path, number};

	return is_good(&place, NULL);
}
