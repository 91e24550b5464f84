/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pgsql/link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PARAMETERS_MAX 32
#define NUMBER_SIZE    24

/* Types of PostgreSQL (pg_type.dat), which never change. */
enum type {
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_NAME = 19,
	TYPE_INT8 = 20,
	TYPE_TEXT = 25,
};

int64_t link_clock(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Notices that are none of an error come here. A server that does not say which language-independent
 * severity it means has warned. */
static void take_notice(void *argument, const PGresult *notice)
{
	struct link *link = argument;
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);

	if (severity != NULL && strcmp(severity, "WARNING") != 0 &&
		strcmp(severity, "ERROR") != 0 && strcmp(severity, "FATAL") != 0 &&
		strcmp(severity, "PANIC") != 0)
		return;
	(void)snprintf(link->warning, sizeof link->warning, "%s",
		state != NULL && strlen(state) == SQLSTATE_LENGTH ? state : "01000");
}

struct link *link_start(const char *settings)
{
	struct link *link = calloc(1, sizeof *link);

	if (link == NULL)
		return NULL;
	link->connection = PQconnectStart(settings);
	if (link->connection == NULL) {
		free(link);
		return NULL;
	}
	(void)PQsetNoticeReceiver(link->connection, take_notice, link);
	/* The reason why a connection is refused is known by its text alone, which is a SQLSTATE
	 * then. */
	(void)PQsetErrorVerbosity(link->connection, PQERRORS_SQLSTATE);
	return link;
}

/* The SQLSTATE at the end of a line, or NULL. */
static const char *find_state(const char *text, char state[SQLSTATE_LENGTH + 1])
{
	const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t length = strcspn(text, "\n");

	if (length < SQLSTATE_LENGTH + 1 || text[length - SQLSTATE_LENGTH - 1] != ' ' ||
		strspn(text + length - SQLSTATE_LENGTH, letters) != SQLSTATE_LENGTH)
		return NULL;
	memcpy(state, text + length - SQLSTATE_LENGTH, SQLSTATE_LENGTH);
	state[SQLSTATE_LENGTH] = '\0';
	return state;
}

/* Whether the server has not hung up. */
static bool has_peer(const struct link *link)
{
	int socket = PQsocket(link->connection);
	ssize_t size;
	char byte;

	if (socket < 0)
		return false;
	size = recv(socket, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT);
	return size > 0 || (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

enum failure_kind link_explain(
	const struct link *link, bool is_securing, struct failure *failure)
{
	const char *text = PQerrorMessage(link->connection);
	char state[SQLSTATE_LENGTH + 1];

	if (PQconnectionNeedsPassword(link->connection))
		return failure_set(failure, FAILURE_CONFIG,
			"the server wants a password, and there is none in a file that "
			"passfile= names and that is root's alone");
	if (find_state(text, state) != NULL)
		return failure_set_state(failure, state);
	return failure_set(failure,
		is_securing && has_peer(link) ? FAILURE_CONFIG : FAILURE_PASSES,
		"cannot connect: %.*s", (int)strcspn(text, "\n"),
		*text != '\0' ? text : "no reason was given");
}

void link_close(struct link *link)
{
	if (link == NULL)
		return;
	PQfinish(link->connection);
	free(link);
}

void link_forget(const struct link *link)
{
	int socket = PQsocket(link->connection);

	if (socket >= 0)
		(void)close(socket);
}

/* Waits until the socket is ready, or `until`. */
static bool wait_for(const struct link *link, short events, int64_t until)
{
	struct pollfd socket = {.fd = PQsocket(link->connection), .events = events};
	int ready;

	do {
		int64_t left = until - link_clock();

		ready = socket.fd >= 0 ? poll(&socket, 1, left > 0 ? (int)left : 0) : 1;
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* The same within a reply. A server that never stops talking has something to read for ever, so the
 * end of the time comes first. */
static bool wait_for_more(const struct link *link, short events, int64_t until)
{
	return link_clock() < until && wait_for(link, events, until);
}

bool link_is_alive(struct link *link)
{
	if (PQstatus(link->connection) != CONNECTION_OK ||
		PQtransactionStatus(link->connection) != PQTRANS_IDLE)
		return false;
	/* If a server sends something to an idle connection, it is as a rule that the connection ends. */
	return !wait_for(link, POLLIN, 0) ||
	       (PQconsumeInput(link->connection) == 1 &&
		       PQstatus(link->connection) == CONNECTION_OK &&
		       !wait_for(link, POLLIN, 0));
}

static bool send_statement(struct link *link, const struct store_statement *statement)
{
	const char *values[PARAMETERS_MAX];
	int lengths[PARAMETERS_MAX], formats[PARAMETERS_MAX];
	char numbers[PARAMETERS_MAX][NUMBER_SIZE];

	if (statement->count > PARAMETERS_MAX)
		return false;
	for (size_t i = 0; i < statement->count; i++) {
		const struct store_value *value = &statement->parameters[i];

		formats[i] = value->kind == STORE_VALUE_BYTES;
		lengths[i] = (int)value->length;
		values[i] = value->kind == STORE_VALUE_NULL ? NULL : value->bytes;
		if (value->kind != STORE_VALUE_NUMBER)
			continue;
		(void)snprintf(numbers[i], NUMBER_SIZE, "%lld", (long long)value->number);
		values[i] = numbers[i];
	}
	*link->warning = '\0';
	return PQsetnonblocking(link->connection, 1) == 0 &&
	       PQsendQueryParams(link->connection, statement->text, (int)statement->count, NULL,
		       values, lengths, formats, 1) == 1;
}

/* Sends what is left to be sent. */
static bool flush(struct link *link, int64_t until)
{
	int left;

	while ((left = PQflush(link->connection)) == 1) {
		/* The server may wait until its own bytes are read, before it reads more. */
		if (!wait_for_more(link, POLLIN | POLLOUT, until) ||
			PQconsumeInput(link->connection) != 1)
			return false;
	}
	return left == 0;
}

/* The next result. NULL with *has_ended: there are no more results. NULL without it: `until` is over,
 * or the connection is lost. */
static PGresult *next_result(struct link *link, int64_t until, bool *has_ended)
{
	PGresult *result;

	*has_ended = false;
	while (PQisBusy(link->connection))
		if (!wait_for_more(link, POLLIN, until) ||
			PQconsumeInput(link->connection) != 1)
			return NULL;
	result = PQgetResult(link->connection);
	*has_ended = result == NULL;
	return result;
}

static enum failure_kind judge(const PGresult *result, struct failure *failure)
{
	ExecStatusType status = PQresultStatus(result);

	if (failure->kind != FAILURE_NONE || status == PGRES_TUPLES_OK ||
		status == PGRES_COMMAND_OK)
		return failure->kind;
	if (status == PGRES_FATAL_ERROR)
		return failure_set_state(failure, PQresultErrorField(result, PG_DIAG_SQLSTATE));
	return failure_set(failure, FAILURE_OTHER, "the server's reply is of another kind");
}

/* Of a copy PQgetResult() gives one result after the other, and waits for none. */
static bool is_copy(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COPY_OUT || status == PGRES_COPY_IN || status == PGRES_COPY_BOTH;
}

/* Takes the results up to the end of the transaction. There may be one with rows. */
static enum failure_kind take_results(
	struct link *link, int64_t until, PGresult **rows, struct failure *failure)
{
	bool has_ended = false;

	while (!has_ended) {
		PGresult *result = next_result(link, until, &has_ended);

		if (result == NULL && !has_ended && link_clock() >= until &&
			PQstatus(link->connection) == CONNECTION_OK)
			return failure_set(failure, FAILURE_SILENT, "no answer in time");
		if (result == NULL && !has_ended)
			return failure_set(failure, FAILURE_LOST, "the connection was lost");
		if (result == NULL)
			break;
		(void)judge(result, failure);
		has_ended = is_copy(result);
		if (*rows == NULL) {
			*rows = result;
			continue;
		}
		PQclear(result);
		if (failure->kind == FAILURE_NONE)
			(void)failure_set(failure, FAILURE_OTHER,
				"the server's reply has more than one part");
	}
	return failure->kind;
}

static bool is_type(char letter, Oid type)
{
	switch (letter) {
	case 'n':
		return type == TYPE_INT8;
	case 't':
		return type == TYPE_TEXT || type == TYPE_NAME;
	case 'b':
		return type == TYPE_BYTEA;
	case 'f':
		return type == TYPE_BOOL;
	default:
		return false;
	}
}

/* The fields of a number and a flag have one length each, and no other. */
static bool has_lengths(const PGresult *rows, int column, char letter)
{
	int length = letter == 'n' ? (int)sizeof(int64_t) : 1;

	for (int row = 0; (letter == 'n' || letter == 'f') && row < PQntuples(rows); row++)
		if (!PQgetisnull(rows, row, column) && PQgetlength(rows, row, column) != length)
			return false;
	return true;
}

static bool has_types(const PGresult *rows, const char *columns)
{
	int count = (int)strlen(columns);

	if (PQnfields(rows) != count)
		return false;
	for (int i = 0; i < count; i++)
		if (!is_type(columns[i], PQftype(rows, i)) || PQfformat(rows, i) != 1 ||
			!has_lengths(rows, i, columns[i]))
			return false;
	return true;
}

enum failure_kind link_do(struct link *link, const struct store_statement *statement,
	int64_t until, PGresult **rows, struct failure *failure)
{
	*rows = NULL;
	*failure = (struct failure){.kind = FAILURE_NONE};
	if (!send_statement(link, statement) || !flush(link, until))
		(void)failure_set(failure,
			PQstatus(link->connection) == CONNECTION_OK && link_clock() >= until
				? FAILURE_SILENT
				: FAILURE_LOST,
			"the connection was lost");
	else
		(void)take_results(link, until, rows, failure);
	if (failure->kind == FAILURE_NONE && *link->warning != '\0') {
		(void)failure_set_state(failure, link->warning);
		failure->kind = FAILURE_OTHER;
	}
	if (failure->kind == FAILURE_NONE && !has_types(*rows, statement->columns))
		(void)failure_set(failure, FAILURE_CONFIG,
			"the server's reply is of another type, so the schema is of another "
			"version");
	if (failure->kind != FAILURE_NONE) {
		PQclear(*rows);
		*rows = NULL;
	}
	return failure->kind;
}
