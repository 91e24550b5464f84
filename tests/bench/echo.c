/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A server that sends back what comes, until it is killed: the floor of a daemon.
 *
 *     echo SOCKET [THREADS]
 *
 * listens there, and prints a line when it is ready. One thread serves all connections. With
 * THREADS it hands each call to one of so many others, and sends the reply when that one is
 * done: the floor of a daemon whose calls may have to wait.
 */

#include "config.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS	    64
#define CALLS_MAX   256 /* at the same time; one for each connection */
#define THREADS_MAX 64

struct call {
	int connection;
	size_t length;
	char bytes[512];
};

/* What the serving thread and the others share. */
struct queue {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	struct call waiting[CALLS_MAX], done[CALLS_MAX];
	size_t waiting_count, done_count;
	int event; /* says that a call is done */
};

struct server {
	int listener;
	int epoll;
	struct queue *queue; /* NULL where one thread does all */
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void *work(void *argument)
{
	struct queue *queue = argument;

	pthread_mutex_lock(&queue->mutex);
	for (;;) {
		struct call call;

		while (queue->waiting_count == 0)
			pthread_cond_wait(&queue->filled, &queue->mutex);
		call = queue->waiting[--queue->waiting_count];
		pthread_mutex_unlock(&queue->mutex);
		/* Here a daemon works on the call. */
		pthread_mutex_lock(&queue->mutex);
		queue->done[queue->done_count++] = call;
		if (queue->done_count == 1 && eventfd_write(queue->event, 1) != 0)
			fail("eventfd");
	}
	return NULL;
}

static void hand_over(struct queue *queue, const struct call *call)
{
	pthread_mutex_lock(&queue->mutex);
	if (queue->waiting_count == CALLS_MAX)
		fail("too many calls");
	queue->waiting[queue->waiting_count++] = *call;
	pthread_mutex_unlock(&queue->mutex);
	pthread_cond_signal(&queue->filled);
}

static void reply(const struct call *call)
{
	if (send(call->connection, call->bytes, call->length, MSG_NOSIGNAL) !=
		(ssize_t)call->length)
		close(call->connection);
}

static void take_back(struct queue *queue)
{
	struct call calls[CALLS_MAX];
	eventfd_t count;
	size_t done;

	(void)eventfd_read(queue->event, &count);
	pthread_mutex_lock(&queue->mutex);
	done = queue->done_count;
	for (size_t i = 0; i < done; i++)
		calls[i] = queue->done[i];
	queue->done_count = 0;
	pthread_mutex_unlock(&queue->mutex);
	for (size_t i = 0; i < done; i++)
		reply(&calls[i]);
}

static void watch(const struct server *server, int descriptor)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};

	if (descriptor < 0 || epoll_ctl(server->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0)
		fail("epoll");
}

static void serve(const struct server *server, int descriptor)
{
	struct call call = {.connection = descriptor};
	ssize_t length;

	if (descriptor == server->listener) {
		watch(server, accept4(descriptor, NULL, NULL, SOCK_CLOEXEC));
		return;
	}
	if (server->queue != NULL && descriptor == server->queue->event) {
		take_back(server->queue);
		return;
	}
	length = recv(descriptor, call.bytes, sizeof call.bytes, 0);
	call.length = length > 0 ? (size_t)length : 0;
	if (length <= 0)
		close(descriptor);
	else if (server->queue != NULL)
		hand_over(server->queue, &call);
	else
		reply(&call);
}

static void start_threads(const struct server *server, size_t count)
{
	pthread_t thread;

	watch(server, server->queue->event);
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, work, server->queue) != 0)
			fail("pthread_create");
}

int main(int argc, char **argv)
{
	static struct queue queue = {
		.mutex = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};
	size_t threads = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct server server = {.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
		.epoll = epoll_create1(EPOLL_CLOEXEC)};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct epoll_event events[EVENTS];

	if (argc < 2 || argc > 3 || threads > THREADS_MAX)
		return 2;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
	if (server.listener < 0 ||
		bind(server.listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
		listen(server.listener, EVENTS) != 0)
		fail(argv[1]);
	watch(&server, server.listener);
	queue.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server.queue = threads > 0 ? &queue : NULL;
	if (threads > 0)
		start_threads(&server, threads);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int count = epoll_wait(server.epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++)
			serve(&server, events[i].data.fd);
	}
}
