/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pgsql/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "totpgroup.h"

#define CONNECTIONS_MAX 64

/* Milliseconds. */
#define PAUSE_AFTER_FAILURE 100 /* of the thread that connects */
#define BREAK_LEAST	    500
#define BREAK_SPREAD	    1000
#define PATIENCE_AT_END	    1000

/* How many calls in a row end at their deadline before the breaker opens. */
#define SILENT_MAX 2

struct pool {
	struct pool_settings settings;
	pid_t process;
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* for callers: there is a connection, or a failure */
	pthread_cond_t needed;	/* for the connector: one may be missing, or the end */
	pthread_t connector;
	bool has_connector;
	bool ending;
	struct link *idle[CONNECTIONS_MAX];
	size_t idle_count;
	size_t open_count;   /* idle, in use, or being made */
	size_t wanted;	     /* callers that wait for one */
	uint64_t generation; /* connections of an earlier one are suspect */
	uint64_t failures;   /* rounds of connecting that failed */
	struct failure failure;
	/* The breaker. */
	unsigned int silent;  /* calls since the last one that was answered */
	int64_t closed_until; /* refuse until then */
	bool is_probing;
	struct store_counts counts;
};

static void wait_until(struct pool *pool, pthread_cond_t *condition, int64_t until)
{
	const struct timespec time = {
		.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};

	(void)pthread_cond_timedwait(condition, &pool->mutex, &time);
}

static bool may_connect(const struct pool *pool)
{
	return pool->wanted > pool->idle_count && pool->open_count < pool->settings.connections;
}

/* Connects and greets, without the lock. */
static struct link *connect_and_greet(struct pool *pool, struct failure *failure)
{
	int64_t until = link_clock() + pool->settings.patience;
	struct link *link = connector_connect(pool->settings.target, until, failure);

	if (link == NULL || pool->settings.greet(link, until, pool->settings.context,
				    failure) == FAILURE_NONE)
		return link;
	link_close(link);
	return NULL;
}

/* Makes one connection; called with the lock. */
static void make_one(struct pool *pool)
{
	const uint64_t generation = pool->generation;
	struct failure failure = {.kind = FAILURE_NONE};
	struct link *link;

	pool->open_count++;
	(void)pthread_mutex_unlock(&pool->mutex);
	link = connect_and_greet(pool, &failure);
	(void)pthread_mutex_lock(&pool->mutex);
	if (link != NULL) {
		link->generation = generation;
		pool->idle[pool->idle_count++] = link;
	} else {
		pool->open_count--;
		pool->failures++;
		pool->failure = failure;
	}
	(void)pthread_cond_broadcast(&pool->changed);
}

/* Lets a server that fails be for a moment, however many callers wait. Called with the lock. */
static void pause_after_failure(struct pool *pool)
{
	const int64_t until = link_clock() + PAUSE_AFTER_FAILURE;

	while (!pool->ending && link_clock() < until)
		wait_until(pool, &pool->needed, until);
}

static void *run_connector(void *argument)
{
	struct pool *pool = argument;

	(void)pthread_mutex_lock(&pool->mutex);
	while (!pool->ending) {
		const uint64_t failures = pool->failures;

		if (may_connect(pool))
			make_one(pool);
		else
			(void)pthread_cond_wait(&pool->needed, &pool->mutex);
		if (pool->failures != failures)
			pause_after_failure(pool);
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	return NULL;
}

/* Signals are for the threads of the program. Called with the lock. */
static bool have_connector(struct pool *pool)
{
	sigset_t all, before;

	if (pool->has_connector)
		return true;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pool->has_connector = pthread_create(&pool->connector, NULL, run_connector, pool) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool->has_connector;
}

int pool_open(struct pool **pool, const struct pool_settings *settings, struct error *error)
{
	pthread_condattr_t attributes;

	*pool = calloc(1, sizeof **pool);
	if (*pool == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	(*pool)->settings = *settings;
	if (settings->connections > CONNECTIONS_MAX)
		(*pool)->settings.connections = CONNECTIONS_MAX;
	(*pool)->process = getpid();
	(void)pthread_mutex_init(&(*pool)->mutex, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&(*pool)->changed, &attributes);
	(void)pthread_cond_init(&(*pool)->needed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	return 0;
}

/* Lets the connector end, which may wait for a name server. */
static bool end_connector(struct pool *pool)
{
	struct timespec until;

	(void)pthread_mutex_lock(&pool->mutex);
	pool->ending = true;
	(void)pthread_cond_signal(&pool->needed);
	(void)pthread_mutex_unlock(&pool->mutex);
	if (!pool->has_connector)
		return true;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_AT_END / 1000;
	if (pthread_timedjoin_np(pool->connector, NULL, &until) == 0)
		return true;
	(void)pthread_detach(pool->connector);
	return false;
}

/* After fork() the mutex may be locked for ever, and the thread waits in the parent alone. The
 * memory stays. */
static void forget(const struct pool *pool)
{
	for (size_t i = 0; i < pool->idle_count; i++)
		link_forget(pool->idle[i]);
}

bool pool_close(struct pool *pool)
{
	if (pool == NULL)
		return true;
	if (!pool_is_own(pool)) {
		forget(pool);
		return true;
	}
	if (!end_connector(pool))
		return false;
	for (size_t i = 0; i < pool->idle_count; i++)
		link_close(pool->idle[i]);
	(void)pthread_cond_destroy(&pool->changed);
	(void)pthread_cond_destroy(&pool->needed);
	(void)pthread_mutex_destroy(&pool->mutex);
	free(pool);
	return true;
}

void pool_note_conflict(struct pool *pool)
{
	(void)pthread_mutex_lock(&pool->mutex);
	pool->counts.conflicts++;
	(void)pthread_mutex_unlock(&pool->mutex);
}

void pool_count(struct pool *pool, struct store_counts *counts)
{
	(void)pthread_mutex_lock(&pool->mutex);
	*counts = pool->counts;
	counts->is_open = pool->silent >= SILENT_MAX;
	(void)pthread_mutex_unlock(&pool->mutex);
}

bool pool_is_own(const struct pool *pool)
{
	return pool->process == getpid();
}

bool pool_enter(struct pool *pool, bool *is_probe)
{
	bool may_enter = true;

	*is_probe = false;
	(void)pthread_mutex_lock(&pool->mutex);
	if (pool->silent >= SILENT_MAX) {
		may_enter = !pool->is_probing && link_clock() >= pool->closed_until;
		*is_probe = may_enter;
		pool->is_probing |= may_enter;
	}
	pool->counts.refusals += !may_enter;
	(void)pthread_mutex_unlock(&pool->mutex);
	return may_enter;
}

void pool_leave(struct pool *pool, bool is_probe, enum pool_outcome outcome)
{
	uint32_t spread = 0;

	(void)pthread_mutex_lock(&pool->mutex);
	if (is_probe)
		pool->is_probing = false;
	pool->counts.silences += outcome == POOL_SILENT;
	if (outcome == POOL_ANSWERED)
		pool->silent = 0;
	if (outcome == POOL_SILENT && ++pool->silent >= SILENT_MAX) {
		pool->silent = SILENT_MAX;
		(void)random_below(BREAK_SPREAD, &spread);
		pool->closed_until = link_clock() + BREAK_LEAST + spread;
	}
	(void)pthread_mutex_unlock(&pool->mutex);
}

/* Takes the connection that was used last, so that those beyond the need stay idle. Called with the
 * lock. */
static struct link *take_idle(struct pool *pool)
{
	while (pool->idle_count > 0) {
		struct link *link = pool->idle[--pool->idle_count];

		if (link->generation == pool->generation && link_is_alive(link))
			return link;
		link_close(link);
		pool->open_count--;
	}
	return NULL;
}

struct link *pool_take(struct pool *pool, int64_t until, struct failure *failure)
{
	struct link *link;
	uint64_t failures;

	(void)pthread_mutex_lock(&pool->mutex);
	failures = pool->failures;
	*failure = (struct failure){.kind = FAILURE_NONE};
	while ((link = take_idle(pool)) == NULL && failure->kind == FAILURE_NONE) {
		if (!have_connector(pool)) {
			(void)failure_set(failure, FAILURE_OTHER, "no thread can be started");
			break;
		}
		pool->wanted++;
		if (may_connect(pool))
			(void)pthread_cond_signal(&pool->needed);
		wait_until(pool, &pool->changed, until);
		pool->wanted--;
		if (pool->failures != failures && pool->failure.kind == FAILURE_CONFIG)
			*failure = pool->failure;
		else if (link_clock() >= until && pool->failures != failures)
			*failure = pool->failure;
		else if (link_clock() >= until)
			(void)failure_set(failure, FAILURE_SILENT, "no server answers");
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	return link;
}

void pool_put(struct pool *pool, struct link *link)
{
	bool is_alive = link_is_alive(link);

	(void)pthread_mutex_lock(&pool->mutex);
	if (is_alive) {
		link->generation = pool->generation;
		pool->idle[pool->idle_count++] = link;
		(void)pthread_cond_signal(&pool->changed);
	} else {
		pool->open_count--;
		(void)pthread_cond_signal(&pool->needed);
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	if (!is_alive)
		link_close(link);
}

void pool_suspect(struct pool *pool, struct link *link)
{
	(void)pthread_mutex_lock(&pool->mutex);
	if (link->generation == pool->generation)
		pool->generation++;
	pool->open_count--;
	(void)pthread_cond_signal(&pool->needed);
	(void)pthread_mutex_unlock(&pool->mutex);
	link_close(link);
}
