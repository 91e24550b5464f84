/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "cli/ui/terminal.h"
#include "message/translate.h"
#include "totpgroup.h"

static int set_failed(const struct bulk_folder *folder, const char *what, struct error *error)
{
	return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot %s %s", what, folder->path);
}

static int set_open_failed(const struct bulk_folder *folder, struct error *error)
{
	if (errno == ELOOP || errno == ENOTDIR)
		return error_set(error, TOTPGROUP_EUNSAFE,
			translate("%s: is a link or no folder; name a folder itself"),
			folder->path);
	return error_set_system(error,
		errno == ENOENT ? TOTPGROUP_ENOTFOUND : TOTPGROUP_ESYSTEM,
		translate("cannot open %s"), folder->path);
}

static int check_folder(const struct bulk_folder *folder, struct error *error)
{
	struct stat status;

	if (fstat(folder->descriptor, &status) != 0)
		return set_failed(folder, "examine", error);
	if (status.st_uid != geteuid())
		return error_set(error, TOTPGROUP_EUNSAFE,
			translate("%s: belongs to another user; name a folder of your own"),
			folder->path);
	if ((status.st_mode & 0777) != 0700)
		return error_set(error, TOTPGROUP_EUNSAFE,
			translate("%s: has the mode %04o, and letters are for nobody else to "
				  "see; chmod "
				  "700 %s"),
			folder->path, status.st_mode & 07777, folder->path);
	return 0;
}

int bulk_folder_open(
	struct bulk_folder *folder, const char *path, bool make, struct error *error)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	bool made = make && mkdir(path, 0700) == 0;
	int status;

	folder->path = path;
	if (make && !made && errno != EEXIST)
		return set_failed(folder, "make", error);
	folder->descriptor = open(path, flags);
	if (folder->descriptor < 0)
		return set_open_failed(folder, error);
	/* mkdir() applied the umask. */
	if (made && fchmod(folder->descriptor, 0700) != 0)
		return set_failed(folder, "chmod", error);
	status = check_folder(folder, error);
	if (status != 0 || flock(folder->descriptor, LOCK_EX | LOCK_NB) == 0)
		return status;
	if (errno == EWOULDBLOCK)
		return error_set(error, TOTPGROUP_EBUSY,
			translate("%s: another run writes there; wait for its end"),
			folder->path);
	return set_failed(folder, "lock", error);
}

/* Whether one component of an absolute path is that word. */
static bool has_component(const char *path, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(path, word); at != NULL; at = strstr(at + 1, word))
		if (at[-1] == '/' && (at[length] == '/' || at[length] == '\0'))
			return true;
	return false;
}

static bool is_in_web_root(const char *path)
{
	static const char *const tops[] = {"/var/www", "/srv/www", "/srv/http",
		"/usr/share/nginx", "/usr/local/www", "/var/lib/nginx", "/var/lib/www",
		"/usr/local/apache2", "/opt/lampp"};
	static const char *const words[] = {
		"public_html", "htdocs", "wwwroot", "www-root", "httpdocs"};

	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++) {
		size_t length = strlen(tops[i]);

		if (strncmp(path, tops[i], length) == 0 &&
			(path[length] == '/' || path[length] == '\0'))
			return true;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (has_component(path, words[i]))
			return true;
	return false;
}

void bulk_folder_warn(const struct bulk_folder *folder)
{
	char *path = realpath(folder->path, NULL);
	struct stat parent;

	if (path != NULL && is_in_web_root(path))
		terminal_complain("warning: %s is where a web server may look; a folder below "
				  "/root is better for letters",
			folder->path);
	else if (fstatat(folder->descriptor, "..", &parent, 0) == 0 &&
		 (parent.st_mode & S_IROTH) != 0)
		terminal_complain("warning: everybody may look into the folder that %s is in; "
				  "keep its mode at 0700, or take one below /root",
			folder->path);
	free(path);
}

int bulk_folder_open_staging(struct bulk_folder *folder, struct error *error)
{
	if (mkdirat(folder->descriptor, BULK_STAGING, 0700) != 0 && errno != EEXIST)
		return set_failed(folder, "make a folder in", error);
	folder->staging = openat(folder->descriptor, BULK_STAGING,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder->staging >= 0)
		return 0;
	return error_set_system(
		error, TOTPGROUP_ESYSTEM, "cannot open %s/" BULK_STAGING, folder->path);
}

/* Removes all files of a folder, and closes the descriptor. */
static int remove_files(int descriptor)
{
	DIR *stream = fdopendir(descriptor);
	const struct dirent *entry;
	int result;

	if (stream == NULL) {
		close(descriptor);
		return -1;
	}
	do {
		result = folder_next(stream, &entry);
		if (entry != NULL && strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			result = unlinkat(dirfd(stream), entry->d_name, 0);
	} while (result == 0 && entry != NULL);
	closedir(stream);
	return result;
}

int bulk_folder_clear_staging(struct bulk_folder *folder, bool remove, struct error *error)
{
	int staging = openat(folder->staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (staging < 0 || remove_files(staging) != 0)
		return set_failed(folder, "remove what was left in " BULK_STAGING " of", error);
	if (!remove)
		return 0;
	close(folder->staging);
	folder->staging = -1;
	if (unlinkat(folder->descriptor, BULK_STAGING, AT_REMOVEDIR) != 0)
		return set_failed(folder, "remove " BULK_STAGING " of", error);
	return 0;
}

int bulk_folder_write(const struct bulk_folder *folder, const char *name,
	const struct text *text, struct error *error)
{
	int file = openat(folder->staging, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool written =
		file >= 0 && fchmod(file, 0600) == 0 && durable_write_all(file, text) == 0;
	int status = 0;

	if (!written)
		status = error_set_system(error, TOTPGROUP_ESYSTEM,
			translate("cannot write %s in %s"), name, folder->path);
	if (file >= 0 && close(file) != 0 && written)
		status = error_set_system(error, TOTPGROUP_ESYSTEM,
			translate("cannot write %s in %s"), name, folder->path);
	return status;
}

int bulk_folder_sync(const struct bulk_folder *folder, struct error *error)
{
	return syncfs(folder->descriptor) == 0 ? 0 : set_failed(folder, "sync", error);
}

void bulk_folder_close(struct bulk_folder *folder)
{
	if (folder->staging >= 0)
		close(folder->staging);
	if (folder->descriptor >= 0)
		close(folder->descriptor);
	folder->staging = -1;
	folder->descriptor = -1;
}
