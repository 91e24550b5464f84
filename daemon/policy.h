/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration in force: what it grants, and what was counted under it. */
#ifndef TOTPGROUP_DAEMON_POLICY_H
#define TOTPGROUP_DAEMON_POLICY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/configuration.h"
#include "config/verify_config.h"
#include "daemon/attempt_limits.h"

/* Whom a grant is given to, and its counters. */
struct policy_grant {
	uid_t *uids;
	size_t uid_count;
	gid_t *gids;
	size_t gid_count;
	struct attempt_limits *users; /* by the name of whoever is asked about */
	struct attempt_limits *peers; /* by the uid of whoever asks */
};

/* Read by all threads, changed by none but for the counters. */
struct policy {
	uint64_t number; /* no two have the same */
	struct configuration configuration;
	struct verify_config verify;
	struct policy_grant grants[VERIFY_GRANTS_MAX];
	struct attempt_limits *self; /* by name, of users who ask for themselves */
	unsigned int holders;	     /* policy_hold(), by the main thread alone */
};

/*
 * Reads the configuration; conf is a file as conf= names it, or NULL for the usual
 * ones. A peer or a group that the system does not know is no error, because it may
 * come with a directory that is not there yet: it is told to warn, and grants nothing
 * until the next reading. The caller holds *policy, which is NULL after an error.
 */
int policy_load(struct policy **policy, const char *conf, uint64_t number,
	void (*warn)(const char *message), struct error *error);

/* Goes on with what was counted under an earlier policy, where its sections are there
 * again with the same limits. For the main thread, before the policy is used. */
void policy_keep_counts(struct policy *policy, const struct policy *earlier);

void policy_hold(struct policy *policy);

/* Frees it with the last holder. NULL is allowed. */
void policy_release(struct policy *policy);

/* Whether anything that was counted still matters at now, in milliseconds. */
bool policy_counts(const struct policy *policy, int64_t now);

#endif
