/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connects to all hosts side by side, so that a host that is frozen does not delay the others. Takes
 * the first one that lets the role in and can be written to. */
#include "config.h"

#include <poll.h>
#include <string.h>

#include "pgsql/pool.h"

/* Milliseconds from the start of one connection to that of the next. */
#define STAGGER 250

struct trial {
	struct link *link; /* NULL: not begun, or given up */
	PostgresPollingStatusType wants;
};

struct trials {
	const struct target *target;
	struct trial trials[TARGET_HOSTS_MAX];
	size_t begun;
	int64_t next; /* when the next one begins */
	struct failure *failure;
};

/* Keeps a failure that only an administrator can mend; otherwise the latest. */
static void note_failure(struct trials *trials, const struct failure *failure)
{
	if (trials->failure->kind != FAILURE_CONFIG)
		*trials->failure = *failure;
}

static void give_up(struct trials *trials, struct trial *trial, bool is_securing)
{
	struct failure failure;

	(void)link_explain(trial->link, is_securing, &failure);
	note_failure(trials, &failure);
	link_close(trial->link);
	trial->link = NULL;
	/* Nobody waits for what has failed already. */
	trials->next = 0;
}

static void begin_next(struct trials *trials)
{
	struct trial *trial = &trials->trials[trials->begun];
	struct failure failure;

	trial->link = link_start(trials->target->hosts[trials->begun]);
	trials->begun++;
	trials->next = link_clock() + STAGGER;
	if (trial->link == NULL) {
		(void)failure_set(&failure, FAILURE_OTHER, "out of memory");
		note_failure(trials, &failure);
		return;
	}
	trial->wants = PGRES_POLLING_WRITING;
	if (PQstatus(trial->link->connection) == CONNECTION_BAD)
		give_up(trials, trial, false);
}

/* The connections that go on, for poll(). */
static nfds_t list(struct trials *trials, struct pollfd *sockets, struct trial **listed)
{
	nfds_t count = 0;

	for (size_t i = 0; i < trials->begun; i++) {
		struct trial *trial = &trials->trials[i];

		if (trial->link == NULL)
			continue;
		listed[count] = trial;
		sockets[count++] = (struct pollfd){.fd = PQsocket(trial->link->connection),
			.events = trial->wants == PGRES_POLLING_READING ? POLLIN : POLLOUT};
	}
	return count;
}

/* Goes on with one that is ready. Returns the connection once it is made. */
static struct link *go_on(struct trials *trials, struct trial *trial)
{
	struct link *link = trial->link;
	const bool is_securing = PQstatus(link->connection) == CONNECTION_SSL_STARTUP;

	trial->wants = PQconnectPoll(link->connection);
	if (trial->wants == PGRES_POLLING_FAILED)
		give_up(trials, trial, is_securing);
	if (trial->wants != PGRES_POLLING_OK)
		return NULL;
	trial->link = NULL;
	return link;
}

static struct link *wait_for_one(struct trials *trials, int64_t until)
{
	struct pollfd sockets[TARGET_HOSTS_MAX];
	struct trial *listed[TARGET_HOSTS_MAX];
	nfds_t count = list(trials, sockets, listed);
	struct link *link = NULL;
	int64_t left;

	if (trials->begun < trials->target->count && trials->next < until)
		until = trials->next;
	left = until - link_clock();
	(void)poll(sockets, count, left > 0 ? (int)left : 0);
	for (nfds_t i = 0; link == NULL && i < count; i++)
		if (sockets[i].revents != 0)
			link = go_on(trials, listed[i]);
	return link;
}

static bool goes_on(const struct trials *trials)
{
	for (size_t i = 0; i < trials->begun; i++)
		if (trials->trials[i].link != NULL)
			return true;
	return trials->begun < trials->target->count;
}

struct link *connector_connect(
	const struct target *target, int64_t until, struct failure *failure)
{
	struct trials trials = {.target = target, .failure = failure};
	struct link *link = NULL;

	(void)failure_set(failure, FAILURE_SILENT, "no server answers");
	while (link == NULL && goes_on(&trials) && link_clock() < until) {
		if (trials.begun < target->count && link_clock() >= trials.next)
			begin_next(&trials);
		if (goes_on(&trials))
			link = wait_for_one(&trials, until);
	}
	for (size_t i = 0; i < trials.begun; i++)
		link_close(trials.trials[i].link);
	return link;
}
