/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which of the threads a call may have. A lookup in a directory, or a wait for a lock, takes
 * as long as others like, and a thread cannot be taken out of it. So calls of each kind have
 * threads that no calls of another kind get.
 */
#ifndef TOTPGROUP_DAEMON_SHARE_H
#define TOTPGROUP_DAEMON_SHARE_H

#include <stdbool.h>
#include <stddef.h>

struct work;

enum share {
	SHARE_ROOT = 0, /* root's calls */
	SHARE_SELF,   /* of users about themselves, and of peers whose name is not known yet */
	SHARE_OTHERS, /* of front ends, and of all who may not ask */
	SHARE_COUNT,
};

/* The threads of each share. */
#define SHARE_THREADS 16

/* The most of SHARE_OTHERS that one uid has. In SHARE_SELF it has one. */
#define SHARE_PEER_THREADS 8

/* The share of a call, as far as it is known without a lookup. Nobody else may use the peer
 * meanwhile. */
enum share share_of(const struct work *work);

/* A count of running calls, as far as it matters to one that waits. Begins zeroed. */
struct share_count {
	size_t same_peer; /* calls of its peer in its share */
	bool blocked;	  /* it must not run beside one of the others */
};

/* Adds a running call to the count for the one that waits. Calls of one share about the same
 * user are performed one after the other. A front end's calls delay no others about her. */
void share_count(
	struct share_count *count, const struct work *waiting, const struct work *running);

#endif
