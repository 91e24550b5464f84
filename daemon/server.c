/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/log.h"
#include "host/shared_store.h"
#include "totpgroup.h"

#define EVENTS_AT_ONCE 64

/* How long to wait for calls when stopping: longer than a call waits for a lock. */
#define STOP_PATIENCE INT64_C(10000)

/* The longest sleep, in milliseconds. */
#define SLEEP_MAX INT64_C(60000)

/* data.ptr of an event is a connection, or else the address of the member that it is about;
 * for the listener it is the server. */
static int watch_descriptor(
	struct server *server, int descriptor, void *data, struct error *error)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0)
		return 0;
	return error_set_system(error, TOTPGROUP_ESYSTEM, "epoll_ctl");
}

static int watch_descriptors(struct server *server, struct error *error)
{
	sigset_t signals;
	int status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	server->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->signals < 0 || server->epoll < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "epoll or signalfd");
	status = watch_descriptor(server, server->signals, &server->signals, error);
	if (status == 0)
		status = watch_descriptor(
			server, pool_descriptor(server->pool), &server->pool, error);
	if (status == 0)
		status = watch_descriptor(server, server->settings->listener, server, error);
	return status;
}

static int open_server(struct server *server, struct error *error)
{
	int status = policy_load(&server->policy, server->settings->conf, ++server->policies,
		verify_log_warning, error);

	if (status == 0)
		status = server_make_room(server, error);
	if (status == 0)
		status = log_bounds_open(&server->log_bounds, error);
	if (status == 0)
		status = metrics_open(&server->metrics, error);
	if (status == 0)
		status = metrics_set_path(
			server->metrics, server->policy->verify.metrics, error);
	if (status == 0)
		status = pool_open(&server->pool, server->settings->conf, error);
	return status == 0 ? watch_descriptors(server, error) : status;
}

static void write_metrics(struct server *server, int64_t now)
{
	struct store_counts counts;
	struct error error = ERROR_INIT;

	if (server->policy != NULL && server->policy->shared != NULL) {
		shared_store_count(server->policy->shared, &counts);
		metrics_take_store(server->metrics, &counts);
	}
	if (metrics_write(server->metrics, now, &error) != 0)
		verify_log_error("metrics were not written", &error);
}

/* What is to be said at the end. */
static void close_log(struct server *server)
{
	if (server->log_bounds != NULL)
		verify_log_withheld(server->log_bounds, INT64_MAX);
	if (server->metrics != NULL)
		write_metrics(server, INT64_MAX);
}

static void close_server(struct server *server)
{
	/* Workers use the connections and the policy, so they end first. */
	pool_close(server->pool);
	close_log(server);
	while (server->count > 0)
		server_close(server, server->connections[server->count - 1]);
	log_bounds_free(server->log_bounds);
	metrics_free(server->metrics);
	policy_release(server->policy);
	free(server->connections);
	free(server->uids);
	if (server->epoll >= 0)
		close(server->epoll);
	if (server->signals >= 0)
		close(server->signals);
}

/* Calls at work go on under the policy that they came under. */
static void reload_configuration(struct server *server)
{
	struct error error = ERROR_INIT;
	struct policy *policy;

	notify_reloading();
	if (policy_load(&policy, server->settings->conf, ++server->policies, verify_log_warning,
		    &error) == 0) {
		policy_keep_counts(policy, server->policy);
		policy_release(server->policy);
		server->policy = policy;
		if (metrics_set_path(server->metrics, policy->verify.metrics, &error) == 0 &&
			server_make_room(server, &error) == 0)
			verify_log_warning("the configuration was read again");
	}
	if (error.code != 0)
		verify_log_error(
			"the configuration was not read again, and stays as it was", &error);
	notify("READY=1");
}

static void begin_stopping(struct server *server)
{
	if (server->stopping)
		return;
	notify("STOPPING=1");
	server->stopping = true;
	server->stop_by = server->now + STOP_PATIENCE;
	(void)epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->settings->listener, NULL);
	/* From the end, because a connection that closes is replaced by the last one. */
	for (size_t i = server->count; i-- > 0;) {
		struct connection *connection = server->connections[i];

		connection_stop_reading(connection);
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
			reload_configuration(server);
		else
			begin_stopping(server);
}

/* When an activated server ends for want of connections; INT64_MAX: never. */
static int64_t idle_end(const struct server *server)
{
	int64_t seconds = server->policy->verify.idle_exit;

	if (!server->settings->activated || seconds == 0 || server->count > 0)
		return INT64_MAX;
	return server->idle_since + seconds * 1000;
}

static bool is_over(struct server *server)
{
	if (server->stopping)
		return server->count == 0 || server->now >= server->stop_by;
	if (server->now < idle_end(server))
		return false;
	if (!policy_counts(server->policy, server->now))
		return true;
	/* Attempts in memory must not be forgotten by ending, so stay once more. */
	server->idle_since = server->now;
	return false;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t first_deadline(const struct connection_list *list)
{
	const struct connection *first = TAILQ_FIRST(list);

	return first != NULL ? first->deadline : INT64_MAX;
}

/* How many milliseconds to wait for events at most; -1: until one comes. */
static int sleep_time(const struct server *server)
{
	int64_t next = idle_end(server);

	next = earlier(next, first_deadline(&server->patient));
	next = earlier(next, first_deadline(&server->at_work));
	next = earlier(next, first_deadline(&server->held));
	next = earlier(next, log_bounds_due(server->log_bounds));
	next = earlier(next, metrics_due(server->metrics));
	if (server->paused_until != 0)
		next = earlier(next, server->paused_until);
	if (server->stopping)
		next = earlier(next, server->stop_by);
	if (next == INT64_MAX)
		return -1;
	if (next <= server->now)
		return 0;
	return (int)earlier(next - server->now, SLEEP_MAX);
}

static void take_connection_event(struct server *server, const struct epoll_event *event)
{
	struct connection *connection = event->data.ptr;

	if ((event->events & (EPOLLHUP | EPOLLERR)) != 0) {
		connection->hung_up = true;
		(void)epoll_ctl(server->epoll, EPOLL_CTL_DEL, connection->descriptor, NULL);
	}
	if (connection->state != CONNECTION_AT_WORK &&
		connection->state != CONNECTION_GIVEN_UP &&
		connection->state != CONNECTION_HELD)
		server_advance(server, connection);
}

/* Connections come first, because anything else may close one that an event is about. */
static void take_events(struct server *server, const struct epoll_event *events, int count)
{
	bool accept = false, signalled = false, replied = false;

	for (int i = 0; i < count; i++)
		if (events[i].data.ptr == server)
			accept = true;
		else if (events[i].data.ptr == &server->signals)
			signalled = true;
		else if (events[i].data.ptr == &server->pool)
			replied = true;
		else
			take_connection_event(server, &events[i]);
	if (replied)
		server_take_replies(server);
	server_check_deadlines(server);
	server_end_pause(server);
	verify_log_withheld(server->log_bounds, server->now);
	write_metrics(server, server->now);
	if (signalled)
		take_signals(server);
	if (accept && !server->stopping)
		server_accept(server);
}

int server_run(const struct server_settings *settings, bool *unfinished, struct error *error)
{
	struct server server = {.settings = settings, .epoll = -1, .signals = -1};
	struct epoll_event events[EVENTS_AT_ONCE];
	int status;

	TAILQ_INIT(&server.patient);
	TAILQ_INIT(&server.at_work);
	TAILQ_INIT(&server.held);
	server.now = server.idle_since = monotonic_microseconds() / 1000;
	server.refusal_interval = REFUSAL_INTERVAL;
	status = open_server(&server, error);
	if (status == 0) {
		notify("READY=1");
		while (!is_over(&server)) {
			int count = epoll_wait(
				server.epoll, events, EVENTS_AT_ONCE, sleep_time(&server));

			server.now = monotonic_microseconds() / 1000;
			take_events(&server, events, count > 0 ? count : 0);
		}
	}
	/* A lookup may take for ever. Its thread uses all that would be freed. */
	*unfinished = pool_running(server.pool) > 0;
	if (*unfinished)
		close_log(&server);
	else
		close_server(&server);
	return status;
}
