/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What went wrong on a connection, by SQLSTATE alone: texts of servers are in the server's language,
 * and may hold what was sent. */
#ifndef TOTPGROUP_PGSQL_FAILURE_H
#define TOTPGROUP_PGSQL_FAILURE_H

#include <stdbool.h>

#include "base/error.h"

#define SQLSTATE_LENGTH 5

enum failure_kind {
	FAILURE_NONE = 0,
	FAILURE_PASSES, /* nothing was done, and another try may succeed, here or elsewhere */
	FAILURE_LOST,	/* another try may succeed, but what was sent may have been done */
	FAILURE_BUSY,	/* somebody else holds the row */
	FAILURE_CONFIG, /* only an administrator can mend it */
	FAILURE_OTHER,
	FAILURE_SILENT, /* no answer in time */
};

/* Begins zeroed. */
struct failure {
	enum failure_kind kind;
	char state[SQLSTATE_LENGTH + 1]; /* empty where there is none */
	char text[200];			 /* instead of a SQLSTATE: what is wrong */
};

/* The kind of an error that a server reported. */
enum failure_kind failure_kind_of(const char *state);

/* Whether the server is not the one to ask: it is lost, or can only be read. */
bool failure_is_of_server(const struct failure *failure);

/* Set a failure: by a SQLSTATE, which may be NULL, or by words of this program. Return its kind. */
enum failure_kind failure_set_state(struct failure *failure, const char *state);
enum failure_kind failure_set(struct failure *failure, enum failure_kind kind,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts a failure into an error; `where` names the store. Returns the code: TOTPGROUP_ECONFIG,
 * TOTPGROUP_EBUSY or TOTPGROUP_ESYSTEM. */
int failure_report(const struct failure *failure, const char *where, struct error *error);

#endif
