/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "totpgroup.h"

/* Whoever owns it, or may write to it, decides who is let in. The effective
 * user id is root's wherever a login is decided. */
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

static int open_failed(const char *path, struct error *error)
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

/* The size may have changed since it was judged. */
static int read_all(struct config_file *file, struct error *error)
{
	char buffer[1024];
	ssize_t count;

	while ((count = read(file->descriptor, buffer, sizeof buffer)) > 0) {
		if (file->text.length + (size_t)count > CONFIG_FILE_SIZE_MAX)
			return error_set(error, TOTPGROUP_EUNSAFE,
				"%s: is longer than %d bytes", file->path,
				CONFIG_FILE_SIZE_MAX);
		if (text_append(&file->text, buffer, (size_t)count) != 0)
			return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	}
	if (count < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot read %s", file->path);
	return 0;
}

int config_file_read(struct config_file *file, int folder, const char *name, const char *path,
	struct error *error)
{
	int status;

	file->path = path;
	/* A FIFO must not make us wait, nor a terminal become ours. */
	file->descriptor =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file->descriptor < 0)
		return open_failed(path, error);
	if (fstat(file->descriptor, &file->status) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot examine %s", path);
	status = check_file(&file->status, path, error);
	return status == 0 ? read_all(file, error) : status;
}

bool config_file_is_unchanged(const struct config_file *file)
{
	const struct stat *before = &file->status;
	struct stat now;

	return fstat(file->descriptor, &now) == 0 && now.st_size == before->st_size &&
	       now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

void config_file_close(struct config_file *file)
{
	if (file->descriptor >= 0)
		close(file->descriptor);
	text_free(&file->text);
	*file = (struct config_file)CONFIG_FILE_INIT;
}

int config_file_check_folder(int folder, const char *path, struct error *error)
{
	struct stat status;

	if (fstat(folder, &status) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot examine %s", path);
	return check_owner(&status, path, error);
}
