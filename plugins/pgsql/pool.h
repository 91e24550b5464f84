/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The connections that all threads of a process share, the thread that makes them, and the circuit
 * breaker. After two calls that ended at their deadline, calls are refused at once for a while. Then
 * one call at a time finds out whether the server answers again. Without the breaker each caller would
 * leave a backend behind on a server that waits for a dead standby.
 */
#ifndef TOTPGROUP_PGSQL_POOL_H
#define TOTPGROUP_PGSQL_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "pgsql/link.h"
#include "pgsql/target.h"

struct pool;

/* Greets a server on a new connection, with the deadline `until`. After a failure the connection is
 * closed. The thread that connects calls it. */
typedef enum failure_kind pool_greet(
	struct link *link, int64_t until, void *context, struct failure *failure);

struct pool_settings {
	const struct target *target;
	size_t connections; /* at most, at a time */
	int64_t patience;   /* milliseconds for one round of connecting */
	pool_greet *greet;
	void *context;
};

/* Nothing is connected before it is needed. What the settings point to outlives the pool. The caller
 * ends *pool with pool_close(). TOTPGROUP_EMEMORY or TOTPGROUP_ESYSTEM; *pool is NULL then. */
int pool_open(struct pool **pool, const struct pool_settings *settings, struct error *error);

/* Closes the connections. No other thread may use the pool any more. False where the thread that
 * connects still waits for the look-up of a name. That thread needs the settings and what they point
 * to, so the caller must not free them then. NULL is allowed. */
bool pool_close(struct pool *pool);

/* How a call ended, for the breaker. */
enum pool_outcome {
	POOL_SILENT = 0, /* at its deadline */
	POOL_READ,	 /* with an answer, for which no standby was waited for */
	POOL_ANSWERED,
};

/*
 * Begins a call, which ends with pool_leave(). False where the breaker is open: nothing was begun.
 * *is_probe is for pool_leave().
 */
bool pool_enter(struct pool *pool, bool *is_probe);
void pool_leave(struct pool *pool, bool is_probe, enum pool_outcome outcome);

/* Takes a connection that is free, or a new one, with the deadline `until`. NULL with the failure:
 * FAILURE_SILENT where there was none in time. */
struct link *pool_take(struct pool *pool, int64_t until, struct failure *failure);

/* Gives a connection back, which is closed unless it is alive. */
void pool_put(struct pool *pool, struct link *link);

/* Gives back a connection whose server does not answer, and closes it. The others of its generation
 * are closed once somebody takes them. */
void pool_suspect(struct pool *pool, struct link *link);

/* pool_note_conflict() counts a conflict; pool_count() gives all counts. */
void pool_note_conflict(struct pool *pool);
void pool_count(struct pool *pool, struct store_counts *counts);

/* Whether this process is the one that opened the pool: after fork() it has no thread. */
bool pool_is_own(const struct pool *pool);

/* connector.c: connects to all hosts side by side, with the deadline `until`. NULL with the failure. */
struct link *connector_connect(
	const struct target *target, int64_t until, struct failure *failure);

#endif
