/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One connection: bytes come in, frames are taken out of them, answers go back, one
 * after the other and in order. An idle one holds no buffer. Nothing here waits.
 */
#ifndef TOTPGROUP_DAEMON_CONNECTION_H
#define TOTPGROUP_DAEMON_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/text.h"
#include "daemon/draft.h"
#include "daemon/peer_identity.h"
#include "daemon/pool.h"

/* What a connection is waiting for; one thing at a time. */
enum connection_state {
	CONNECTION_IDLE = 0, /* the beginning of a call */
	CONNECTION_READING,  /* the rest of one */
	CONNECTION_AT_WORK,  /* a worker */
	CONNECTION_HELD,     /* the time when its answer may leave */
	CONNECTION_WRITING,  /* the peer, to read */
};

struct connection {
	int descriptor;
	enum connection_state state;
	bool ended;	  /* the peer sends no more */
	bool hung;	  /* nor does it read */
	bool oneway;	  /* the call at work wants no answer */
	char self[12];	  /* stands for the peer among users at work */
	int64_t active;	  /* when something last happened, in milliseconds */
	size_t place;	  /* among all connections */
	uint32_t events;  /* that are waited for */
	int64_t deadline; /* of READING, HELD and WRITING, in milliseconds */
	size_t coming;	  /* so many more bytes are read at most */
	char *buffer;	  /* NULL while nothing is in it */
	size_t used;
	size_t frame; /* of these, the frame at work with its NUL; 0: none */
	struct text out;
	size_t sent;
	struct peer_identity peer;
	struct draft draft;
	struct job job;
	TAILQ_ENTRY(connection) next; /* among those with a deadline */
};

TAILQ_HEAD(connection_list, connection);

/* Takes over the descriptor, also where it fails: NULL without memory, or where the
 * kernel does not say who the peer is. */
struct connection *connection_open(int descriptor);

/* Closes, wipes and frees. No worker may be at it. */
void connection_close(struct connection *connection);

enum connection_result {
	CONNECTION_BROKEN = 0, /* to be closed */
	CONNECTION_NOTHING,    /* nothing now */
	CONNECTION_DONE,
};

/* Reads what there is, once, as far as there is room. At the end of all that will come
 * ended is set. */
enum connection_result connection_read(struct connection *connection);

/* From now on reads what has come already, and no more. */
void connection_read_no_more(struct connection *connection);

/* Finds the next frame: DONE, with *length bytes at *frame, which stay until
 * connection_end_frame(). BROKEN where it would be too long. */
enum connection_result connection_next_frame(
	struct connection *connection, char **frame, size_t *length);

/* Wipes the frame that was found, and frees the buffer if there is no more in it. */
void connection_end_frame(struct connection *connection);

/* Sends what there is to be sent; DONE when all is. */
enum connection_result connection_write(struct connection *connection);

#endif
