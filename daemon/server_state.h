/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the parts of the server share. All of it is the main thread's. */
#ifndef TOTPGROUP_DAEMON_SERVER_STATE_H
#define TOTPGROUP_DAEMON_SERVER_STATE_H

#include <stdint.h>
#include <sys/types.h>

#include "daemon/connection.h"
#include "daemon/policy.h"
#include "daemon/pool.h"
#include "daemon/server.h"

/* How long a peer may take to send the rest of a call, or to take an answer. */
#define SERVER_PATIENCE INT64_C(5000)

/* A no to anybody but root and the user herself leaves at a multiple of this after the
 * call came, so that the time tells nothing of the work behind it. */
#define SERVER_EVEN INT64_C(20)

/* On a slow disk it is that, doubled so often that the work of the last minute fits in:
 * up to this. */
#define SERVER_EVEN_MAX (SERVER_EVEN * 32)
#define SERVER_EVEN_FOR INT64_C(60000)

struct server {
	const struct server_settings *settings;
	int epoll;
	int signals;
	struct pool *pool;
	struct policy *policy;
	uint64_t policies; /* how many there were */
	/* All connections, and the uids of their peers in the same order. */
	struct connection **connections;
	uid_t *uids;
	size_t count;
	size_t room;
	/* Those with a deadline, the nearest first. */
	struct connection_list patient; /* READING and WRITING */
	struct connection_list held;
	int64_t now;	      /* milliseconds that never go backwards */
	int64_t even;	      /* SERVER_EVEN, doubled as need be */
	int64_t even_until;   /* at least that long */
	int64_t idle_since;   /* while there are no connections */
	int64_t paused_until; /* nothing is accepted before; 0: not paused */
	bool stopping;
	int64_t stop_by;
};

/* The clock that all deadlines are by. */
int64_t server_clock(void);

/* server_connections.c: who is connected. */

/* Makes room for so many, as far as the system allows that. */
int server_make_room(struct server *server, struct error *error);
void server_accept(struct server *server);
void server_close(struct server *server, struct connection *connection);

/* server_calls.c: what is asked and answered. */

/* Goes on with a connection as far as it goes without waiting. It may be closed
 * then. */
void server_advance(struct server *server, struct connection *connection);
/* Takes the calls that workers have done. */
void server_take_answers(struct server *server);
/* Acts on all deadlines that have passed. */
void server_check_deadlines(struct server *server);
/* Takes a connection off the lists of deadlines. */
void server_forget_deadline(struct server *server, struct connection *connection);

#endif
