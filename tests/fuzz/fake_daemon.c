/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* These take the place of the C library's functions: the other end of a socket is here. */

#include "config.h"

#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fuzz_input left;
static int daemon_end = -1;

void fuzz_daemon_begin(struct fuzz_input replies)
{
	left = replies;
}

void fuzz_daemon_end(void)
{
	if (daemon_end >= 0)
		close(daemon_end);
	daemon_end = -1;
}

/* There is no daemon without a reply. */
int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	int ends[2];

	(void)address;
	(void)size;
	fuzz_daemon_end();
	if (left.length == 0) {
		errno = ENOENT;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
		dup3(ends[0], fd, O_CLOEXEC) < 0)
		abort();
	close(ends[0]);
	daemon_end = ends[1];
	return 0;
}

/* root listens. */
int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	(void)fd;
	if (level != SOL_SOCKET || name != SO_PEERCRED || *size != sizeof(struct ucred)) {
		errno = ENOPROTOOPT;
		return -1;
	}
	*(struct ucred *)value = (struct ucred){.pid = 1, .uid = 0, .gid = 0};
	return 0;
}

/* Each call gets the next line, and the NUL that ends a frame. The daemon hangs up behind the
 * last one, and where a line is empty. */
ssize_t send(int fd, const void *data, size_t size, int flags)
{
	const char *end;
	size_t length;

	(void)fd;
	(void)flags;
	if (daemon_end < 0) {
		errno = EPIPE;
		return -1;
	}
	if (size == 0 || ((const char *)data)[size - 1] != '\0')
		return (ssize_t)size;
	end = left.length > 0 ? memchr(left.data, '\n', left.length) : NULL;
	length = end != NULL ? (size_t)(end - left.data) : left.length;
	if (length > 0 && write(daemon_end, left.data, length) != (ssize_t)length)
		abort();
	if (length > 0 && write(daemon_end, "", 1) != 1)
		abort();
	if (length == 0 || end == NULL || length + 1 == left.length)
		fuzz_daemon_end();
	length += end != NULL;
	left.data += length;
	left.length -= length;
	return (ssize_t)size;
}
