/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Attempts in memory, counted by a name: at most so many in any so many seconds. Names
 * of users who do not exist are counted like others, so that being limited tells
 * nobody who does. The number of names is bounded: where there are too many, those that
 * were seen longest ago are forgotten.
 */
#ifndef TOTPGROUP_DAEMON_ATTEMPT_LIMITS_H
#define TOTPGROUP_DAEMON_ATTEMPT_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/verify_config.h"

struct attempt_limits;

/* How many names are remembered at most. */
#define ATTEMPT_LIMITS_NAMES 8192

/* Several threads may use it at once. *limits is NULL after an error, and where the rate
 * sets no limit. The caller ends it with attempt_limits_free(). */
int attempt_limits_open(
	struct attempt_limits **limits, struct verify_rate rate, struct error *error);

/*
 * Counts an attempt at now, in milliseconds that never go backwards, unless it is one
 * too many: then it is not counted, and *wait is how many seconds it takes until one
 * would not be; else 0. NULL sets no limit. Returns 0 or TOTPGROUP_EMEMORY.
 */
int attempt_limits_count(
	struct attempt_limits *limits, const char *name, int64_t now, int64_t *wait);

/* Whether anything is remembered that still counts. */
bool attempt_limits_in_use(struct attempt_limits *limits, int64_t now);

/* The same once more, for attempt_limits_free() once more; by one thread at a time, as
 * that. NULL is allowed. */
struct attempt_limits *attempt_limits_hold(struct attempt_limits *limits);

/* NULL is allowed. */
void attempt_limits_free(struct attempt_limits *limits);

#endif
