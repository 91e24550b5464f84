/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls that wait for files and for NSS, and the threads that perform them. */
#ifndef TOTPGROUP_DAEMON_WORK_H
#define TOTPGROUP_DAEMON_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "base/text.h"
#include "core/grace.h"
#include "daemon/access.h"
#include "daemon/log_bounds.h"
#include "daemon/metrics.h"
#include "daemon/share.h"
#include "daemon/varlink.h"

struct new_credential;
struct user_store;

/* A secret that Enroll has drawn and that no code has confirmed yet. It is in the memory of
 * its connection and nowhere else. Begins zeroed. */
struct draft {
	struct new_credential *credential; /* NULL where there is none */
	char *user;			   /* whose it is to be */
	unsigned int wrong_codes;
};

/* Wipes and frees the secret; the draft is zeroed again. */
void draft_drop(struct draft *draft);

/* What the pool does with a call. */
enum work_progress {
	WORK_WAITING = 0,
	WORK_RUNNING,
	WORK_DONE,
};

/* One call. Only its reply is its own. */
struct work {
	struct call call;
	struct policy *policy;
	struct peer_identity *peer;
	struct draft *draft;
	struct log_bounds *log_bounds;
	struct metrics *metrics;
	int socket;
	int64_t now;	 /* when the call came, in milliseconds of the monotonic clock */
	const char *key; /* the user that it is about, as the peer spells her (share.h) */
	void *owner;	 /* for the caller of pool_submit() */
	/* The pool's own: */
	enum share share;
	enum work_progress progress;
	/* Out: */
	struct text reply; /* the frame to send; empty if there was no memory for it */
	bool hold;	   /* the time of this refusal must not reveal the work done */
	int64_t took;	   /* milliseconds at work, without the wait for its turn */
	STAILQ_ENTRY(work) next;
};

STAILQ_HEAD(work_list, work);

/*
 * The methods. Each fills in the reply and hold and returns 0, or returns a TOTPGROUP_E...
 * with its message where the call cannot be performed. work_verify.c has the first two,
 * work_look.c those for root alone, work_enroll.c the others.
 */
int work_verify(struct work *work, struct user_store *store, struct error *error);
int work_status(struct work *work, struct user_store *store, struct error *error);
int work_enroll(struct work *work, struct user_store *store, struct error *error);
int work_confirm(struct work *work, struct user_store *store, struct error *error);
int work_look(struct work *work, struct user_store *store, struct error *error);
int work_create(struct work *work, struct user_store *store, struct error *error);

/* work_look.c: whom and what a grace period is counted for, as root's call and the
 * configuration say. A session is heeded for the services of grace_services= alone. */
struct grace_key work_grace_key(const struct work *work, const struct user_store *store);

/* Replies NotPermitted, and logs that with the service, which may be NULL. Returns 0 or
 * TOTPGROUP_EMEMORY. */
int work_refuse_peer(struct work *work, const char *service);

/*
 * attempts.c: counts the call in memory, as an attempt of the peer about the user, and sets
 * *wait to 0, or to the seconds until it would be counted. An attempt that is over the limit of
 * the peer is not counted for the user. Root's are not counted. Returns 0 or
 * TOTPGROUP_EMEMORY.
 */
int work_count_attempt(
	struct work *work, const struct access *access, const char *user, int64_t *wait);

/* The same for the account behind the name, which a front end's grant covers. */
int work_count_account(
	struct work *work, const struct access *access, uid_t uid, int64_t *wait);

/*
 * pool.c: threads that perform calls, so that a wait for a disk, a lock or a directory delays
 * nobody else. Of the calls that may run (share.h), root's are next, then those of users
 * about themselves, who take turns; among the others, the first one of the peer with the
 * fewest calls running.
 */
struct pool;

/* Threads start when they are needed, with the signals blocked that are blocked then. conf
 * is for their stores, and must outlive the pool. The caller ends *pool, which is NULL after
 * an error, with pool_close(). */
int pool_open(struct pool **pool, const char *conf, struct error *error);

/* Queues a call; the caller keeps it until pool_take() returns it. Returns 0, or
 * TOTPGROUP_EBUSY where no thread could be started. */
int pool_submit(struct pool *pool, struct work *work);

/* Takes back a call that no thread has begun: WORK_WAITING, and pool_take() will not return
 * it. Otherwise it is WORK_RUNNING or WORK_DONE, and pool_take() returns it some time. */
enum work_progress pool_withdraw(struct pool *pool, struct work *work);

/* A descriptor that is readable when calls are done. */
int pool_descriptor(const struct pool *pool);

/* Moves all calls that are done to the list. */
void pool_take(struct pool *pool, struct work_list *done);

/* How many calls are running. NULL is allowed. */
size_t pool_running(struct pool *pool);

/* Waits for the calls that are running, and ends the threads. NULL is allowed. */
void pool_close(struct pool *pool);

/* The monotonic clock, in microseconds. */
int64_t monotonic_microseconds(void);

#endif
