/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ui/terminal.h"
#include "store/durable_steps.h"

static enum exit_status file_failed(const char *path)
{
	return terminal_fail(STATUS_STORE_ERROR, "cannot write %s: %s", path, strerror(errno));
}

enum exit_status new_file_write(const char *path, const struct text *text)
{
	enum exit_status status = STATUS_DONE;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
		S_IRUSR | S_IWUSR);

	if (fd < 0)
		return file_failed(path);
	/* The umask may have removed bits of the mode that the owner needs. */
	if (fchmod(fd, S_IRUSR | S_IWUSR) != 0 || durable_write_all(fd, text) != 0 ||
		fsync(fd) != 0)
		status = file_failed(path);
	if (close(fd) != 0 && status == STATUS_DONE)
		status = file_failed(path);
	if (status != STATUS_DONE)
		(void)unlink(path);
	return status;
}
