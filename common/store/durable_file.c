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
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "totpgroup.h"

/* Temporary names are the file's own with "~" and six letters or digits, as
 * google-authenticator's are. What a person may have called a copy, such as
 * ~backup, ~Backup or ~231120, is not taken for one: somewhere behind the first
 * of the six there is a capital letter, and not all of them are capitals. */
#define SUFFIX_LENGTH 6
#define LETTERS                                                                                \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                           \
	"abcdefghijklmnopqrstuvwxyz"                                                           \
	"0123456789"

/* In a folder whose own size says that it holds thousands of files, looking
 * for left-overs would cost more than the login. */
#define SCAN_FOLDER_SIZE_MAX 65536

#define LABEL	  "security.selinux"
#define LABEL_MAX 256

/* A failure to write; whether the caller may forgive it is in the code. */
static int write_failed(struct error *error, const struct file_place *place, const char *what)
{
	bool unwritable = errno == EROFS || errno == EACCES || errno == EPERM ||
			  errno == ENOSPC || errno == EDQUOT;

	return error_set_system(error, unwritable ? TOTPGROUP_EUNWRITABLE : TOTPGROUP_ESYSTEM,
		"cannot %s %s", what, place->path);
}

static bool is_capital(char character)
{
	return character >= 'A' && character <= 'Z';
}

/* Whether SUFFIX_LENGTH letters and digits look as if made up at random. */
static bool is_random_suffix(const char *suffix)
{
	size_t capitals = is_capital(suffix[0]);
	size_t capitals_behind = 0;

	for (size_t i = 1; i < SUFFIX_LENGTH; i++)
		capitals_behind += is_capital(suffix[i]);
	return capitals_behind > 0 && capitals + capitals_behind < SUFFIX_LENGTH;
}

static bool is_temporary_name(const char *entry, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(entry, name, length) != 0 || entry[length] != '~')
		return false;
	entry += length + 1;
	return strspn(entry, LETTERS) == SUFFIX_LENGTH && entry[SUFFIX_LENGTH] == '\0' &&
	       is_random_suffix(entry);
}

/* Removes what dead writers left, in a folder of that size at most. It is no
 * failure if that does not work. */
static void remove_left_overs(const struct file_place *place, off_t folder_size_max)
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
static int choose_name(const struct file_place *place, char name[NAME_MAX + 1])
{
	unsigned char random[SUFFIX_LENGTH];
	size_t length = strlen(place->name);

	if (length + 1 + SUFFIX_LENGTH > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, place->name, length);
	name[length++] = '~';
	name[length + SUFFIX_LENGTH] = '\0';
	do {
		/* Not for want of room or rights, whatever errno says. */
		if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
			errno = EIO;
			return -1;
		}
		for (size_t i = 0; i < SUFFIX_LENGTH; i++)
			name[length + i] = LETTERS[random[i] % (sizeof LETTERS - 1)];
	} while (!is_random_suffix(name + length));
	return 0;
}

/* Opens a new temporary file; its name is in name. */
static int create_temporary(const struct file_place *place, char name[NAME_MAX + 1])
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

static int write_all(int file, const struct text *text)
{
	size_t written = 0;

	while (written < text->length) {
		ssize_t count = write(file, text->data + written, text->length - written);

		if (count == 0)
			errno = EIO;
		if (count == 0 || (count < 0 && errno != EINTR))
			return -1;
		if (count > 0)
			written += (size_t)count;
	}
	return 0;
}

static int fill(int file, const struct durable_file *properties, const struct text *text)
{
	copy_label(properties->previous, file);
	if (write_all(file, text) != 0 || fchmod(file, properties->mode) != 0)
		return -1;
	return fsync(file);
}

/* Gives the temporary file its name. */
static int rename_to_name(const struct file_place *place, const char *temporary,
	const struct durable_file *properties)
{
	int saved;

	if (!properties->exclusive)
		return renameat(place->folder, temporary, place->folder, place->name);
	if (renameat2(place->folder, temporary, place->folder, place->name, RENAME_NOREPLACE) ==
		0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system without that flag can still link exclusively. */
	if (linkat(place->folder, temporary, place->folder, place->name, 0) != 0)
		return -1;
	if (unlinkat(place->folder, temporary, 0) == 0)
		return 0;
	/* With two names it would be refused for ever. */
	saved = errno;
	(void)unlinkat(place->folder, place->name, 0);
	errno = saved;
	return -1;
}

/* Makes the rename durable. A folder that may be entered but not read, or a
 * file system that cannot sync folders, is synced as a whole. */
static int sync_folder(int folder, int file)
{
	if (folder >= 0 && fsync(folder) == 0)
		return 0;
	if (folder >= 0 && errno != EINVAL)
		return -1;
	return syncfs(file);
}

/* Names the file and makes that durable; *named is set in between. */
static int publish(const struct file_place *place, const char *temporary, int file,
	const struct durable_file *properties, bool *named, struct error *error)
{
	int folder = openat(place->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = 0;

	if (folder < 0 && errno != EACCES)
		return write_failed(error, place, "sync the folder of");
	if (rename_to_name(place, temporary, properties) != 0) {
		status = errno == EEXIST ? error_set(error, TOTPGROUP_ECONFLICT,
						   "%s: exists already", place->path)
					 : write_failed(error, place, "replace");
		goto out;
	}
	*named = true;
	if (sync_folder(folder, file) != 0)
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot sync the folder of %s", place->path);
out:
	if (folder >= 0)
		close(folder);
	return status;
}

int durable_file_place(const struct file_place *place, const struct durable_file *properties,
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
		return write_failed(error, place, "write beside");
	/* Nobody else knows the file yet, so this does not wait. */
	if (flock(file, LOCK_EX | LOCK_NB) != 0)
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot lock the new %s", place->path);
	else if (fill(file, properties, text) != 0)
		status = write_failed(error, place, "write the new");
	else
		status = publish(place, temporary, file, properties, &named, error);
	if (!named)
		(void)unlinkat(place->folder, temporary, 0);
	/* For processes forked meanwhile; see file_store_abort(). */
	(void)flock(file, LOCK_UN);
	close(file);
	return status;
}

int durable_file_remove(const struct file_place *place, int file, struct error *error)
{
	int folder = openat(place->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = 0;

	if (folder < 0 && errno != EACCES)
		return write_failed(error, place, "sync the folder of");
	/* They hold the secret, too, and nobody waits for this. */
	remove_left_overs(place, INT64_MAX);
	if (unlinkat(place->folder, place->name, 0) != 0)
		status = errno == ENOENT ? error_set(error, TOTPGROUP_ENOTFOUND,
						   "%s: is gone already", place->path)
					 : write_failed(error, place, "remove");
	else if (sync_folder(folder, file) != 0)
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot sync the folder of %s", place->path);
	if (folder >= 0)
		close(folder);
	return status;
}
