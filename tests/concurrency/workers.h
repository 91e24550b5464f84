/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Processes that start their work at the same moment, round after round. */
#ifndef TOTPGROUP_TESTS_WORKERS_H
#define TOTPGROUP_TESTS_WORKERS_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/test_support.h"

#define WORKERS_MAX 12

/* What all of them see. */
struct shared {
	pthread_barrier_t start, end;
	bool stop;
	unsigned int round;
	char answers[WORKERS_MAX][16];
	int results[WORKERS_MAX];
	atomic_uint counter;
	atomic_uint accepted;
	atomic_uint failures;
	atomic_bool enough;
};

static struct shared *shared;
static pid_t workers[WORKERS_MAX];
static unsigned int worker_count;

static inline void share_memory(void)
{
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		-1, 0);
	assert_true(shared != MAP_FAILED);
	memset(shared, 0, sizeof *shared);
}

static inline void init_barrier(pthread_barrier_t *barrier, unsigned int count)
{
	pthread_barrierattr_t attributes;

	pthread_barrierattr_init(&attributes);
	pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	assert_int_equal(pthread_barrier_init(barrier, &attributes, count), 0);
}

/* Each worker does its part of every round until it is told to stop. */
static inline void start_workers(unsigned int count, void (*work)(unsigned int worker))
{
	share_memory();
	init_barrier(&shared->start, count + 1);
	init_barrier(&shared->end, count + 1);
	worker_count = count;
	fflush(NULL);
	for (unsigned int i = 0; i < count; i++) {
		workers[i] = fork();
		assert_true(workers[i] >= 0);
		if (workers[i] != 0)
			continue;
		/* Only so that nothing hangs for ever. */
		alarm(600);
		while (pthread_barrier_wait(&shared->start), !shared->stop) {
			work(i);
			pthread_barrier_wait(&shared->end);
		}
		_exit(0);
	}
	alarm(600);
}

static inline void run_round(void)
{
	pthread_barrier_wait(&shared->start);
	pthread_barrier_wait(&shared->end);
	shared->round++;
}

static inline void stop_workers(void)
{
	int status;

	shared->stop = true;
	pthread_barrier_wait(&shared->start);
	for (unsigned int i = 0; i < worker_count; i++) {
		assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
		assert_int_equal(status, 0);
	}
	alarm(0);
	munmap(shared, sizeof *shared);
}

static inline unsigned int count_results(int result)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < worker_count; i++)
		count += shared->results[i] == result;
	return count;
}

#endif
