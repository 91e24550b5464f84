/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Threads that perform calls, so that waiting for a disk, a lock or a directory holds up
 * nobody else. Never two calls about one user at a time: the second would only wait for
 * the lock of the first. Among the others, the peer comes first that has the fewest at
 * work.
 */
#ifndef TOTPGROUP_DAEMON_POOL_H
#define TOTPGROUP_DAEMON_POOL_H

#include <sys/queue.h>

#include "base/error.h"
#include "daemon/work.h"

/* One call; the caller keeps it until it comes back. */
struct job {
	struct work work;
	const char *user; /* whom it is about */
	void *owner;	  /* the caller's own */
	STAILQ_ENTRY(job) next;
};

STAILQ_HEAD(job_list, job);

struct pool;

/* The threads start as they are needed, with the signals that are blocked now. conf is
 * for their stores, and must outlive the pool. */
int pool_open(struct pool **pool, const char *conf, struct error *error);

/* Hands a job over. Returns 0, or TOTPGROUP_EBUSY where no thread could ever be
 * started. */
int pool_submit(struct pool *pool, struct job *job);

/* Readable when jobs have come back. */
int pool_descriptor(const struct pool *pool);

/* Takes all that have come back. */
void pool_take(struct pool *pool, struct job_list *done);

/* Ends the threads. No job may be left. NULL is allowed. */
void pool_close(struct pool *pool);

#endif
