/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may ask about whom. */
#ifndef TOTPGROUP_DAEMON_ACCESS_H
#define TOTPGROUP_DAEMON_ACCESS_H

#include "base/error.h"
#include "daemon/peer_identity.h"
#include "daemon/policy.h"

/* Anything but these two is a refusal. */
enum access_kind {
	ACCESS_NONE = 0,
	ACCESS_FULL = 0x4e1f27b3,      /* root, or the user herself */
	ACCESS_FRONT_END = 0x2c85d619, /* by a grant */
};

struct access {
	enum access_kind kind;
	const char *service; /* for the log */
	unsigned int grant;  /* of a front end: the first that it has */
};

/*
 * What a peer may do with regard to a user of that name, whether or not there is one:
 * nobody is looked up but the peer. A front end's grants are not compared with the
 * user yet. The peer's identity must have been found.
 */
struct access access_of(
	const struct peer_identity *peer, const struct policy *policy, const char *user);

/*
 * Whether one of a front end's grants covers the user, and for status whether that
 * allows it; *service is then that grant's name. Asks NSS, and as much of it for a user
 * who does not exist. Returns 0 or a TOTPGROUP_E... that does not depend on who the
 * user is.
 */
int access_covers(const struct peer_identity *peer, const struct policy *policy,
	const char *user, bool for_status, bool *covers, const char **service,
	struct error *error);

#endif
