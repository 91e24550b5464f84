/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/config_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "totpgroup.h"

#define DROP_IN_ENDING ".conf"

/* The effective user id is root's wherever a login is decided. */
static int check_owner(const struct stat *status, const char *path, struct error *error)
{
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(error, TOTPGROUP_EUNSAFE,
			"%s: belongs to uid %u; chown it to root", path, status->st_uid);
	if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(error, TOTPGROUP_EUNSAFE,
			"%s: is writable by others; chmod go-w it", path);
	return 0;
}

static int check_file(const struct stat *status, const char *path, struct error *error)
{
	if (!S_ISREG(status->st_mode))
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: not a regular file", path);
	if (status->st_size > CONFIG_FILE_SIZE_MAX)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: is longer than %d bytes", path,
			CONFIG_FILE_SIZE_MAX);
	return check_owner(status, path, error);
}

int config_file_check_folder(int folder, const char *path, struct error *error)
{
	struct stat status;

	if (fstat(folder, &status) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot examine %s", path);
	return check_owner(&status, path, error);
}

static int refuse_unopened(const char *path, struct error *error)
{
	if (errno == ELOOP)
		return error_set(error, TOTPGROUP_EUNSAFE,
			"%s: is a symbolic link; put the file itself there", path);
	if (errno == ENXIO)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: not a regular file", path);
	return error_set_system(error,
		errno == ENOENT ? TOTPGROUP_ENOTFOUND : TOTPGROUP_ESYSTEM, "cannot open %s",
		path);
}

/* Asks for one byte more than the size from fstat(), to notice a file that grows. */
static int read_all(
	struct text *text, int descriptor, size_t size, const char *path, struct error *error)
{
	ssize_t count;

	text->data = malloc(size + 1);
	if (text->data == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	text->capacity = size + 1;
	do {
		count = read(descriptor, text->data + text->length, size + 1 - text->length);
		if (count < 0)
			return error_set_system(
				error, TOTPGROUP_ESYSTEM, "cannot read %s", path);
		text->length += (size_t)count;
	} while (count > 0 && text->length < size);
	if (text->length != size)
		return error_set(error, TOTPGROUP_ECONFIG,
			"%s: was changed while it was read; try again", path);
	text->data[size] = '\0';
	return 0;
}

int config_file_read(
	struct text *text, int folder, const char *name, const char *path, struct error *error)
{
	/* The flags keep a FIFO from blocking, and a terminal from becoming ours. */
	int descriptor =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;
	int result;

	if (descriptor < 0)
		return refuse_unopened(path, error);
	if (fstat(descriptor, &status) != 0)
		result = error_set_system(error, TOTPGROUP_ESYSTEM, "cannot examine %s", path);
	else
		result = check_file(&status, path, error);
	if (result == 0)
		result = read_all(text, descriptor, (size_t)status.st_size, path, error);
	close(descriptor);
	return result;
}

static bool is_drop_in(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(DROP_IN_ENDING) &&
	       strcmp(name + length - strlen(DROP_IN_ENDING), DROP_IN_ENDING) == 0;
}

static int add_drop_in(struct config_drop_ins *drop_ins, const char *name, const char *path,
	struct error *error)
{
	if (drop_ins->count == CONFIG_DROP_INS_MAX)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: has more than %d files", path,
			CONFIG_DROP_INS_MAX);
	drop_ins->names[drop_ins->count] = strdup(name);
	if (drop_ins->names[drop_ins->count] == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	drop_ins->count++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_drop_ins(struct config_drop_ins *drop_ins, const char *entries, size_t length,
	const char *path, struct error *error)
{
	const struct dirent64 *entry;
	int status = 0;

	for (size_t at = 0; status == 0 && at < length; at += entry->d_reclen) {
		entry = (const void *)(entries + at);
		if (is_drop_in(entry->d_name))
			status = add_drop_in(drop_ins, entry->d_name, path, error);
	}
	return status;
}

/* A folder that cannot be read to its end is refused: it might hold a file that
 * matters. opendir() would make three more system calls and allocate 32 KiB. */
static int list_drop_ins(
	struct config_drop_ins *drop_ins, const char *path, struct error *error)
{
	_Alignas(struct dirent64) char entries[1024];
	ssize_t length;

	while ((length = getdents64(drop_ins->folder, (void *)entries, sizeof entries)) > 0)
		if (add_drop_ins(drop_ins, entries, (size_t)length, path, error) != 0)
			return error->code;
	if (length < 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot read the folder %s", path);
	qsort(drop_ins->names, drop_ins->count, sizeof drop_ins->names[0], compare_names);
	return 0;
}

int config_drop_ins_open(struct config_drop_ins *drop_ins, int parent, const char *name,
	const char *path, struct error *error)
{
	int status;

	drop_ins->folder =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (drop_ins->folder < 0 && errno == ENOENT)
		return 0;
	if (drop_ins->folder < 0 && (errno == ENOTDIR || errno == ELOOP))
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: not a folder", path);
	if (drop_ins->folder < 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot read the folder %s", path);
	status = config_file_check_folder(drop_ins->folder, path, error);
	return status == 0 ? list_drop_ins(drop_ins, path, error) : status;
}

void config_drop_ins_close(struct config_drop_ins *drop_ins)
{
	for (size_t i = 0; i < drop_ins->count; i++)
		free(drop_ins->names[i]);
	if (drop_ins->folder >= 0)
		close(drop_ins->folder);
	*drop_ins = (struct config_drop_ins)CONFIG_DROP_INS_INIT;
}
