/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* read_cost FOLDER: reads all files of the folder, one after the other: the floor of whatever
 * needs what is in them. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	char bytes[4096];

	if (folder == NULL)
		return 2;
	while ((entry = readdir(folder)) != NULL) {
		int file;

		if (entry->d_name[0] == '.')
			continue;
		file = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
		if (file < 0 || read(file, bytes, sizeof bytes) <= 0)
			return 1;
		close(file);
	}
	closedir(folder);
	return 0;
}
