/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/pool.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/verify_log.h"
#include "host/user_store.h"
#include "totpgroup.h"

/* Threads mostly wait for the disk, and disks write for many at once. */
#define THREADS_MAX 16

struct worker {
	pthread_t thread;
	struct pool *pool;
	struct job *job; /* at work on it, or NULL */
	/* Only its own thread's. */
	struct user_store *store;
	uint64_t policy; /* the number of the one that the store was opened under */
};

struct pool {
	const char *conf;
	int event;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct job_list waiting;
	struct job_list done;
	bool ending;
	size_t idle;
	size_t waiting_count;
	size_t count;
	struct worker workers[THREADS_MAX];
};

/* The store reads the configuration anew when the daemon has. If it cannot, because
 * the file has changed once more, it stays as it was. */
static int renew_store(struct worker *worker, const struct policy *policy, struct error *error)
{
	struct user_store *store;
	int status;

	if (worker->policy == policy->number)
		return 0;
	status = user_store_open(&store, worker->pool->conf, error);
	if (status == 0) {
		user_store_close(worker->store);
		worker->store = store;
		worker->policy = policy->number;
	}
	return worker->store != NULL ? 0 : status;
}

static void perform(struct worker *worker, struct job *job)
{
	struct error error = ERROR_INIT;

	if (renew_store(worker, job->work.policy, &error) == 0)
		work_perform(&job->work, worker->store);
	else
		work_fail(&job->work, &error);
}

/* Whether somebody is at work on the same user; and for how many calls of the peer. */
static bool is_taken(const struct pool *pool, const struct job *job, size_t *same_peer)
{
	*same_peer = 0;
	for (size_t i = 0; i < pool->count; i++) {
		const struct job *other = pool->workers[i].job;

		if (other == NULL)
			continue;
		if (strcmp(other->user, job->user) == 0)
			return true;
		*same_peer += other->work.peer->uid == job->work.peer->uid;
	}
	return false;
}

/* The next job to be done now, off the list; NULL where there is none. */
static struct job *choose(struct pool *pool)
{
	struct job *chosen = NULL, *job;
	size_t fewest = SIZE_MAX;

	STAILQ_FOREACH(job, &pool->waiting, next)
	{
		size_t same_peer;

		if (is_taken(pool, job, &same_peer) || same_peer >= fewest)
			continue;
		chosen = job;
		fewest = same_peer;
		if (fewest == 0)
			break;
	}
	if (chosen == NULL)
		return NULL;
	STAILQ_REMOVE(&pool->waiting, chosen, job, next);
	pool->waiting_count--;
	return chosen;
}

static void wake(const struct pool *pool)
{
	const uint64_t one = 1;

	/* It can only fail when it is readable already. */
	if (write(pool->event, &one, sizeof one) < 0)
		return;
}

static struct job *wait_for_job(struct pool *pool)
{
	struct job *job = NULL;

	pool->idle++;
	while ((job = choose(pool)) == NULL && !pool->ending)
		(void)pthread_cond_wait(&pool->changed, &pool->mutex);
	pool->idle--;
	return job;
}

static void *run(void *argument)
{
	struct worker *worker = argument;
	struct pool *pool = worker->pool;

	(void)pthread_mutex_lock(&pool->mutex);
	while ((worker->job = wait_for_job(pool)) != NULL) {
		(void)pthread_mutex_unlock(&pool->mutex);
		perform(worker, worker->job);
		(void)pthread_mutex_lock(&pool->mutex);
		if (STAILQ_EMPTY(&pool->done))
			wake(pool);
		STAILQ_INSERT_TAIL(&pool->done, worker->job, next);
		worker->job = NULL;
		/* What waited for this user is somebody's to do; this thread looks
		 * first, and wakes another where there is more. */
		if (!STAILQ_EMPTY(&pool->waiting) && pool->idle > 0)
			(void)pthread_cond_signal(&pool->changed);
	}
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
	if (pthread_create(&worker->thread, NULL, run, worker) == 0)
		pool->count++;
}

int pool_submit(struct pool *pool, struct job *job)
{
	bool taken_up;

	(void)pthread_mutex_lock(&pool->mutex);
	/* Those that are idle may have been woken for others already. */
	if (pool->idle <= pool->waiting_count && pool->count < THREADS_MAX)
		start_worker(pool);
	taken_up = pool->count > 0;
	if (taken_up) {
		STAILQ_INSERT_TAIL(&pool->waiting, job, next);
		pool->waiting_count++;
		(void)pthread_cond_signal(&pool->changed);
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	return taken_up ? 0 : TOTPGROUP_EBUSY;
}

int pool_descriptor(const struct pool *pool)
{
	return pool->event;
}

void pool_take(struct pool *pool, struct job_list *done)
{
	uint64_t count;

	(void)pthread_mutex_lock(&pool->mutex);
	STAILQ_INIT(done);
	STAILQ_CONCAT(done, &pool->done);
	if (read(pool->event, &count, sizeof count) < 0)
		count = 0;
	(void)pthread_mutex_unlock(&pool->mutex);
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
