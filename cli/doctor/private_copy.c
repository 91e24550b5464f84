/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/private_copy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message/translate.h"
#include "totpgroup.h"

char *private_copy_folder(struct error *error)
{
	char *folder = strdup(P_tmpdir "/totpgroup-doctor-XXXXXX");

	if (folder == NULL) {
		error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	} else if (mkdtemp(folder) == NULL) {
		error_set_system(error, TOTPGROUP_ESYSTEM, "cannot make a folder in " P_tmpdir);
		free(folder);
		folder = NULL;
	}
	return folder;
}

static int write_all(int fd, const struct text *text)
{
	size_t done = 0;
	ssize_t n = 0;

	while (done < text->length &&
		(n = write(fd, text->data + done, text->length - done)) > 0)
		done += (size_t)n;
	return done == text->length ? 0 : -1;
}

int private_copy_write(
	const char *folder, const char *name, const struct text *text, struct error *error)
{
	int status = 0, fd;
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write_all(fd, text) != 0)
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, translate("cannot write %s"), path);
	if (fd >= 0)
		close(fd);
	free(path);
	return status;
}

void private_copy_unlink(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return;
	unlink(path);
	free(path);
}

void private_copy_remove(char *folder, const char *name)
{
	if (folder == NULL)
		return;
	private_copy_unlink(folder, name);
	rmdir(folder);
	free(folder);
}
