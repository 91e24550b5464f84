/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is at the other end of a connection, by what the kernel says, and what that
 * peer may ask for. */
#ifndef TOTPGROUP_DAEMON_PEER_IDENTITY_H
#define TOTPGROUP_DAEMON_PEER_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "daemon/policy.h"

/* Begins zeroed but for uid and gid, ends with peer_identity_free(). */
struct peer_identity {
	uid_t uid;
	gid_t gid;
	uint64_t policy;    /* the number of the policy that the rest is by; 0: none */
	char *name;	    /* of the user with that uid, or NULL */
	uint32_t grants;    /* a bit for each of policy->grants */
	unsigned int first; /* the first of them, if there is one */
};

_Static_assert(VERIFY_GRANTS_MAX <= 32, "peer_identity has a bit for each grant");

/*
 * Finds out the rest from the socket, whose peer's groups are those that it had when it
 * connected. It is done once for a policy. TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int peer_identity_find(struct peer_identity *peer, int socket, const struct policy *policy,
	struct error *error);

/* Whether it asks for itself, as a user of that name. */
bool peer_identity_is(const struct peer_identity *peer, const char *user);

void peer_identity_free(struct peer_identity *peer);

#endif
