/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wipe.h"
#include "daemon/server.h"

/* A frame and its NUL. */
#define BUFFER_SIZE (REQUEST_MAX + 1)

struct connection *connection_open(int descriptor)
{
	struct connection *connection = calloc(1, sizeof *connection);
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (connection == NULL ||
		getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
		free(connection);
		close(descriptor);
		return NULL;
	}
	connection->descriptor = descriptor;
	connection->readable = SIZE_MAX;
	connection->peer.uid = peer.uid;
	connection->peer.gid = peer.gid;
	return connection;
}

static void free_buffer(struct connection *connection)
{
	wipe_free(connection->buffer, connection->buffer != NULL ? BUFFER_SIZE : 0);
	connection->buffer = NULL;
	connection->used = 0;
	connection->frame = 0;
}

void connection_close(struct connection *connection)
{
	close(connection->descriptor);
	free_buffer(connection);
	text_free(&connection->out);
	text_free(&connection->work.reply);
	draft_drop(&connection->draft);
	peer_identity_free(&connection->peer);
	free(connection);
}

void connection_stop_reading(struct connection *connection)
{
	int waiting = 0;

	if (ioctl(connection->descriptor, FIONREAD, &waiting) != 0 || waiting < 0)
		waiting = 0;
	connection->readable = (size_t)waiting;
}

enum connection_result connection_read(struct connection *connection)
{
	size_t room = BUFFER_SIZE - connection->used;
	ssize_t count;

	if (connection->buffer == NULL)
		connection->buffer = malloc(BUFFER_SIZE);
	if (connection->buffer == NULL)
		return CONNECTION_BROKEN;
	if (room > connection->readable)
		room = connection->readable;
	count = room > 0 ? recv(connection->descriptor, connection->buffer + connection->used,
				   room, MSG_DONTWAIT)
			 : 0;
	if (count > 0) {
		connection->used += (size_t)count;
		connection->readable -= (size_t)count;
		return CONNECTION_DONE;
	}
	if (connection->used == 0)
		free_buffer(connection);
	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return CONNECTION_NOTHING;
	if (count < 0 && errno != ECONNRESET)
		return CONNECTION_BROKEN;
	connection->input_ended = true;
	return CONNECTION_NOTHING;
}

enum connection_result connection_next_frame(
	struct connection *connection, char **frame, size_t *length)
{
	const char *end = NULL;

	if (connection->used > 0)
		end = memchr(connection->buffer, '\0', connection->used);
	if (end == NULL)
		return connection->used == BUFFER_SIZE ? CONNECTION_BROKEN : CONNECTION_NOTHING;
	*frame = connection->buffer;
	*length = (size_t)(end - connection->buffer);
	connection->frame = *length + 1;
	return CONNECTION_DONE;
}

void connection_end_frame(struct connection *connection)
{
	size_t rest = connection->used - connection->frame;

	if (rest == 0) {
		free_buffer(connection);
		return;
	}
	memmove(connection->buffer, connection->buffer + connection->frame, rest);
	explicit_bzero(connection->buffer + rest, connection->used - rest);
	connection->used = rest;
	connection->frame = 0;
}

void connection_send_busy(const struct connection *connection)
{
	static const char busy[] = "{\"error\":\"" ERROR_BUSY "\",\"parameters\":{}}";

	(void)send(connection->descriptor, busy, sizeof busy, MSG_DONTWAIT | MSG_NOSIGNAL);
}

enum connection_result connection_write(struct connection *connection)
{
	struct text *out = &connection->out;

	while (connection->sent < out->length) {
		ssize_t count = send(connection->descriptor, out->data + connection->sent,
			out->length - connection->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return CONNECTION_NOTHING;
		if (count < 0 && errno != EINTR)
			return CONNECTION_BROKEN;
		if (count > 0)
			connection->sent += (size_t)count;
	}
	text_free(out);
	connection->sent = 0;
	return CONNECTION_DONE;
}
