/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/durable_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "store/durable_steps.h"
#include "totpgroup.h"

/* In a folder whose own size says that it holds thousands of files, looking
 * for left-overs would cost more than the login. */
#define SCAN_FOLDER_SIZE_MAX 65536

#define LABEL	  "security.selinux"
#define LABEL_MAX 256

static bool is_temporary_name(const char *entry, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(entry, name, length) != 0 || entry[length] != '~')
		return false;
	return durable_is_suffix(entry + length + 1);
}

/* Removes what dead writers left, in a folder of that size at most. It is no
 * failure if that does not work. */
static void remove_left_overs(const struct dir_entry *place, off_t folder_size_max)
{
	struct stat status;
	struct dirent *entry;
	DIR *stream;
	int folder;

	folder = openat(place->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return;
	stream = fstat(folder, &status) == 0 && status.st_size <= folder_size_max
			 ? fdopendir(folder)
			 : NULL;
	if (stream == NULL) {
		close(folder);
		return;
	}
	while ((entry = readdir(stream)) != NULL)
		if (is_temporary_name(entry->d_name, place->name))
			(void)unlinkat(place->folder, entry->d_name, 0);
	closedir(stream);
}

/* Makes up a temporary name. */
static int choose_name(const struct dir_entry *place, char name[NAME_MAX + 1])
{
	char suffix[DURABLE_SUFFIX_LENGTH + 1];

	if (durable_draw_suffix(suffix) != 0)
		return -1;
	return durable_temporary_name(place->name, suffix, name);
}

/* Opens a new temporary file; its name is in name. */
static int create_temporary(const struct dir_entry *place, char name[NAME_MAX + 1])
{
	for (unsigned int attempt = 0; attempt < 100; attempt++) {
		int file;

		if (choose_name(place, name) != 0)
			return -1;
		file = openat(place->folder, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			S_IRUSR | S_IWUSR);
		if (file >= 0 || errno != EEXIST)
			return file;
	}
	return -1;
}

/* Gives the new file the old one's SELinux label, so that a policy which lets
 * logins read the old one lets them read the new one. Where that is not
 * possible the folder's own rule stands. */
static void copy_label(int from, int to)
{
	char label[LABEL_MAX];
	ssize_t length = from >= 0 ? fgetxattr(from, LABEL, label, sizeof label) : -1;

	if (length > 0 && fsetxattr(to, LABEL, label, (size_t)length, 0) != 0)
		errno = 0;
}

static int fill(int file, const struct durable_file *properties, const struct text *text)
{
	copy_label(properties->previous, file);
	if (durable_write_all(file, text) != 0)
		return -1;
	return fchmod(file, properties->mode);
}

/* Gives the temporary file its name. */
static int rename_to_name(const struct dir_entry *place, const char *temporary,
	const struct durable_file *properties)
{
	if (properties->exclusive)
		return durable_name_exclusively(
			place->folder, temporary, place->folder, place->name);
	return renameat(place->folder, temporary, place->folder, place->name);
}

/* Names the file and makes that durable; *named is set in between. */
static int publish(const struct dir_entry *place, const char *temporary, int file,
	const struct durable_file *properties, bool *named, struct error *error)
{
	int folder = openat(place->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = 0;

	if (folder < 0 && errno != EACCES)
		return durable_write_failed(error, "sync the folder of", place->path);
	if (rename_to_name(place, temporary, properties) != 0) {
		status = errno == EEXIST ? error_set(error, TOTPGROUP_ECONFLICT,
						   "%s: exists already", place->path)
					 : durable_write_failed(error, "replace", place->path);
		goto out;
	}
	*named = true;
	if (durable_sync_folder(folder, file) != 0)
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot sync the folder of %s", place->path);
out:
	if (folder >= 0)
		close(folder);
	return status;
}

int durable_file_put(const struct dir_entry *place, const struct durable_file *properties,
	const struct text *text, struct error *error)
{
	char temporary[NAME_MAX + 1];
	bool named = false;
	int file, status;

	/* Without a file to replace there was none to lock, and the temporary file
	 * of another writer may be alive. */
	if (!properties->exclusive)
		remove_left_overs(place, SCAN_FOLDER_SIZE_MAX);
	file = create_temporary(place, temporary);
	if (file < 0)
		return durable_write_failed(error, "write beside", place->path);
	/* Nobody else knows the file yet, so this does not wait. */
	if (flock(file, LOCK_EX | LOCK_NB) != 0)
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot lock the new %s", place->path);
	else if (fill(file, properties, text) != 0 || fsync(file) != 0)
		status = durable_write_failed(error, "write the new", place->path);
	else
		status = publish(place, temporary, file, properties, &named, error);
	if (!named)
		(void)unlinkat(place->folder, temporary, 0);
	if (status == 0 && properties->kept != NULL) {
		*properties->kept = file;
		return 0;
	}
	/* For processes forked meanwhile; see locked_file_abort(). */
	(void)flock(file, LOCK_UN);
	close(file);
	return status;
}

int durable_file_remove(const struct dir_entry *place, int file, struct error *error)
{
	int folder = openat(place->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = 0;

	if (folder < 0 && errno != EACCES)
		return durable_write_failed(error, "sync the folder of", place->path);
	/* They hold the secret, too, and nobody waits for this. */
	remove_left_overs(place, INT64_MAX);
	if (unlinkat(place->folder, place->name, 0) != 0)
		status = errno == ENOENT ? error_set(error, TOTPGROUP_ENOTFOUND,
						   "%s: is gone already", place->path)
					 : durable_write_failed(error, "remove", place->path);
	else if (durable_sync_folder(folder, file) != 0)
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot sync the folder of %s", place->path);
	if (folder >= 0)
		close(folder);
	return status;
}
