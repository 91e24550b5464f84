/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Processes that start their work at the same moment, round after round. */
#ifndef TOTPGROUP_TESTS_WORKERS_H
#define TOTPGROUP_TESTS_WORKERS_H

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../stack/stack.h"
#include "../unit/test_support.h"

#define WORKERS_MAX 12

/* Memory that all workers share. */
struct shared {
	pthread_barrier_t start; /* among the workers */
	unsigned int round;
	char answers[WORKERS_MAX][16];
	int results[WORKERS_MAX];
	atomic_uint counter;
	sem_t accepted;
	atomic_uint failures;
	atomic_uint busy; /* logins that gave up waiting for the lock */
	atomic_bool enough;
};

static struct shared *shared;
static pid_t workers[WORKERS_MAX];
static unsigned int worker_count;
static int order_to[WORKERS_MAX];
static int done[2];

static inline void share_memory(void)
{
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		-1, 0);
	assert_true(shared != MAP_FAILED);
	memset(shared, 0, sizeof *shared);
}

static inline void init_start(unsigned int count)
{
	pthread_barrierattr_t attributes;

	pthread_barrierattr_init(&attributes);
	pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	assert_int_equal(pthread_barrier_init(&shared->start, &attributes, count), 0);
}

/* A byte in the worker's pipe begins a round. The pipe ends when the test ends. */
static inline void serve(unsigned int worker, int orders, void (*work)(unsigned int worker))
{
	char byte;

	while (read(orders, &byte, 1) == 1) {
		pthread_barrier_wait(&shared->start);
		work(worker);
		if (write(done[1], &byte, 1) != 1)
			_exit(2);
	}
	_exit(0);
}

static inline void start_worker(unsigned int worker, void (*work)(unsigned int worker))
{
	int orders[2];

	assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
	workers[worker] = fork();
	assert_true(workers[worker] >= 0);
	order_to[worker] = orders[1];
	if (workers[worker] != 0) {
		close(orders[0]);
		return;
	}
	close(done[0]);
	for (unsigned int i = 0; i <= worker; i++)
		close(order_to[i]);
	serve(worker, orders[0], work);
}

/* Each worker calls work() in every round. */
static inline void start_workers(unsigned int count, void (*work)(unsigned int worker))
{
	if (shared == NULL)
		share_memory();
	init_start(count);
	worker_count = count;
	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	fflush(NULL);
	for (unsigned int i = 0; i < count; i++)
		start_worker(i, work);
	close(done[1]);
}

static inline void run_round(void)
{
	char byte;

	for (unsigned int i = 0; i < worker_count; i++)
		assert_int_equal(write(order_to[i], "", 1), 1);
	for (unsigned int i = 0; i < worker_count; i++)
		assert_int_equal(read(done[0], &byte, 1), 1);
	shared->round++;
}

static inline void stop_workers(void)
{
	int status;

	for (unsigned int i = 0; i < worker_count; i++)
		close(order_to[i]);
	for (unsigned int i = 0; i < worker_count; i++) {
		assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
		assert_int_equal(status, 0);
	}
	close(done[0]);
	munmap(shared, sizeof *shared);
	shared = NULL;
}

/* Whether the last login gave up waiting for the lock. That is allowed, because a slow disk
 * makes the others hold it long. */
static inline bool gave_up_waiting(void)
{
	if (strstr(stack_log, "locked by another process for") == NULL)
		return false;
	atomic_fetch_add(&shared->busy, 1);
	return true;
}

static inline unsigned int count_results(int result)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < worker_count; i++)
		count += shared->results[i] == result;
	return count;
}

#endif
