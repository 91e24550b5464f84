/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Calls over a Unix socket in varlink's framing: a JSON object and a NUL byte each
 * way. Whoever listens has to be root, whom the kernel names (SO_PEERCRED), so that
 * what another user puts in the socket's place is not believed.
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
	int64_t milliseconds; /* for each call, and for connecting and the first one */
	int64_t deadline;     /* of the one that is on its way, on the monotonic clock */
};

#define VARLINK_INIT                                                                           \
	{                                                                                      \
		.socket = -1                                                                   \
	}

/*
 * Connects to the socket at an absolute path. From now on it has so many
 * milliseconds, more than 0, for that and for the first call together. Returns 0;
 * TOTPGROUP_ENOTFOUND where there is no socket at all, TOTPGROUP_EUNSAFE where it is
 * not root who listens, TOTPGROUP_EARGUMENT, TOTPGROUP_ESYSTEM.
 */
int varlink_connect(
	struct varlink *link, const char *path, int64_t milliseconds, struct error *error);

/* Begins the time for another call on the same connection, which is taken up again
 * after a person was asked. */
int varlink_renew(struct varlink *link, struct error *error);

/*
 * Sends a request, which is a JSON object, and appends the one reply to it to
 * reply, without its NUL. Raises no SIGPIPE. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_ESYSTEM: the time is over, the other side hung up, or its answer is too
 * long or more than one. The connection is of no use then.
 */
int varlink_call(struct varlink *link, const struct text *request, struct text *reply,
	struct error *error);

void varlink_close(struct varlink *link);

#endif
