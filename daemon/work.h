/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A call that waits for files and for the host's directory: what a worker is given, and
 * what comes of it. */
#ifndef TOTPGROUP_DAEMON_WORK_H
#define TOTPGROUP_DAEMON_WORK_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "daemon/call.h"
#include "daemon/draft.h"
#include "daemon/peer_identity.h"
#include "daemon/policy.h"

struct user_store;

/* Nothing in it is owned but answer. */
struct work {
	struct call call;
	struct policy *policy;
	struct peer_identity *peer;
	struct draft *draft; /* what the connection holds for Confirm */
	int socket;
	int64_t now; /* when it came, in milliseconds that never go backwards */
	/* Out: the frame to send back, empty for want of memory; and whether it says no
	 * to a front end or a stranger, who must not learn more from how long that took:
	 * it waited behind other work on the same user. */
	struct text answer;
	bool evened;
	int64_t took; /* milliseconds, without what it waited for its turn */
};

/* Performs a call with the worker's own store. */
void work_perform(struct work *work, struct user_store *store);

/* Answers that it cannot be performed, and logs why. */
void work_fail(struct work *work, const struct error *error);

/* What stands behind it, for each method. */
int work_verify(struct work *work, struct user_store *store, struct error *error);
int work_status(struct work *work, struct user_store *store, struct error *error);
int work_enroll(struct work *work, struct user_store *store, struct error *error);
int work_confirm(struct work *work, struct user_store *store, struct error *error);

#endif
