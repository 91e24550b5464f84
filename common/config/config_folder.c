/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/config_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_file.h"
#include "totpgroup.h"

#define ENDING ".conf"

static bool is_drop_in(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(ENDING) &&
	       strcmp(name + length - strlen(ENDING), ENDING) == 0;
}

static int add(
	struct config_folder *folder, const char *name, const char *path, struct error *error)
{
	if (folder->count == CONFIG_FOLDER_FILES_MAX)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: has more than %d files", path,
			CONFIG_FOLDER_FILES_MAX);
	folder->names[folder->count] = strdup(name);
	if (folder->names[folder->count] == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	folder->count++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A folder that cannot be read to its end might hold a file that matters. */
static int list(
	struct config_folder *folder, DIR *stream, const char *path, struct error *error)
{
	struct dirent *entry;
	int status = 0;

	errno = 0;
	while (status == 0 && (entry = readdir(stream)) != NULL) {
		if (is_drop_in(entry->d_name))
			status = add(folder, entry->d_name, path, error);
		if (status == 0)
			errno = 0;
	}
	if (status == 0 && errno != 0)
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot read the folder %s", path);
	qsort(folder->names, folder->count, sizeof folder->names[0], compare);
	return status;
}

/* The stream has a descriptor of its own, which ends with it. */
static int open_and_list(struct config_folder *folder, const char *path, struct error *error)
{
	int copy = openat(folder->descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
	int status;

	if (stream == NULL) {
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot read the folder %s", path);
		if (copy >= 0)
			close(copy);
		return status;
	}
	status = list(folder, stream, path, error);
	closedir(stream);
	return status;
}

int config_folder_open(struct config_folder *folder, int parent, const char *name,
	const char *path, struct error *error)
{
	int status;

	folder->descriptor =
		openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder->descriptor < 0 && errno == ENOENT)
		return 0;
	if (folder->descriptor < 0 && (errno == ENOTDIR || errno == ELOOP))
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: not a folder", path);
	if (folder->descriptor < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot open %s", path);
	status = config_file_check_folder(folder->descriptor, path, error);
	return status == 0 ? open_and_list(folder, path, error) : status;
}

bool config_folder_has(const struct config_folder *folder, const char *name)
{
	for (size_t i = 0; i < folder->count; i++)
		if (strcmp(folder->names[i], name) == 0)
			return true;
	return false;
}

void config_folder_close(struct config_folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		free(folder->names[i]);
	if (folder->descriptor >= 0)
		close(folder->descriptor);
	*folder = (struct config_folder)CONFIG_FOLDER_INIT;
}
