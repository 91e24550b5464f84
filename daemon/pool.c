/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/work.h"
#include "host/shared_store.h"
#include "host/user_store.h"
#include "totpgroup.h"

/* Threads mostly wait for the disk, which serves many writes at once. */
#define THREADS_MAX (SHARE_COUNT * SHARE_THREADS)

struct worker {
	pthread_t thread;
	struct pool *pool;
	struct work *work; /* the call that is running, or NULL */
	/* Used by its own thread alone: */
	struct user_store *store;
	uint64_t policy; /* the number of the policy that the store was opened under */
};

struct pool {
	const char *conf;
	int event;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct work_list waiting;
	struct work_list done;
	bool ending;
	size_t waiting_count;
	size_t idle;  /* threads that wait for a call */
	bool waking;  /* one of them was woken and does not run yet */
	size_t count; /* threads */
	size_t running[SHARE_COUNT];
	struct worker workers[THREADS_MAX];
};

int64_t monotonic_microseconds(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Opens the store again after the daemon has read the configuration again. If that fails,
 * because the file has changed once more, the old store stays in use. */
static int update_store(struct worker *worker, const struct policy *policy, struct error *error)
{
	struct user_store *store;
	int status;

	if (worker->policy == policy->number)
		return 0;
	status = user_store_open_to_lend(&store, worker->pool->conf, error);
	if (status == 0) {
		user_store_close(worker->store);
		worker->store = store;
		worker->policy = policy->number;
	}
	return worker->store != NULL ? 0 : status;
}

/* All threads use the store of the policy that the call came under. */
static void lend_store(const struct worker *worker, const struct work *work)
{
	user_store_lend(worker->store, shared_store_of(work->policy->shared));
	user_store_set_origin(worker->store, work->call.service, work->call.rhost);
}

static int call_method(struct work *work, struct user_store *store, struct error *error)
{
	switch (work->call.method) {
	case CALL_VERIFY:
		return work_verify(work, store, error);
	case CALL_STATUS:
		return work_status(work, store, error);
	case CALL_ENROLL:
		return work_enroll(work, store, error);
	case CALL_CONFIRM:
		return work_confirm(work, store, error);
	case CALL_LOOK:
		return work_look(work, store, error);
	case CALL_CREATE:
		return work_create(work, store, error);
	case CALL_NONE:
		break;
	}
	return error_set(error, TOTPGROUP_EARGUMENT, "no such method");
}

/* Finds who the peer is, and so whose share the call is of; root needs no grant. */
static int identify(struct work *work, enum share *share, struct error *error)
{
	int status = 0;

	if (work->peer->uid != 0)
		status = peer_identity_find(work->peer, work->socket, work->policy, error);
	if (status == 0)
		*share = share_of(work);
	return status;
}

/* Returns the share of the call. If that is not the one that it ran in, nothing was done, and
 * it has to wait for its turn there. */
static enum share perform(struct worker *worker, struct work *work)
{
	enum share share = work->share;
	struct error error = ERROR_INIT;
	int status = update_store(worker, work->policy, &error);
	int64_t begun = monotonic_microseconds();

	if (status == 0)
		status = identify(work, &share, &error);
	if (share != work->share)
		return share;
	if (status == 0)
		lend_store(worker, work);
	if (status == 0)
		status = call_method(work, worker->store, &error);
	if (status != 0) {
		metrics_count_failure(work->metrics);
		verify_log_not_answered(work->log_bounds, work->peer->uid, &error);
		text_free(&work->reply);
		/* Without memory there is no reply, and the connection is closed. */
		(void)reply_error(&work->reply,
			error.code == TOTPGROUP_EBUSY ? ERROR_BUSY : ERROR_STORE, NULL, NULL);
	}
	begun = monotonic_microseconds() - begun;
	if (work->call.method == CALL_VERIFY)
		metrics_count_time(work->metrics, begun);
	work->took = begun / 1000;
	return share;
}

/* Whether the call may run now. *same_peer is the number of calls of the same peer and share
 * that do. */
static bool may_run(const struct pool *pool, const struct work *work, size_t *same_peer)
{
	struct share_count count = {0, false};

	if (pool->running[work->share] == SHARE_THREADS)
		return false;
	for (size_t i = 0; i < pool->count && !count.blocked; i++)
		if (pool->workers[i].work != NULL)
			share_count(&count, work, pool->workers[i].work);
	*same_peer = count.same_peer;
	return !count.blocked;
}

/* The call that is to run next; NULL where there is none. */
static struct work *find_next(const struct pool *pool)
{
	struct work *chosen = NULL, *work;
	size_t fewest = SIZE_MAX;

	STAILQ_FOREACH(work, &pool->waiting, next)
	{
		size_t same_peer;

		if (chosen != NULL && work->share > chosen->share)
			continue;
		/* cppcheck-suppress uninitvar ; the macro sets it, which cppcheck does not see */
		if (!may_run(pool, work, &same_peer) ||
			(chosen != NULL && work->share == chosen->share && same_peer >= fewest))
			continue;
		chosen = work;
		fewest = same_peer;
		if (chosen->share == SHARE_ROOT && fewest == 0)
			break;
	}
	return chosen;
}

static void add_waiting(struct pool *pool, struct work *work)
{
	work->progress = WORK_WAITING;
	STAILQ_INSERT_TAIL(&pool->waiting, work, next);
	pool->waiting_count++;
}

static void remove_waiting(struct pool *pool, struct work *work)
{
	STAILQ_REMOVE(&pool->waiting, work, work, next);
	pool->waiting_count--;
}

/* Takes the call off the list that is to run next; NULL where there is none. */
static struct work *take_next(struct pool *pool)
{
	struct work *chosen = find_next(pool);

	if (chosen == NULL)
		return NULL;
	remove_waiting(pool, chosen);
	chosen->progress = WORK_RUNNING;
	pool->running[chosen->share]++;
	return chosen;
}

static struct work *wait_for_work(struct pool *pool)
{
	struct work *work = NULL;

	pool->idle++;
	while ((work = take_next(pool)) == NULL && !pool->ending) {
		(void)pthread_cond_wait(&pool->changed, &pool->mutex);
		pool->waking = false;
	}
	pool->idle--;
	return work;
}

/* Whether to wake a thread, as there is a call for it. One is woken at a time, and wakes the
 * next: by then a thread that was running may have taken the call, without any switch. */
static bool needs_thread(struct pool *pool)
{
	if (pool->waking || pool->idle == 0 || find_next(pool) == NULL)
		return false;
	pool->waking = true;
	return true;
}

/* Unlocks first, so that the thread finds the pool unlocked. */
static void unlock_and_wake(struct pool *pool)
{
	bool wake = needs_thread(pool);

	(void)pthread_mutex_unlock(&pool->mutex);
	if (wake)
		(void)pthread_cond_signal(&pool->changed);
}

/* A user has had her turn: her other calls wait behind those of all others, in their order. In
 * the other shares the number of running calls sees to that. */
static void end_turn(struct pool *pool, uid_t uid)
{
	struct work_list all = STAILQ_HEAD_INITIALIZER(all);
	struct work_list hers = STAILQ_HEAD_INITIALIZER(hers);
	struct work *work;

	STAILQ_CONCAT(&all, &pool->waiting);
	while ((work = STAILQ_FIRST(&all)) != NULL) {
		bool is_hers = work->share == SHARE_SELF && work->peer->uid == uid;

		STAILQ_REMOVE_HEAD(&all, next);
		STAILQ_INSERT_TAIL(is_hers ? &hers : &pool->waiting, work, next);
	}
	STAILQ_CONCAT(&pool->waiting, &hers);
}

/* Begins and ends with the pool locked. */
static void run_work(struct pool *pool, struct worker *worker)
{
	struct work *work = worker->work;
	enum share share;

	unlock_and_wake(pool);
	share = perform(worker, work);
	(void)pthread_mutex_lock(&pool->mutex);
	pool->running[work->share]--;
	worker->work = NULL;
	if (work->share == SHARE_SELF)
		end_turn(pool, work->peer->uid);
	if (share != work->share) {
		work->share = share;
		add_waiting(pool, work);
		return;
	}
	work->progress = WORK_DONE;
	if (STAILQ_EMPTY(&pool->done))
		(void)eventfd_write(pool->event, 1);
	STAILQ_INSERT_TAIL(&pool->done, work, next);
}

static void *run_worker(void *argument)
{
	struct worker *worker = argument;
	struct pool *pool = worker->pool;

	(void)pthread_mutex_lock(&pool->mutex);
	while ((worker->work = wait_for_work(pool)) != NULL)
		run_work(pool, worker);
	(void)pthread_mutex_unlock(&pool->mutex);
	user_store_close(worker->store);
	return NULL;
}

int pool_open(struct pool **pool, const char *conf, struct error *error)
{
	struct pool *opened = calloc(1, sizeof *opened);

	*pool = NULL;
	if (opened == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	opened->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (opened->event < 0) {
		free(opened);
		return error_set_system(error, TOTPGROUP_ESYSTEM, "eventfd");
	}
	opened->conf = conf;
	(void)pthread_mutex_init(&opened->mutex, NULL);
	(void)pthread_cond_init(&opened->changed, NULL);
	STAILQ_INIT(&opened->waiting);
	STAILQ_INIT(&opened->done);
	*pool = opened;
	return 0;
}

static void start_worker(struct pool *pool)
{
	struct worker *worker = &pool->workers[pool->count];

	*worker = (struct worker){.pool = pool};
	if (pthread_create(&worker->thread, NULL, run_worker, worker) == 0)
		pool->count++;
}

int pool_submit(struct pool *pool, struct work *work)
{
	bool queued;

	(void)pthread_mutex_lock(&pool->mutex);
	/* Each waiting call may already have woken an idle thread. */
	if (pool->idle <= pool->waiting_count && pool->count < THREADS_MAX)
		start_worker(pool);
	queued = pool->count > 0;
	if (queued) {
		work->share = share_of(work);
		add_waiting(pool, work);
	}
	unlock_and_wake(pool);
	return queued ? 0 : TOTPGROUP_EBUSY;
}

enum work_progress pool_withdraw(struct pool *pool, struct work *work)
{
	enum work_progress progress;

	(void)pthread_mutex_lock(&pool->mutex);
	progress = work->progress;
	if (progress == WORK_WAITING)
		remove_waiting(pool, work);
	(void)pthread_mutex_unlock(&pool->mutex);
	return progress;
}

int pool_descriptor(const struct pool *pool)
{
	return pool->event;
}

void pool_take(struct pool *pool, struct work_list *done)
{
	eventfd_t count;

	(void)pthread_mutex_lock(&pool->mutex);
	STAILQ_INIT(done);
	STAILQ_CONCAT(done, &pool->done);
	(void)eventfd_read(pool->event, &count);
	(void)pthread_mutex_unlock(&pool->mutex);
}

size_t pool_running(struct pool *pool)
{
	size_t running = 0;

	if (pool == NULL)
		return 0;
	(void)pthread_mutex_lock(&pool->mutex);
	for (size_t i = 0; i < SHARE_COUNT; i++)
		running += pool->running[i];
	(void)pthread_mutex_unlock(&pool->mutex);
	return running;
}

void pool_close(struct pool *pool)
{
	if (pool == NULL)
		return;
	(void)pthread_mutex_lock(&pool->mutex);
	pool->ending = true;
	(void)pthread_cond_broadcast(&pool->changed);
	(void)pthread_mutex_unlock(&pool->mutex);
	for (size_t i = 0; i < pool->count; i++)
		(void)pthread_join(pool->workers[i].thread, NULL);
	(void)pthread_cond_destroy(&pool->changed);
	(void)pthread_mutex_destroy(&pool->mutex);
	close(pool->event);
	free(pool);
}
