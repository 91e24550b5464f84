/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One statement, which is one transaction, with a deadline. It goes over any connection that answers,
 * and is repeated until one does, if it is repeatable. */
#ifndef TOTPGROUP_PGSQL_CALL_H
#define TOTPGROUP_PGSQL_CALL_H

#include "pgsql/pool.h"

/*
 * Does the statement, with the deadline `until`; `where` names the store in messages. take may be NULL
 * where there are no rows. *is_silent, unless it is NULL, says whether no answer came by the deadline, or
 * the open breaker refused: not where a server answered with an error. Returns 0, what take() returned, or an error of failure_report().
 */
int call_do(struct pool *pool, const char *where, const struct store_statement *statement,
	int64_t until, store_take_row *take, void *context, bool *is_silent,
	struct error *error);

/* Gives the rows of a reply to take(). Returns 0 or what it returned. */
int call_take_rows(const PGresult *rows, const char *columns, store_take_row *take,
	void *context, struct error *error);

#endif
