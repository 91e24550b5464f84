/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Calls over a Unix socket in varlink's framing: a JSON object and a NUL byte each
 * way. The kernel must say that root listens (SO_PEERCRED), so that a socket of another
 * user's is not believed.
 */
#ifndef TOTPGROUP_CLIENT_VARLINK_H
#define TOTPGROUP_CLIENT_VARLINK_H

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* The longest path that a socket can have, and the longest reply. */
#define VARLINK_PATH_MAX  107
#define VARLINK_REPLY_MAX 4096

/* One connection. Begins as VARLINK_INIT, ends with varlink_close(). */
struct varlink {
	int socket;
	const char *path;     /* not owned */
	int64_t milliseconds; /* for each call; connecting is part of the first one */
	int64_t deadline;     /* of the current call, on the monotonic clock */
};

#define VARLINK_INIT                                                                           \
	{                                                                                      \
		.socket = -1                                                                   \
	}

/*
 * Connects to the socket at an absolute path. Connecting and the first call together
 * may take so many milliseconds, more than 0. Returns 0; TOTPGROUP_ENOTFOUND where
 * there is no socket, TOTPGROUP_EUNSAFE where another user than root listens,
 * TOTPGROUP_EARGUMENT for the path, TOTPGROUP_ESYSTEM.
 */
int varlink_connect(
	struct varlink *link, const char *path, int64_t milliseconds, struct error *error);

/* Gives another call on the same connection its time. To be called before each call
 * but the first. */
int varlink_reset_deadline(struct varlink *link, struct error *error);

/*
 * Sends a request, which is a JSON object, and appends its reply, without the NUL.
 * Raises no SIGPIPE. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_ESYSTEM where the time
 * is over, the daemon hung up, or the reply is too long or is followed by another. The
 * connection cannot be used after an error.
 */
int varlink_call(struct varlink *link, const struct text *request, struct text *reply,
	struct error *error);

void varlink_close(struct varlink *link);

#endif
