/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "totpgroup.h"

#define SIZE_MAX_READ 65536

bool metrics_file_read(const char *path, struct text *text)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	char buffer[1024];
	ssize_t got = 0;

	if (file < 0)
		return false;
	if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
		text_append_string(text, "\n");
		while (text->length < SIZE_MAX_READ &&
			(got = read(file, buffer, sizeof buffer)) > 0)
			text_append(text, buffer, (size_t)got);
	}
	close(file);
	return got == 0 && text->status == 0 && text->length > 1;
}

static bool write_all(int file, const struct text *text)
{
	size_t done = 0;

	while (done < text->length) {
		ssize_t put = write(file, text->data + done, text->length - done);

		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0)
			done += (size_t)put;
	}
	return true;
}

int metrics_file_write(const char *path, const struct text *text, struct error *error)
{
	char *temporary = NULL;
	int file = -1;
	bool done = false;

	if (asprintf(&temporary, "%s.new", path) < 0)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	/* A file of that name is from a process that died, or a trap. */
	if (unlink(temporary) == 0 || errno == ENOENT)
		file = open(
			temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file >= 0)
		done = write_all(file, text) && fchmod(file, 0644) == 0 &&
		       rename(temporary, path) == 0;
	if (!done)
		error_set_system(error, TOTPGROUP_EUNWRITABLE, "metrics=%s", path);
	if (file >= 0)
		close(file);
	if (file >= 0 && !done)
		(void)unlink(temporary);
	free(temporary);
	return done ? 0 : error->code;
}
