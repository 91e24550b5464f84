/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is connected, and who may be. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/reply.h"
#include "daemon/server_state.h"
#include "daemon/verify_log.h"
#include "totpgroup.h"

/* Of those that wait, so many are accepted before others have their turn. */
#define ACCEPTED_AT_ONCE 64

/* Descriptors for everything but connections. */
#define DESCRIPTORS_SPARED 256

/* How long nothing is accepted where the system has no descriptors left. */
#define PAUSE INT64_C(100)

static void warn_of_descriptors(size_t room)
{
	char message[160];

	snprintf(message, sizeof message,
		"the limit of open files leaves room for %zu connections, fewer than "
		"connections= of [daemon] says; raise LimitNOFILE",
		room);
	verify_log_warning(message);
}

/* Connections that are there already stay, also where there may be fewer now. */
int server_make_room(struct server *server, struct error *error)
{
	size_t room = (size_t)server->policy->verify.connections, most = room;
	struct connection **connections;
	struct rlimit limit;
	uid_t *uids;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		most = limit.rlim_cur > 2 * DESCRIPTORS_SPARED
			       ? (size_t)limit.rlim_cur - DESCRIPTORS_SPARED
			       : (size_t)limit.rlim_cur / 2;
	if (most < room) {
		room = most;
		warn_of_descriptors(room);
	}
	server->room = room;
	if (room < server->count)
		room = server->count;
	connections = reallocarray(server->connections, room, sizeof *connections);
	if (connections != NULL)
		server->connections = connections;
	uids = reallocarray(server->uids, room, sizeof *uids);
	if (uids != NULL)
		server->uids = uids;
	return connections != NULL && uids != NULL
		       ? 0
		       : error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

void server_close(struct server *server, struct connection *connection)
{
	size_t last = --server->count;

	server_forget_deadline(server, connection);
	server->connections[connection->place] = server->connections[last];
	server->connections[connection->place]->place = connection->place;
	server->uids[connection->place] = server->uids[last];
	connection_close(connection);
	if (server->count == 0)
		server->idle_since = server->now;
}

static size_t count_of(const struct server *server, uid_t uid)
{
	size_t count = 0;

	for (size_t i = 0; i < server->count; i++)
		count += server->uids[i] == uid;
	return count;
}

static int compare_uids(const void *a, const void *b)
{
	uid_t first = *(const uid_t *)a, second = *(const uid_t *)b;

	return (first > second) - (first < second);
}

/* The uid with the most connections. */
static uid_t greediest(const struct server *server)
{
	uid_t *sorted = calloc(server->count, sizeof *sorted), uid = server->uids[0];
	size_t most = 0, run = 0;

	if (sorted == NULL)
		return uid;
	memcpy(sorted, server->uids, server->count * sizeof *sorted);
	qsort(sorted, server->count, sizeof *sorted, compare_uids);
	for (size_t i = 0; i < server->count; i++) {
		run = i > 0 && sorted[i] == sorted[i - 1] ? run + 1 : 1;
		if (run > most) {
			most = run;
			uid = sorted[i];
		}
	}
	free(sorted);
	return uid;
}

/* Closes the connection that has been idle longest of whoever has the most, so that
 * nobody can keep others out by holding all there are. */
static bool make_way(struct server *server)
{
	struct connection *victim = NULL;
	uid_t uid;

	if (server->count == 0)
		return false;
	uid = greediest(server);
	for (size_t i = 0; i < server->count; i++) {
		struct connection *connection = server->connections[i];

		if (server->uids[i] == uid &&
			(connection->state == CONNECTION_IDLE ||
				connection->state == CONNECTION_READING) &&
			(victim == NULL || connection->active < victim->active))
			victim = connection;
	}
	if (victim != NULL)
		server_close(server, victim);
	return victim != NULL;
}

/* Says so, if that is possible at once. */
static void turn_away(int descriptor)
{
	static const char busy[] = "{\"error\":\"" ERROR_BUSY "\",\"parameters\":{}}";

	(void)send(descriptor, busy, sizeof busy, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void take_in(struct server *server, int descriptor)
{
	struct connection *connection = connection_open(descriptor);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
	size_t most = (size_t)server->policy->verify.peer_connections;
	bool welcome;

	if (connection == NULL)
		return;
	welcome = connection->peer.uid == 0 || count_of(server, connection->peer.uid) < most;
	if (!welcome || (server->count >= server->room && !make_way(server)) ||
		epoll_ctl(server->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
		turn_away(descriptor);
		connection_close(connection);
		return;
	}
	connection->events = event.events;
	connection->active = server->now;
	connection->place = server->count;
	server->connections[server->count] = connection;
	server->uids[server->count++] = connection->peer.uid;
}

void server_accept(struct server *server)
{
	for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
		int descriptor = accept4(
			server->settings->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (descriptor >= 0) {
			take_in(server, descriptor);
			continue;
		}
		/* A peer that is gone again is none. */
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		if (!make_way(server)) {
			server->paused_until = server->now + PAUSE;
			return;
		}
	}
}
