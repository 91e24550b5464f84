/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls on a connection: read one, perform it, send its reply, read the next. */
#include "config.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "daemon/log.h"
#include "daemon/server.h"
#include "totpgroup.h"

static bool has_deadline(enum connection_state state)
{
	return state != CONNECTION_IDLE && state != CONNECTION_GIVEN_UP;
}

static struct connection_list *list_of(struct server *server, enum connection_state state)
{
	if (state == CONNECTION_AT_WORK)
		return &server->at_work;
	return state == CONNECTION_HELD ? &server->held : &server->patient;
}

void server_forget_deadline(struct server *server, struct connection *connection)
{
	if (has_deadline(connection->state))
		TAILQ_REMOVE(list_of(server, connection->state), connection, next);
	connection->state = CONNECTION_IDLE;
}

/* Deadlines mostly come in order, so a new one belongs near the end of its list. */
static void set_state(struct server *server, struct connection *connection,
	enum connection_state state, int64_t deadline)
{
	struct connection_list *list = list_of(server, state);
	struct connection *before;

	server_forget_deadline(server, connection);
	connection->state = state;
	connection->deadline = deadline;
	if (!has_deadline(state))
		return;
	before = TAILQ_LAST(list, connection_list);
	while (before != NULL && before->deadline > deadline)
		before = TAILQ_PREV(before, connection_list, next);
	if (before == NULL)
		TAILQ_INSERT_HEAD(list, connection, next);
	else
		TAILQ_INSERT_AFTER(list, before, connection, next);
}

/* Tells epoll which events the state waits for; false after an error. */
static bool watch_events(struct server *server, struct connection *connection)
{
	struct epoll_event event = {.data.ptr = connection};

	if (connection->state == CONNECTION_IDLE || connection->state == CONNECTION_READING)
		event.events = EPOLLIN;
	else if (connection->state == CONNECTION_WRITING)
		event.events = EPOLLOUT;
	if (event.events == connection->events)
		return true;
	connection->events = event.events;
	return epoll_ctl(server->epoll, EPOLL_CTL_MOD, connection->descriptor, &event) == 0;
}

/* False where the connection is to be closed: it waits for a peer that has hung up, or its events
 * cannot be watched. A worker uses one that is at work, so that closes after its reply. */
static bool watch_connection(struct server *server, struct connection *connection)
{
	if (!connection->hung_up && watch_events(server, connection))
		return true;
	if (!connection->hung_up) {
		connection_stop_reading(connection);
		connection->hung_up = true;
	}
	return connection->state == CONNECTION_AT_WORK || connection->state == CONNECTION_HELD;
}

static void prepare_work(
	struct server *server, struct connection *connection, const struct call *call)
{
	snprintf(connection->peer_key, sizeof connection->peer_key, "#%" PRIu32,
		(uint32_t)connection->peer.uid);
	connection->work = (struct work){
		.call = *call,
		.policy = server->policy,
		.peer = &connection->peer,
		.draft = &connection->draft,
		.log_bounds = server->log_bounds,
		.metrics = server->metrics,
		.socket = connection->descriptor,
		.now = server->now,
		.key = call->user != NULL ? call->user : connection->peer_key,
		.owner = connection,
	};
}

/* Gives the call to a worker, or leaves a reply to be sent. */
static int begin_call(
	struct server *server, struct connection *connection, const struct request *request)
{
	struct call call;
	int status = call_from_request(request, &call, &connection->out);

	if (status == 0 && call.method != CALL_NONE) {
		prepare_work(server, connection, &call);
		if (pool_submit(server->pool, &connection->work) == 0) {
			server->policy->holders++;
			connection->oneway = request->oneway;
			set_state(server, connection, CONNECTION_AT_WORK,
				server->now + SERVER_WORK_PATIENCE);
			return 0;
		}
		status = reply_error(&connection->out, ERROR_BUSY, NULL, NULL);
	}
	if (request->oneway)
		text_free(&connection->out);
	connection_end_frame(connection);
	return status;
}

/* Begins the next call that has arrived completely. */
static enum connection_result begin_next_call(
	struct server *server, struct connection *connection)
{
	struct request request;
	size_t length;
	char *frame;
	enum connection_result found = connection_next_frame(connection, &frame, &length);

	if (found != CONNECTION_DONE)
		return found;
	if (!request_read(&request, frame, length) ||
		begin_call(server, connection, &request) != 0)
		return CONNECTION_BROKEN;
	return CONNECTION_DONE;
}

/* Sends, begins a call, or reads. DONE where there may be more to do. */
static enum connection_result advance_one_step(
	struct server *server, struct connection *connection, unsigned int *reads)
{
	enum connection_result result;

	if (connection->out.length > 0) {
		result = connection_write(connection);
		if (result == CONNECTION_NOTHING && connection->state != CONNECTION_WRITING)
			set_state(server, connection, CONNECTION_WRITING,
				server->now + SERVER_PATIENCE);
		return result;
	}
	if (connection->state == CONNECTION_WRITING)
		server_forget_deadline(server, connection);
	result = begin_next_call(server, connection);
	if (result != CONNECTION_NOTHING)
		return result;
	if (connection->input_ended)
		return CONNECTION_BROKEN;
	if (*reads == 0)
		return CONNECTION_NOTHING;
	--*reads;
	result = connection_read(connection);
	return connection->input_ended ? CONNECTION_DONE : result;
}

/* The deadline for the rest of a call begins with its first byte. */
static void wait_for_input(struct server *server, struct connection *connection)
{
	if (connection->state == CONNECTION_WRITING)
		return;
	if (connection->used == 0)
		server_forget_deadline(server, connection);
	else if (connection->state == CONNECTION_IDLE)
		set_state(
			server, connection, CONNECTION_READING, server->now + SERVER_PATIENCE);
}

/* A connection is left after one read, so that one with endless input leaves time for the
 * others. */
void server_advance(struct server *server, struct connection *connection)
{
	unsigned int reads = connection->hung_up ? UINT_MAX : 1;
	enum connection_result result = CONNECTION_DONE;

	connection->active = server->now;
	while (result == CONNECTION_DONE && connection->state != CONNECTION_AT_WORK &&
		connection->state != CONNECTION_HELD) {
		bool was_reading = connection->state == CONNECTION_READING;
		size_t used = connection->used;

		result = advance_one_step(server, connection, &reads);
		/* The next call gets a new deadline. */
		if (was_reading && connection->state == CONNECTION_READING &&
			connection->used < used)
			server_forget_deadline(server, connection);
	}
	if (result == CONNECTION_NOTHING)
		wait_for_input(server, connection);
	if (result == CONNECTION_BROKEN || !watch_connection(server, connection))
		server_close(server, connection);
}

/* Only for a user with a secret is a state written. If that takes longer than the refusal
 * interval, the interval grows for all. */
static void adapt_refusal_interval(struct server *server, int64_t took)
{
	if (server->refusal_interval > REFUSAL_INTERVAL &&
		server->now >= server->refusal_interval_until) {
		server->refusal_interval /= 2;
		server->refusal_interval_until = server->now + REFUSAL_INTERVAL_MEMORY;
	}
	while (took >= server->refusal_interval &&
		server->refusal_interval < REFUSAL_INTERVAL_MAX)
		server->refusal_interval *= 2;
	if (took >= server->refusal_interval / 2)
		server->refusal_interval_until = server->now + REFUSAL_INTERVAL_MEMORY;
}

static void hold_refusal(struct server *server, struct connection *connection)
{
	const struct work *work = &connection->work;
	int64_t intervals;

	adapt_refusal_interval(server, work->took);
	intervals = (server->now - work->now) / server->refusal_interval + 1;
	set_state(server, connection, CONNECTION_HELD,
		work->now + intervals * server->refusal_interval);
}

static void take_reply(struct server *server, struct connection *connection)
{
	struct work *work = &connection->work;

	policy_release(work->policy);
	if (connection->state == CONNECTION_GIVEN_UP) {
		server_close(server, connection);
		return;
	}
	connection_end_frame(connection);
	server_forget_deadline(server, connection);
	if (connection->oneway)
		text_free(&work->reply);
	else if (work->reply.length == 0) {
		server_close(server, connection);
		return;
	}
	connection->out = work->reply;
	work->reply = (struct text)TEXT_INIT;
	/* Also where nothing is sent: the time of the next reply would reveal as much. */
	if (work->hold)
		hold_refusal(server, connection);
	server_advance(server, connection);
}

void server_take_replies(struct server *server)
{
	struct work_list done;
	struct work *work;

	pool_take(server->pool, &done);
	while ((work = STAILQ_FIRST(&done)) != NULL) {
		STAILQ_REMOVE_HEAD(&done, next);
		take_reply(server, work->owner);
	}
}

static void log_given_up(const struct server *server, const struct connection *connection)
{
	struct error error = ERROR_INIT;

	error_set(&error, TOTPGROUP_EBUSY, "it took longer than %" PRId64 " s",
		SERVER_WORK_PATIENCE / 1000);
	verify_log_not_answered(server->log_bounds, connection->peer.uid, &error);
}

/* Answers a call that has taken too long. If a worker has begun it, the connection ends,
 * because the worker cannot be taken off it, and what it decides comes too late. */
static void give_up(struct server *server, struct connection *connection)
{
	struct work *work = &connection->work;
	const enum work_progress progress = pool_withdraw(server->pool, work);

	if (progress != WORK_DONE)
		log_given_up(server, connection);
	switch (progress) {
	case WORK_WAITING:
		(void)reply_error(&work->reply, ERROR_BUSY, NULL, NULL);
		take_reply(server, connection);
		return;
	case WORK_RUNNING:
		if (!connection->oneway)
			connection_send_busy(connection);
		(void)epoll_ctl(server->epoll, EPOLL_CTL_DEL, connection->descriptor, NULL);
		(void)shutdown(connection->descriptor, SHUT_RDWR);
		set_state(server, connection, CONNECTION_GIVEN_UP, 0);
		return;
	case WORK_DONE:
		/* Its reply is about to be taken. */
		set_state(server, connection, CONNECTION_AT_WORK,
			server->now + SERVER_WORK_PATIENCE);
		return;
	}
}

void server_check_deadlines(struct server *server)
{
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&server->patient)) != NULL &&
		connection->deadline <= server->now)
		server_close(server, connection);
	while ((connection = TAILQ_FIRST(&server->at_work)) != NULL &&
		connection->deadline <= server->now)
		give_up(server, connection);
	while ((connection = TAILQ_FIRST(&server->held)) != NULL &&
		connection->deadline <= server->now) {
		server_forget_deadline(server, connection);
		server_advance(server, connection);
	}
}
