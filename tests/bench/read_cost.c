/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads all files of a folder, one after the other: the floor of whatever needs what is in them.
 *
 *     read_cost FOLDER [parse]
 *
 * With `parse` it also does what a status cannot leave out: it asks what kind of file each one is,
 * parses the credential, and prints a line.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "totpgroup.h"

static bool parse(int file, const char *name, const char *bytes, size_t length)
{
	totpgroup_credential *credential;
	struct stat status;

	if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) ||
		totpgroup_credential_parse(&credential, bytes, length) != 0)
		return false;
	printf("%-32s  %s\n", name, "enrolled");
	totpgroup_credential_free(credential);
	return true;
}

int main(int argc, char **argv)
{
	DIR *folder = argc >= 2 ? opendir(argv[1]) : NULL;
	bool parses = argc == 3 && strcmp(argv[2], "parse") == 0;
	struct dirent *entry;
	char bytes[4096];

	if (folder == NULL || (argc != 2 && !parses))
		return 2;
	while ((entry = readdir(folder)) != NULL) {
		ssize_t length;
		int file;

		if (entry->d_name[0] == '.')
			continue;
		file = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
		length = file >= 0 ? read(file, bytes, sizeof bytes) : -1;
		if (length <= 0 ||
			(parses && !parse(file, entry->d_name, bytes, (size_t)length)))
			return 1;
		close(file);
	}
	closedir(folder);
	return 0;
}
