/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The main thread, which waits for all connections, and the process around it. */
#ifndef TOTPGROUP_DAEMON_SERVER_H
#define TOTPGROUP_DAEMON_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "daemon/access.h"
#include "daemon/log_bounds.h"
#include "daemon/metrics.h"
#include "daemon/work.h"

#define LISTENER_PATH "/run/totpgroup/verify"

/* process.c */

/*
 * Prepares the process: no other process of the same user reads its memory, a crash writes
 * no core file, new files are private, the limit of open files is as high as the system
 * allows, and the signals that the server reads are blocked.
 */
int process_prepare(struct error *error);

/*
 * Takes over the socket that a service manager has passed; *descriptor is -1 where there is
 * none. TOTPGROUP_EARGUMENT for several descriptors, or for one that is not a listening
 * stream socket of this host.
 */
int listener_inherit(int *descriptor, struct error *error);

/*
 * Makes a socket at path that everybody may connect to, and the last folder of the path. A
 * socket that no process listens to is replaced; otherwise TOTPGROUP_ECONFLICT.
 */
int listener_open(const char *path, int *descriptor, struct error *error);

/* Sends lines such as "READY=1" to the service manager, as sd_notify(3) does. Without a
 * service manager, or after an error, nothing happens. */
void notify(const char *lines);

/* The message at the beginning of a reload, with the time in it. */
void notify_reloading(void);

/* connection.c: one connection. Nothing here waits. An idle connection has no buffer. */

/* What a connection waits for. */
enum connection_state {
	CONNECTION_IDLE = 0, /* the first byte of a call */
	CONNECTION_READING,  /* the rest of a call */
	CONNECTION_AT_WORK,  /* a worker */
	CONNECTION_GIVEN_UP, /* a worker, to be closed; the peer has its answer */
	CONNECTION_HELD,     /* the time at which its reply may leave */
	CONNECTION_WRITING,  /* the peer, which has to read */
};

struct connection {
	int descriptor;
	enum connection_state state;
	bool input_ended; /* the peer sends no more */
	bool hung_up;	  /* the peer does not read any more, either */
	bool oneway;	  /* the call at work wants no reply */
	size_t index;	  /* in server->connections */
	uint32_t events;  /* the events that epoll waits for */
	int64_t active;	  /* when something last happened, in milliseconds */
	int64_t deadline; /* of all but IDLE and GIVEN_UP, in milliseconds */
	size_t readable;  /* the most bytes that are still to be read */
	char *buffer;	  /* NULL while it is empty */
	size_t used;
	size_t frame; /* the length of the first frame, if it is at work, with its NUL */
	struct text out;
	size_t sent;
	struct peer_identity peer;
	char peer_key[12]; /* "#UID": the work key of calls of the peer about itself */
	struct draft draft;
	struct work work;
	TAILQ_ENTRY(connection) next; /* in a list of deadlines */
};

TAILQ_HEAD(connection_list, connection);

enum connection_result {
	CONNECTION_BROKEN = 0, /* close it */
	CONNECTION_NOTHING,    /* nothing to do now */
	CONNECTION_DONE,
};

/* Takes over the descriptor, also where it fails: NULL without memory, or where the kernel
 * does not tell who the peer is. */
struct connection *connection_open(int descriptor);

/* Closes, wipes and frees. No worker may use the connection. */
void connection_close(struct connection *connection);

/* Reads once, as much as there is room for. Sets input_ended at the end of the input. */
enum connection_result connection_read(struct connection *connection);

/* Later reads return only what has arrived by now. */
void connection_stop_reading(struct connection *connection);

/* Finds the next frame: DONE, with *length bytes at *frame, which stay there until
 * connection_end_frame(). BROKEN where the frame would be too long. */
enum connection_result connection_next_frame(
	struct connection *connection, char **frame, size_t *length);

/* Wipes the frame that was found, and frees the buffer if nothing else is in it. */
void connection_end_frame(struct connection *connection);

/* Tells the peer that there is too much to do, if there is room for that. out must be empty. */
void connection_send_busy(const struct connection *connection);

/* Sends what is in out; DONE when all is sent. */
enum connection_result connection_write(struct connection *connection);

/* server.c, and the two files that share its state. All of it is the main thread's, and all
 * times are in milliseconds of the monotonic clock. */

/* How long a peer may take to send the rest of a call, or to read a reply. */
#define SERVER_PATIENCE INT64_C(5000)

/* How long a call may wait for its turn and be at work. Then the peer is told that there is
 * too much to do. Longer than a call waits for a lock, shorter than the module waits for a
 * reply. */
#define SERVER_WORK_PATIENCE INT64_C(8000)

/*
 * Refusals to others than root and the user herself leave at a multiple of this interval
 * after the call came, so that their time does not reveal the work done. On a slow disk the
 * interval is doubled until it is longer than the slowest work of the last minute, up to a
 * maximum.
 */
#define REFUSAL_INTERVAL	INT64_C(20)
#define REFUSAL_INTERVAL_MAX	(REFUSAL_INTERVAL * 32)
#define REFUSAL_INTERVAL_MEMORY INT64_C(60000)

struct server_settings {
	const char *conf; /* a configuration file, or NULL for the usual ones */
	int listener;	  /* non-blocking; the caller closes it */
	bool activated;	  /* a service manager holds the socket, so idle_exit= applies */
};

struct server {
	const struct server_settings *settings;
	int epoll;
	int signals;
	struct pool *pool;
	struct log_bounds *log_bounds;
	struct metrics *metrics;
	struct policy *policy;
	uint64_t policies; /* how many were read */
	/* All connections, and the uids of their peers in the same order. */
	struct connection **connections;
	uid_t *uids;
	size_t count;
	size_t room;
	/* Connections with a deadline, the nearest first. */
	struct connection_list patient; /* READING and WRITING */
	struct connection_list at_work;
	struct connection_list held;
	int64_t now;
	int64_t refusal_interval;
	int64_t refusal_interval_until; /* the interval does not shrink before */
	int64_t idle_since;		/* while there are no connections */
	int64_t paused_until;		/* no connection is accepted before; 0: not paused */
	bool stopping;
	int64_t stop_by;
};

/*
 * Serves until SIGTERM or SIGINT, or, where it is activated, until nobody has been connected
 * for idle_exit=. Calls that have arrived by then are answered first. SIGHUP reads the
 * configuration again; if that fails, the error is logged and the old one stays. The signals
 * must be blocked. Returns 0, or a TOTPGROUP_E... where it could not start.
 *
 * *unfinished says that threads are still at calls that nobody could wait for any longer. The
 * process must end with _exit() then.
 */
int server_run(const struct server_settings *settings, bool *unfinished, struct error *error);

/* server_connections.c: which peers are connected. */

/* Makes room for the connections that the policy allows, or for fewer if the limit of open
 * files is lower. */
int server_make_room(struct server *server, struct error *error);
/* Accepts connections, or pauses where the system has no descriptor left. */
void server_accept(struct server *server);
/* Ends a pause whose time is over. */
void server_end_pause(struct server *server);
void server_close(struct server *server, struct connection *connection);

/* server_calls.c: the calls on a connection. */

/* Reads, performs and answers calls as far as possible without waiting. May close the
 * connection. */
void server_advance(struct server *server, struct connection *connection);
/* Takes the replies of workers. */
void server_take_replies(struct server *server);
/* Acts on all deadlines that have passed. */
void server_check_deadlines(struct server *server);
/* Takes a connection off the lists of deadlines. It is IDLE then. */
void server_forget_deadline(struct server *server, struct connection *connection);

#endif
