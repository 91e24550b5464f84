/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/notify.h"
#include "daemon/server_state.h"
#include "daemon/verify_log.h"
#include "totpgroup.h"

#define EVENTS_AT_ONCE 64

/* The longest that a call can be at work: waiting for a lock, and some. */
#define STOP_PATIENCE INT64_C(10000)

int64_t server_clock(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Events that are no connection's are told by the address of what they are about. */
static int add(struct server *server, int descriptor, void *what, struct error *error)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0)
		return 0;
	return error_set_system(error, TOTPGROUP_ESYSTEM, "epoll_ctl");
}

static int open_descriptors(struct server *server, struct error *error)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	server->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->signals < 0 || server->epoll < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "epoll or signalfd");
	return 0;
}

static int begin(struct server *server, struct error *error)
{
	int status = policy_load(&server->policy, server->settings->conf, ++server->policies,
		verify_log_warning, error);

	if (status == 0)
		status = server_make_room(server, error);
	if (status == 0)
		status = pool_open(&server->pool, server->settings->conf, error);
	if (status == 0)
		status = open_descriptors(server, error);
	if (status == 0)
		status = add(server, server->signals, &server->signals, error);
	if (status == 0)
		status = add(server, pool_descriptor(server->pool), &server->pool, error);
	return status == 0 ? add(server, server->settings->listener, server, error) : status;
}

static void end(struct server *server)
{
	pool_close(server->pool);
	policy_release(server->policy);
	free(server->connections);
	free(server->uids);
	if (server->epoll >= 0)
		close(server->epoll);
	if (server->signals >= 0)
		close(server->signals);
}

/* Calls that are at work go on under the policy that they came under. */
static void reload(struct server *server)
{
	struct error error = ERROR_INIT;
	struct policy *policy;

	notify_reloading();
	if (policy_load(&policy, server->settings->conf, ++server->policies, verify_log_warning,
		    &error) == 0) {
		policy_keep_counts(policy, server->policy);
		policy_release(server->policy);
		server->policy = policy;
		if (server_make_room(server, &error) == 0)
			verify_log_warning("the configuration was read again");
	}
	if (error.code != 0)
		verify_log_error(
			"the configuration was not read again, and stays as it was", &error);
	notify("READY=1");
}

static void stop(struct server *server)
{
	if (server->stopping)
		return;
	notify("STOPPING=1");
	server->stopping = true;
	server->stop_by = server->now + STOP_PATIENCE;
	(void)epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->settings->listener, NULL);
	for (size_t i = server->count; i-- > 0;) {
		struct connection *connection = server->connections[i];

		connection_read_no_more(connection);
		if (connection->state == CONNECTION_IDLE ||
			connection->state == CONNECTION_READING)
			server_advance(server, connection);
	}
}

static void take_signals(struct server *server)
{
	struct signalfd_siginfo signal;

	while (read(server->signals, &signal, sizeof signal) == (ssize_t)sizeof signal)
		if (signal.ssi_signo == SIGHUP)
			reload(server);
		else
			stop(server);
}

/* Until when nothing has to be done but what events ask for; -1: for ever. */
static int64_t next_deadline(const struct server *server)
{
	const struct connection *patient = TAILQ_FIRST(&server->patient);
	const struct connection *held = TAILQ_FIRST(&server->held);
	int64_t next = INT64_MAX;

	if (patient != NULL)
		next = patient->deadline;
	if (held != NULL && held->deadline < next)
		next = held->deadline;
	if (server->paused_until != 0 && server->paused_until < next)
		next = server->paused_until;
	if (server->stopping && server->stop_by < next)
		next = server->stop_by;
	return next != INT64_MAX ? next : -1;
}

static int64_t idle_end(const struct server *server)
{
	int64_t seconds = server->policy->verify.idle_exit;

	if (!server->settings->activated || seconds == 0 || server->count > 0)
		return -1;
	return server->idle_since + seconds * 1000;
}

/* What was counted must not be forgotten by ending: then it waits once more. */
static bool is_over(struct server *server)
{
	int64_t idle = idle_end(server);

	if (server->stopping)
		return server->count == 0 || server->now >= server->stop_by;
	if (idle < 0 || server->now < idle)
		return false;
	if (!policy_counts(server->policy, server->now))
		return true;
	server->idle_since = server->now;
	return false;
}

static int timeout_of(const struct server *server)
{
	int64_t next = next_deadline(server), idle = idle_end(server);

	if (idle >= 0 && (next < 0 || idle < next))
		next = idle;
	if (next < 0)
		return -1;
	if (next <= server->now)
		return 0;
	return next - server->now < 60000 ? (int)(next - server->now) : 60000;
}

static void watch_listener(struct server *server, bool wanted)
{
	struct epoll_event event = {.events = wanted ? EPOLLIN : 0, .data.ptr = server};

	(void)epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->settings->listener, &event);
}

static void accept_more(struct server *server)
{
	server_accept(server);
	if (server->paused_until != 0)
		watch_listener(server, false);
}

static void end_pause(struct server *server)
{
	if (server->paused_until == 0 || server->now < server->paused_until)
		return;
	server->paused_until = 0;
	if (!server->stopping)
		watch_listener(server, true);
}

static void take_event(struct server *server, const struct epoll_event *event)
{
	struct connection *connection = event->data.ptr;

	if ((event->events & (EPOLLHUP | EPOLLERR)) != 0) {
		connection->hung = true;
		(void)epoll_ctl(server->epoll, EPOLL_CTL_DEL, connection->descriptor, NULL);
	}
	if (connection->state != CONNECTION_AT_WORK && connection->state != CONNECTION_HELD)
		server_advance(server, connection);
}

/* Connections come first: an event of one that something else has closed would be
 * about nothing. */
static void take_events(struct server *server, const struct epoll_event *events, int count)
{
	bool accept = false, signalled = false, answered = false;

	for (int i = 0; i < count; i++)
		if (events[i].data.ptr == server)
			accept = true;
		else if (events[i].data.ptr == &server->signals)
			signalled = true;
		else if (events[i].data.ptr == &server->pool)
			answered = true;
		else
			take_event(server, &events[i]);
	if (answered)
		server_take_answers(server);
	server_check_deadlines(server);
	end_pause(server);
	if (signalled)
		take_signals(server);
	if (accept && !server->stopping)
		accept_more(server);
}

static void serve(struct server *server)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	while (!is_over(server)) {
		int count =
			epoll_wait(server->epoll, events, EVENTS_AT_ONCE, timeout_of(server));

		server->now = server_clock();
		take_events(server, events, count > 0 ? count : 0);
	}
}

/* A worker that is still at it must come back first. */
static void close_all(struct server *server)
{
	pool_close(server->pool);
	server->pool = NULL;
	while (server->count > 0)
		server_close(server, server->connections[server->count - 1]);
}

int server_run(const struct server_settings *settings, struct error *error)
{
	struct server server = {.settings = settings, .epoll = -1, .signals = -1};
	int status;

	TAILQ_INIT(&server.patient);
	TAILQ_INIT(&server.held);
	server.now = server.idle_since = server_clock();
	server.even = SERVER_EVEN;
	status = begin(&server, error);
	if (status == 0) {
		notify("READY=1");
		serve(&server);
		close_all(&server);
	}
	end(&server);
	return status;
}
