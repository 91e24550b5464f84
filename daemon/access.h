/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may ask about whom, and how often: the configuration in force, the peer at the other
 * end of a connection, and the attempts that are counted in memory. */
#ifndef TOTPGROUP_DAEMON_ACCESS_H
#define TOTPGROUP_DAEMON_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/configuration.h"
#include "config/verify_config.h"
#include "host/shared_store.h"

/*
 * attempt_limits.c: counts attempts by name, or by uid in decimal digits, at most so many in
 * any interval of so many seconds. Names of users who do not exist count like others, so that
 * a limit reveals nothing. The number of names is bounded: the names unused for longest are
 * forgotten.
 */
struct attempt_limits;

/* The most names that are remembered. */
#define ATTEMPT_LIMITS_NAMES 8192

/* *limits is NULL after an error, and where the rate sets no limit. The caller ends it with
 * attempt_limits_free(). */
int attempt_limits_open(
	struct attempt_limits **limits, struct config_rate rate, struct error *error);

/*
 * Counts an attempt at now, in milliseconds of a clock that never goes backwards, and sets
 * *wait to 0. An attempt over the limit is not counted; *wait is then the number of seconds
 * until one would be counted. NULL sets no limit. Thread-safe. Returns 0 or
 * TOTPGROUP_EMEMORY.
 */
int attempt_limits_count(
	struct attempt_limits *limits, const char *name, int64_t now, int64_t *wait);

/* Whether an attempt in memory could still limit another. NULL is allowed. Thread-safe. */
bool attempt_limits_in_use(struct attempt_limits *limits, int64_t now);

/* Goes on with the earlier counts where both have the same rate: frees *limits and replaces
 * it by one more reference to earlier. Only the main thread calls this and the next one. */
void attempt_limits_keep(struct attempt_limits **limits, struct attempt_limits *earlier);

/* Gives up a reference. NULL is allowed. */
void attempt_limits_free(struct attempt_limits *limits);

/* policy.c: the configuration in force and the attempts counted under it. */

struct id_list {
	uint32_t *ids;
	size_t count;
};

/* The peers that a grant of the configuration is for, and their attempts. */
struct policy_grant {
	struct id_list uids;
	struct id_list gids;
	struct attempt_limits *users;	 /* by the name asked about, as it was typed */
	struct attempt_limits *accounts; /* by the uid of the user behind it */
	struct attempt_limits *peers;	 /* by the uid of the peer */
};

/* All threads read it, and none changes more than the counts. */
struct policy {
	uint64_t number; /* unique, not 0 */
	struct configuration configuration;
	struct verify_config verify;
	struct shared_store *shared; /* NULL where the store is files */
	struct policy_grant grants[VERIFY_GRANTS_MAX];
	struct attempt_limits *self; /* users who ask for themselves, by name */
	unsigned int holders;	     /* the main thread's */
};

/*
 * Reads the configuration: the file conf and its drop-ins, or the usual files where conf is
 * NULL. A peer or a group that the system does not know is no error, because its directory
 * may come later: warn() is told, and it is granted nothing until the next reading. The
 * caller ends *policy, which is NULL after an error, with policy_release().
 */
int policy_load(struct policy **policy, const char *conf, uint64_t number,
	void (*warn)(const char *message), struct error *error);

/* Keeps the counts of an earlier policy for each section that exists in both with the same
 * limits. Called by the main thread before the policy is used. */
void policy_keep_counts(struct policy *policy, const struct policy *earlier);

/* Whether an attempt in memory could still limit another at now, in milliseconds. */
bool policy_counts(const struct policy *policy, int64_t now);

/* Frees it with the last holder. NULL is allowed. Only the main thread calls this. */
void policy_release(struct policy *policy);

/* access.c: peers, and what they may do. */

/* The process at the other end of a connection, as the kernel describes it. Begins zeroed
 * but for uid and gid, ends with peer_identity_free(). */
struct peer_identity {
	uid_t uid;
	gid_t gid;
	uint64_t policy;    /* the number of the policy that the grants are of; 0: none */
	char *name;	    /* the user with that uid, or NULL */
	uint32_t grants;    /* one bit for each of policy->grants */
	unsigned int first; /* the first of these grants */
};

_Static_assert(VERIFY_GRANTS_MAX <= 32, "peer_identity has a bit for each grant");

/*
 * Finds the name and the grants, once for a policy. The groups are those that the peer had
 * when it connected. Returns 0, TOTPGROUP_ESYSTEM or TOTPGROUP_EMEMORY.
 */
int peer_identity_find(struct peer_identity *peer, int socket, const struct policy *policy,
	struct error *error);

void peer_identity_free(struct peer_identity *peer);

/* Any other value is a refusal. */
enum access_kind {
	ACCESS_NONE = 0,
	ACCESS_FULL = 0x4e1f27b3,      /* root, or the user herself */
	ACCESS_FRONT_END = 0x2c85d619, /* a peer with a grant */
};

struct access {
	enum access_kind kind;
	const char *service; /* for the log */
	unsigned int grant;  /* the first grant of a front end */
};

/*
 * What a peer may do for a user of that name, who need not exist. The user is not looked up
 * and not compared with a front end's grants. The peer's identity must have been found.
 */
struct access access_of(
	const struct peer_identity *peer, const struct policy *policy, const char *user);

/* Whether one of a front end's grants covers a user. */
struct coverage {
	bool covered;
	const char *service; /* the name of that grant, if covered */
	uid_t uid;	     /* of the user, however the name was spelled, if covered */
};

/* What a front end wants to do for a user. */
enum access_purpose {
	ACCESS_TO_VERIFY = 0,
	ACCESS_TO_STATUS,
	ACCESS_TO_ENROLL,
};

/*
 * Finds whether one of a front end's grants covers the user and allows that. NSS is asked as much for a user who does not exist. Returns 0 or a
 * TOTPGROUP_E... that does not depend on the user; after an error nothing is covered.
 */
int access_covers(const struct peer_identity *peer, const struct policy *policy,
	const char *user, enum access_purpose purpose, struct coverage *coverage,
	struct error *error);

#endif
