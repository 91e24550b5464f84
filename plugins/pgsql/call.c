/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pgsql/call.h"

#include <string.h>
#include <time.h>

#include "totpgroup.h"

/* Milliseconds. */
#define SUSPECT_AFTER 700
#define PAUSE	      20

#define COLUMNS_MAX 16

struct call {
	struct pool *pool;
	const struct store_statement *statement;
	int64_t until;
	bool was_suspect; /* a server did not answer for SUSPECT_AFTER */
	PGresult *rows;
	struct failure failure;
};

/* A server that does not answer for a while is left for another one, with the same statement. The
 * next one has all the time that is left: a standby may be slow. */
static void do_once(struct call *call)
{
	struct failure *failure = &call->failure;
	struct link *link;
	int64_t until = call->until;

	if (link_clock() >= until) {
		(void)failure_set(failure, FAILURE_SILENT, "no answer in time");
		return;
	}
	link = pool_take(call->pool, until, failure);
	if (link == NULL)
		return;
	if (call->statement->is_repeatable && !call->was_suspect &&
		link_clock() + SUSPECT_AFTER < until)
		until = link_clock() + SUSPECT_AFTER;
	(void)link_do(link, call->statement, until, &call->rows, failure);
	call->was_suspect |= failure->kind == FAILURE_SILENT;
	if (failure_is_of_server(failure))
		pool_suspect(call->pool, link);
	else
		pool_put(call->pool, link);
}

static bool is_again(const struct call *call)
{
	if (link_clock() + PAUSE >= call->until)
		return false;
	switch (call->failure.kind) {
	case FAILURE_PASSES:
		return true;
	case FAILURE_LOST:
	case FAILURE_BUSY:
	case FAILURE_SILENT:
		return call->statement->is_repeatable;
	default:
		return false;
	}
}

int call_take_rows(const PGresult *rows, const char *columns, store_take_row *take,
	void *context, struct error *error)
{
	struct store_value fields[COLUMNS_MAX];
	size_t count = strlen(columns);
	int status = 0;

	for (int row = 0; status == 0 && take != NULL && row < PQntuples(rows); row++) {
		for (size_t i = 0; i < count && i < COLUMNS_MAX; i++) {
			const char *bytes = PQgetvalue(rows, row, (int)i);

			fields[i] = (struct store_value){.kind = STORE_VALUE_NULL};
			if (PQgetisnull(rows, row, (int)i))
				continue;
			fields[i].kind = columns[i] == 'b'   ? STORE_VALUE_BYTES
					 : columns[i] == 't' ? STORE_VALUE_TEXT
							     : STORE_VALUE_NUMBER;
			fields[i].bytes = bytes;
			fields[i].length = (size_t)PQgetlength(rows, row, (int)i);
			if (fields[i].kind == STORE_VALUE_NUMBER)
				for (size_t at = 0; at < fields[i].length; at++)
					fields[i].number =
						(int64_t)((uint64_t)fields[i].number << 8 |
							  (unsigned char)bytes[at]);
		}
		status = take(fields, count, context, error);
	}
	return status;
}

/* Waits for what passes, without a connection in hand. */
static void pause_before_next(void)
{
	const struct timespec pause = {.tv_nsec = PAUSE * 1000000L};

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* Whether the time was over without a server that could have answered. */
static bool has_no_answer(const struct call *call)
{
	return call->rows == NULL && link_clock() + PAUSE >= call->until &&
	       (call->failure.kind == FAILURE_SILENT || call->failure.kind == FAILURE_LOST ||
		       call->failure.kind == FAILURE_PASSES);
}

/* What the call says about the server. That an administrator has to mend something is an answer, also
 * to a statement that waits for no standby: the breaker must not hide it. */
static enum pool_outcome outcome_of(const struct call *call)
{
	if (has_no_answer(call))
		return POOL_SILENT;
	return call->statement->is_reading && call->failure.kind != FAILURE_CONFIG
		       ? POOL_READ
		       : POOL_ANSWERED;
}

static enum pool_outcome do_until(struct call *call)
{
	do_once(call);
	while (call->rows == NULL && is_again(call)) {
		if (call->failure.kind != FAILURE_SILENT)
			pause_before_next();
		do_once(call);
	}
	return outcome_of(call);
}

int call_do(struct pool *pool, const char *where, const struct store_statement *statement,
	int64_t until, store_take_row *take, void *context, bool *is_silent,
	struct error *error)
{
	struct call call = {.pool = pool, .statement = statement, .until = until};
	enum pool_outcome outcome;
	bool is_probe, ignored;
	int status;

	if (is_silent == NULL)
		is_silent = &ignored;
	*is_silent = false;
	if (!pool_is_own(pool))
		return error_set(error, TOTPGROUP_ESYSTEM,
			"%.100s: this process was forked from the one that opened it", where);
	*is_silent = !pool_enter(pool, &is_probe);
	if (*is_silent)
		return error_set(error, TOTPGROUP_ESYSTEM,
			"%.100s: gave no answer lately, and is not asked for a moment", where);
	outcome = do_until(&call);
	pool_leave(pool, is_probe, outcome);
	*is_silent = outcome == POOL_SILENT;
	if (call.rows == NULL)
		return failure_report(&call.failure, where, error);
	status = call_take_rows(call.rows, statement->columns, take, context, error);
	PQclear(call.rows);
	return status;
}
