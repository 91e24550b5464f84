/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "client/varlink.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/wipe.h"
#include "totpgroup.h"

#define HINT "see 'systemctl status totp-verifyd.socket'"

_Static_assert(sizeof((struct sockaddr_un *)NULL)->sun_path == VARLINK_PATH_MAX + 1,
	"VARLINK_PATH_MAX is what fits, with a NUL byte");

static int fail(const struct varlink *link, const char *what, struct error *error)
{
	return error_set(
		error, TOTPGROUP_ESYSTEM, "totp-verifyd at %s: %s; " HINT, link->path, what);
}

static int fail_system(const struct varlink *link, const char *what, struct error *error)
{
	return error_set_system(
		error, TOTPGROUP_ESYSTEM, "totp-verifyd at %s, " HINT ": %s", link->path, what);
}

static int out_of_time(const struct varlink *link, struct error *error)
{
	return fail(link, "no answer in time", error);
}

static bool read_clock(int64_t *now)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
		return false;
	*now = (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
	return true;
}

/* The milliseconds until the deadline, more than 0. */
static int find_time_left(const struct varlink *link, int64_t *left, struct error *error)
{
	int64_t now;

	*left = 0;
	if (!read_clock(&now))
		return fail_system(link, "cannot read the clock", error);
	if (now >= link->deadline)
		return out_of_time(link, error);
	*left = link->deadline - now;
	return 0;
}

int varlink_reset_deadline(struct varlink *link, struct error *error)
{
	int64_t now;

	if (!read_clock(&now))
		return fail_system(link, "cannot read the clock", error);
	link->deadline = now + link->milliseconds;
	return 0;
}

/* connect() waits where the listener's queue is full. poll() cannot limit that; the
 * socket's own time limit can. */
static int limit_connect(const struct varlink *link, struct error *error)
{
	struct timeval limit;
	int64_t left;
	int status = find_time_left(link, &left, error);

	if (status != 0)
		return status;
	limit.tv_sec = (time_t)(left / 1000);
	limit.tv_usec = (suseconds_t)(left % 1000 * 1000);
	if (setsockopt(link->socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0)
		return fail_system(link, "cannot set a time limit", error);
	return 0;
}

static int explain_connect_failure(const struct varlink *link, struct error *error)
{
	if (errno == EAGAIN)
		return out_of_time(link, error);
	(void)fail_system(link, "cannot connect", error);
	if (errno == ENOENT || errno == ENOTDIR)
		error->code = TOTPGROUP_ENOTFOUND;
	return error->code;
}

static int connect_in_time(const struct varlink *link, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int status;

	strcpy(address.sun_path, link->path);
	do {
		status = limit_connect(link, error);
		if (status != 0)
			return status;
		status = connect(
			link->socket, (const struct sockaddr *)&address, sizeof address);
	} while (status != 0 && errno == EINTR);
	return status == 0 ? 0 : explain_connect_failure(link, error);
}

/* SO_PEERCRED names the process that called listen(): systemd, or a daemon of root's. */
static int check_listener(const struct varlink *link, struct error *error)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof peer;

	if (getsockopt(link->socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
		size != sizeof peer)
		return fail_system(link, "cannot tell who listens", error);
	if (peer.uid == 0)
		return 0;
	return error_set(error, TOTPGROUP_EUNSAFE,
		"%s: uid %u listens there, and only root is believed", link->path,
		(unsigned int)peer.uid);
}

int varlink_connect(
	struct varlink *link, const char *path, int64_t milliseconds, struct error *error)
{
	int status;

	link->path = path;
	link->milliseconds = milliseconds;
	if (*path != '/' || strlen(path) > VARLINK_PATH_MAX)
		return error_set(error, TOTPGROUP_EARGUMENT,
			"a socket's path is absolute, and has at most %d bytes",
			VARLINK_PATH_MAX);
	status = varlink_reset_deadline(link, error);
	if (status != 0)
		return status;
	link->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->socket < 0)
		return fail_system(link, "cannot make a socket", error);
	status = connect_in_time(link, error);
	if (status == 0)
		status = check_listener(link, error);
	if (status != 0)
		varlink_close(link);
	return status;
}

/* Waits until the socket can be written or read. After a failure of the socket it
 * returns 0, too: the next call reports the failure. */
static int wait_for_event(const struct varlink *link, short event, struct error *error)
{
	struct pollfd wanted = {link->socket, event, 0};
	int64_t left;
	int status, ready;

	do {
		status = find_time_left(link, &left, error);
		if (status != 0)
			return status;
		/* One millisecond more, so that the last wait ends after the deadline. */
		ready = poll(&wanted, 1, left < 60000 ? (int)left + 1 : 60000);
	} while (ready == 0 || (ready < 0 && errno == EINTR));
	return ready > 0 ? 0 : fail_system(link, "cannot wait", error);
}

static bool is_transient(int error)
{
	return error == EINTR || error == EAGAIN || error == EWOULDBLOCK;
}

static int send_all(
	const struct varlink *link, const char *data, size_t length, struct error *error)
{
	while (length > 0) {
		ssize_t sent;
		int status = wait_for_event(link, POLLOUT, error);

		if (status != 0)
			return status;
		sent = send(link->socket, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && !is_transient(errno))
			return fail_system(link, "cannot send", error);
		if (sent > 0) {
			data += sent;
			length -= (size_t)sent;
		}
	}
	return 0;
}

/* Appends received bytes up to the NUL, which ends the reply. */
static int append_received(const struct varlink *link, const char *data, size_t length,
	struct text *reply, bool *complete, struct error *error)
{
	const char *end = memchr(data, '\0', length);
	size_t before = end != NULL ? (size_t)(end - data) : length;

	*complete = end != NULL;
	if (end != NULL && before + 1 < length)
		return fail(link, "more than one reply", error);
	if (reply->length + before > VARLINK_REPLY_MAX)
		return fail(link, "too long a reply", error);
	if (text_append(reply, data, before) != 0)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	return 0;
}

static int receive(const struct varlink *link, struct text *reply, struct error *error)
{
	char buffer[1024];
	bool complete = false;
	int status = 0;

	while (status == 0 && !complete) {
		ssize_t got = -1;

		status = wait_for_event(link, POLLIN, error);
		if (status == 0)
			got = recv(link->socket, buffer, sizeof buffer, MSG_DONTWAIT);
		if (status != 0)
			break;
		if (got > 0)
			status = append_received(
				link, buffer, (size_t)got, reply, &complete, error);
		else if (got == 0)
			status = fail(link, "it hung up without an answer", error);
		else if (!is_transient(errno))
			status = fail_system(link, "cannot receive", error);
	}
	WIPE_ARRAY(buffer);
	return status;
}

int varlink_call(struct varlink *link, const struct text *request, struct text *reply,
	struct error *error)
{
	/* The text's own NUL is the frame's. */
	int status = send_all(link, request->data, request->length + 1, error);

	return status == 0 ? receive(link, reply, error) : status;
}

void varlink_close(struct varlink *link)
{
	if (link->socket >= 0)
		close(link->socket);
	link->socket = -1;
}
