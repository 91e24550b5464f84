/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "message/translate.h"
#include "totpgroup.h"

const char *input_name(const char *path)
{
	return strcmp(path, "-") == 0 ? translate("standard input") : path;
}

static int read_to_end(int fd, struct text *text, struct error *error)
{
	char buffer[1024];
	ssize_t n = 1;
	int status = 0;

	while (status == 0 && n != 0) {
		n = read(fd, buffer, sizeof buffer);
		if (n < 0 && errno != EINTR)
			status = error_set_system(
				error, TOTPGROUP_ESYSTEM, translate("cannot read it"));
		else if (n > 0 && text->length + (size_t)n > INPUT_MAX)
			status = error_set(error, TOTPGROUP_EFORMAT,
				translate("longer than %d bytes"), INPUT_MAX);
		else if (n > 0 && text_append(text, buffer, (size_t)n) != 0)
			status =
				error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	}
	WIPE_ARRAY(buffer);
	return status;
}

int input_read(const char *path, struct text *text, struct error *error)
{
	int fd = STDIN_FILENO;
	int status;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, translate("cannot open it"));
	status = read_to_end(fd, text, error);
	if (fd != STDIN_FILENO)
		close(fd);
	return status;
}
