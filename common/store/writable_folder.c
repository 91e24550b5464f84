/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/writable_folder.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/dir_entry.h"

#define OPEN_FOLDER_PATH_SIZE sizeof "/proc/self/fd/-2147483648"

/* fchmod() refuses a descriptor of O_PATH, which is the only kind to be had of a folder that may
 * not be read. */
static int change_mode(int folder, mode_t mode)
{
	char path[OPEN_FOLDER_PATH_SIZE];

	snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
	return chmod(path, mode);
}

/* Where the folder may not be searched, whether there is a link cannot be told either. */
static int open_folder(const char *path)
{
	struct dir_entry place = DIR_ENTRY_INIT;
	struct error ignored = ERROR_INIT;
	int folder = -1;

	if (dir_entry_open(&place, path, &ignored) == 0)
		(void)dir_entry_follow(&place, &ignored);
	folder = place.folder;
	place.folder = -1;
	dir_entry_close(&place);
	return folder;
}

bool writable_folder_begin(struct writable_folder *writable, const char *path)
{
	struct stat status;

	writable->folder = open_folder(path);
	if (writable->folder < 0)
		return false;
	if (fstat(writable->folder, &status) == 0 && (status.st_mode & S_IRWXU) != S_IRWXU &&
		change_mode(writable->folder, (status.st_mode & 07777) | S_IRWXU) == 0) {
		writable->before = status.st_mode & 07777;
		return true;
	}
	close(writable->folder);
	writable->folder = -1;
	return false;
}

void writable_folder_end(struct writable_folder *writable)
{
	if (writable->folder < 0)
		return;
	(void)change_mode(writable->folder, writable->before);
	close(writable->folder);
	writable->folder = -1;
}
