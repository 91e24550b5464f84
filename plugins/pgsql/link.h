/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One connection to one server. Nothing here waits without an end, but for the look-up of names in
 * link_start(). */
#ifndef TOTPGROUP_PGSQL_LINK_H
#define TOTPGROUP_PGSQL_LINK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "pgsql/failure.h"
#include "store/plugin.h"

struct link {
	PGconn *connection;
	char warning[SQLSTATE_LENGTH + 1]; /* the latest; empty where there was none */
	uint64_t generation;		   /* the pool's own */
};

/* The clock of all deadlines, in milliseconds; nobody can set it. */
int64_t link_clock(void);

/* Begins to connect; settings are one of struct target. NULL where there is no memory. It may wait
 * for the look-up of a name, so only the connector thread calls it. */
struct link *link_start(const char *settings);

/* Says why a connection could not be made. is_securing: TLS was being set up. If the server has not
 * hung up then, it is another one than it should be, and only an administrator can mend that. */
enum failure_kind link_explain(
	const struct link *link, bool is_securing, struct failure *failure);

/* Closes the connection, and does not wait for what the server still does. NULL is allowed. */
void link_close(struct link *link);

/* In a child after fork(): closes the descriptor alone, because a farewell would end the connection
 * of the parent. The memory stays. */
void link_forget(const struct link *link);

/* Whether an idle connection is still good, as far as can be seen from here. */
bool link_is_alive(struct link *link);

/*
 * Does a statement, and waits until `until` for the whole reply, with the end of its transaction.
 * FAILURE_NONE: *rows is the caller's to PQclear(), of the types that the statement says. After
 * any other failure the connection is fit for another statement only where link_is_alive().
 *
 * Any warning is a failure: a wait for a standby that was cancelled ends in success with one.
 */
enum failure_kind link_do(struct link *link, const struct store_statement *statement,
	int64_t until, PGresult **rows, struct failure *failure);

#endif
