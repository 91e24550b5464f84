/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ui/terminal.h"

static enum exit_status file_failed(const char *path)
{
	terminal_complain("cannot write %s: %s", path, strerror(errno));
	return STATUS_STORE_ERROR;
}

enum exit_status output_look(const char *path, bool force)
{
	if (path == NULL && !force && isatty(STDOUT_FILENO)) {
		terminal_complain("this prints secrets: name a file with --output, "
				  "or say --force to see them here");
		return STATUS_REFUSED;
	}
	return STATUS_DONE;
}

static bool write_all(int fd, const struct text *text)
{
	size_t done = 0;

	while (done < text->length) {
		ssize_t n = write(fd, text->data + done, text->length - done);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			done += (size_t)n;
	}
	return true;
}

static enum exit_status write_file(const char *path, const struct text *text)
{
	enum exit_status status = STATUS_DONE;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
		S_IRUSR | S_IWUSR);

	if (fd < 0)
		return file_failed(path);
	/* The mode above is cut by the umask, and could be too little to read. */
	if (fchmod(fd, S_IRUSR | S_IWUSR) != 0 || !write_all(fd, text) || fsync(fd) != 0)
		status = file_failed(path);
	if (close(fd) != 0 && status == STATUS_DONE)
		status = file_failed(path);
	if (status != STATUS_DONE)
		(void)unlink(path);
	return status;
}

enum exit_status output_write(const char *path, const struct text *text)
{
	if (path != NULL)
		return write_file(path, text);
	if (terminal_print(text))
		return STATUS_DONE;
	terminal_complain("cannot write to standard output: %s", strerror(errno));
	return STATUS_STORE_ERROR;
}
