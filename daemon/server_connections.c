/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which peers are connected, and which one has to leave when there is no room. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/server.h"
#include "totpgroup.h"

/* The most connections that are accepted before the server does other work. */
#define ACCEPTED_AT_ONCE 64

/* Descriptors that are kept for everything but connections, and for root's. */
#define DESCRIPTORS_RESERVED 256

/* Connections that root may have beyond those that are allowed, so that logins do not depend
 * on how many others there are. */
#define ROOTS_ROOM 64

/* How many milliseconds nothing is accepted after the system had no descriptor left. */
#define PAUSE INT64_C(100)

static size_t connections_allowed(const struct server *server)
{
	size_t wanted = (size_t)server->policy->verify.connections, most;
	struct rlimit limit;
	char message[160];

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return wanted;
	most = (size_t)limit.rlim_cur > 2 * DESCRIPTORS_RESERVED
		       ? (size_t)limit.rlim_cur - DESCRIPTORS_RESERVED
		       : (size_t)limit.rlim_cur / 2;
	if (most >= wanted)
		return wanted;
	snprintf(message, sizeof message,
		"the limit of open files leaves room for %zu connections, fewer than "
		"connections= of [daemon] says; raise LimitNOFILE",
		most);
	verify_log_warning(message);
	return most;
}

int server_make_room(struct server *server, struct error *error)
{
	size_t size;
	struct connection **connections;
	uid_t *uids;

	server->room = connections_allowed(server);
	/* Connections that exist stay, also where fewer are allowed now. */
	size = server->room > server->count ? server->room : server->count;
	size += ROOTS_ROOM;
	connections = reallocarray(server->connections, size, sizeof *connections);
	if (connections != NULL)
		server->connections = connections;
	uids = reallocarray(server->uids, size, sizeof *uids);
	if (uids != NULL)
		server->uids = uids;
	if (connections == NULL || uids == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	return 0;
}

void server_close(struct server *server, struct connection *connection)
{
	size_t last = --server->count;

	server_forget_deadline(server, connection);
	server->connections[connection->index] = server->connections[last];
	server->connections[connection->index]->index = connection->index;
	server->uids[connection->index] = server->uids[last];
	connection_close(connection);
	if (server->count == 0)
		server->idle_since = server->now;
}

static int compare_uids(const void *a, const void *b)
{
	uid_t first = *(const uid_t *)a, second = *(const uid_t *)b;

	return (first > second) - (first < second);
}

/* The uid with the most connections, which is root's where nobody else has any. Without
 * memory, just any uid that has one. */
static uid_t busiest_uid(const struct server *server)
{
	uid_t *sorted = calloc(server->count, sizeof *sorted), uid = server->uids[0];
	size_t most = 0, run = 0;

	if (sorted == NULL)
		return uid;
	memcpy(sorted, server->uids, server->count * sizeof *sorted);
	qsort(sorted, server->count, sizeof *sorted, compare_uids);
	for (size_t i = 0; i < server->count; i++) {
		run = i > 0 && sorted[i] == sorted[i - 1] ? run + 1 : 1;
		if (run > most && sorted[i] != 0) {
			most = run;
			uid = sorted[i];
		}
	}
	free(sorted);
	return uid;
}

/* Of the uid with the most connections, closes the one that has been idle longest, so that
 * nobody keeps others out by holding all connections. False where all are at work. */
static bool close_one_for_room(struct server *server)
{
	struct connection *victim = NULL;
	uid_t uid;

	if (server->count == 0)
		return false;
	uid = busiest_uid(server);
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

/* Whether the peer may have one more connection. */
static bool is_admitted(struct server *server, uid_t uid)
{
	size_t most = (size_t)server->policy->verify.peer_connections, count = 0, others = 0;

	for (size_t i = 0; i < server->count; i++) {
		count += server->uids[i] == uid;
		others += server->uids[i] != 0;
	}
	if (uid != 0 && count >= most)
		return false;
	if (server->count < server->room + ROOTS_ROOM && (uid == 0 || others < server->room))
		return true;
	return close_one_for_room(server);
}

/* The system may have no room for one more event. */
static bool watch_input(struct server *server, struct connection *connection)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
	struct error error = ERROR_INIT;

	connection->events = event.events;
	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, connection->descriptor, &event) == 0)
		return true;
	error_set_system(&error, TOTPGROUP_ESYSTEM, "its connection cannot be watched");
	verify_log_not_answered(server->log_bounds, connection->peer.uid, &error);
	return false;
}

static void add_connection(struct server *server, int descriptor)
{
	struct connection *connection = connection_open(descriptor);

	if (connection == NULL)
		return;
	if (!is_admitted(server, connection->peer.uid) || !watch_input(server, connection)) {
		connection_send_busy(connection);
		connection_close(connection);
		return;
	}
	connection->active = server->now;
	connection->index = server->count;
	server->connections[server->count] = connection;
	server->uids[server->count++] = connection->peer.uid;
}

static void watch_listener(struct server *server, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = server};

	(void)epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->settings->listener, &event);
}

void server_accept(struct server *server)
{
	for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
		int descriptor = accept4(
			server->settings->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (descriptor >= 0) {
			add_connection(server, descriptor);
			continue;
		}
		/* The peer has gone already. */
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		if (!close_one_for_room(server)) {
			server->paused_until = server->now + PAUSE;
			watch_listener(server, 0);
			return;
		}
	}
}

void server_end_pause(struct server *server)
{
	if (server->paused_until == 0 || server->now < server->paused_until)
		return;
	server->paused_until = 0;
	if (!server->stopping)
		watch_listener(server, EPOLLIN);
}
