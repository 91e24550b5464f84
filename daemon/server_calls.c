/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The life of one connection: read, perform, answer, and again. */
#include "config.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "daemon/reply.h"
#include "daemon/request.h"
#include "daemon/server_state.h"

static bool has_deadline(enum connection_state state)
{
	return state == CONNECTION_READING || state == CONNECTION_WRITING ||
	       state == CONNECTION_HELD;
}

static struct connection_list *list_of(struct server *server, enum connection_state state)
{
	return state == CONNECTION_HELD ? &server->held : &server->patient;
}

void server_forget_deadline(struct server *server, struct connection *connection)
{
	if (has_deadline(connection->state))
		TAILQ_REMOVE(list_of(server, connection->state), connection, next);
	connection->state = CONNECTION_IDLE;
}

/* Deadlines mostly come in their order, so the place is near the end. */
static void enter(struct server *server, struct connection *connection,
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

/* Waits for what the state says. A peer that has hung up is not waited for. */
static bool watch(struct server *server, struct connection *connection)
{
	struct epoll_event event = {.data.ptr = connection};

	if (connection->hung)
		return connection->state == CONNECTION_AT_WORK ||
		       connection->state == CONNECTION_HELD;
	if (connection->state == CONNECTION_IDLE || connection->state == CONNECTION_READING)
		event.events = EPOLLIN;
	else if (connection->state == CONNECTION_WRITING)
		event.events = EPOLLOUT;
	if (event.events == connection->events)
		return true;
	connection->events = event.events;
	return epoll_ctl(server->epoll, EPOLL_CTL_MOD, connection->descriptor, &event) == 0;
}

static void prepare_job(
	struct server *server, struct connection *connection, const struct call *call)
{
	struct job *job = &connection->job;

	job->work = (struct work){
		.call = *call,
		.policy = server->policy,
		.peer = &connection->peer,
		.draft = &connection->draft,
		.socket = connection->descriptor,
		.now = server->now,
	};
	job->owner = connection;
	snprintf(connection->self, sizeof connection->self, "#%" PRIu32,
		(uint32_t)connection->peer.uid);
	job->user = call->user != NULL ? call->user : connection->self;
}

/* Hands the call to a worker, or leaves an answer to be sent. */
static int begin_call(
	struct server *server, struct connection *connection, const struct request *request)
{
	struct call call;
	int status = call_from_request(request, &call, &connection->out);

	if (status == 0 && call.method != CALL_NONE) {
		prepare_job(server, connection, &call);
		if (pool_submit(server->pool, &connection->job) == 0) {
			policy_hold(server->policy);
			connection->oneway = request->oneway;
			enter(server, connection, CONNECTION_AT_WORK, 0);
			return 0;
		}
		status = reply_error(&connection->out, ERROR_BUSY, NULL, NULL);
	}
	if (request->oneway)
		text_free(&connection->out);
	connection_end_frame(connection);
	return status;
}

/* Takes up the next call that has come as a whole. */
static enum connection_result take_call(struct server *server, struct connection *connection)
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

/* Sends, or takes up a call, or reads: DONE where there may be more to do. */
static enum connection_result step(
	struct server *server, struct connection *connection, unsigned int *reads)
{
	enum connection_result result;

	if (connection->out.length > 0) {
		result = connection_write(connection);
		if (result == CONNECTION_NOTHING && connection->state != CONNECTION_WRITING)
			enter(server, connection, CONNECTION_WRITING,
				server->now + SERVER_PATIENCE);
		return result;
	}
	if (connection->state == CONNECTION_WRITING)
		server_forget_deadline(server, connection);
	result = take_call(server, connection);
	if (result != CONNECTION_NOTHING)
		return result;
	if (connection->ended)
		return CONNECTION_BROKEN;
	if (*reads == 0)
		return CONNECTION_NOTHING;
	--*reads;
	result = connection_read(connection);
	return connection->ended ? CONNECTION_DONE : result;
}

/* The rest of a call has a deadline, which begins with its first byte. */
static void wait_for_more(struct server *server, struct connection *connection)
{
	if (connection->state == CONNECTION_WRITING)
		return;
	if (connection->used == 0)
		server_forget_deadline(server, connection);
	else if (connection->state == CONNECTION_IDLE)
		enter(server, connection, CONNECTION_READING, server->now + SERVER_PATIENCE);
}

/* A connection that always has more to say is left after one read, for the others. */
void server_advance(struct server *server, struct connection *connection)
{
	unsigned int reads = connection->hung ? UINT_MAX : 1;
	enum connection_result result = CONNECTION_DONE;

	connection->active = server->now;
	while (result == CONNECTION_DONE && connection->state != CONNECTION_AT_WORK &&
		connection->state != CONNECTION_HELD) {
		bool was_reading = connection->state == CONNECTION_READING;
		size_t used = connection->used;

		result = step(server, connection, &reads);
		/* The next call's time begins anew. */
		if (was_reading && connection->state == CONNECTION_READING &&
			connection->used < used)
			server_forget_deadline(server, connection);
	}
	if (result == CONNECTION_NOTHING)
		wait_for_more(server, connection);
	if (result == CONNECTION_BROKEN || !watch(server, connection))
		server_close(server, connection);
}

/* Only a user with a secret has a state that is written: where that takes longer than
 * the time that all have, the time grows for all. */
static void learn_even(struct server *server, int64_t took)
{
	if (server->even > SERVER_EVEN && server->now >= server->even_until) {
		server->even /= 2;
		server->even_until = server->now + SERVER_EVEN_FOR;
	}
	while (took >= server->even && server->even < SERVER_EVEN_MAX)
		server->even *= 2;
	if (took >= server->even / 2)
		server->even_until = server->now + SERVER_EVEN_FOR;
}

/* When a no may leave. */
static int64_t even_time(struct server *server, const struct work *work)
{
	learn_even(server, work->took);
	return work->now + ((server->now - work->now) / server->even + 1) * server->even;
}

static void take_answer(struct server *server, struct connection *connection)
{
	struct work *work = &connection->job.work;

	policy_release(work->policy);
	connection_end_frame(connection);
	connection->state = CONNECTION_IDLE;
	if (connection->oneway)
		text_free(&work->answer);
	else if (work->answer.length == 0) {
		server_close(server, connection);
		return;
	}
	connection->out = work->answer;
	work->answer = (struct text)TEXT_INIT;
	/* Also where nothing is sent: the next answer would tell as much. */
	if (work->evened)
		enter(server, connection, CONNECTION_HELD, even_time(server, work));
	server_advance(server, connection);
}

void server_take_answers(struct server *server)
{
	struct job_list done;
	struct job *job;

	pool_take(server->pool, &done);
	while ((job = STAILQ_FIRST(&done)) != NULL) {
		STAILQ_REMOVE_HEAD(&done, next);
		take_answer(server, job->owner);
	}
}

void server_check_deadlines(struct server *server)
{
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&server->patient)) != NULL &&
		connection->deadline <= server->now)
		server_close(server, connection);
	while ((connection = TAILQ_FIRST(&server->held)) != NULL &&
		connection->deadline <= server->now) {
		server_forget_deadline(server, connection);
		server_advance(server, connection);
	}
}
