/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How many lines of the log a peer may cause. Lines about decisions on codes are bounded by
 * the limits of attempts. Those that a peer could cause without end are counted here: in each
 * interval the first ones are written, and then how many more there were.
 */
#ifndef TOTPGROUP_DAEMON_LOG_BOUNDS_H
#define TOTPGROUP_DAEMON_LOG_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct log_bounds;

/* The lines of one kind and peer are counted together. */
enum log_kind {
	LOG_NOT_PERMITTED = 0, /* calls that the peer may not make */
	LOG_RATE_LIMITED,      /* attempts over a limit */
	LOG_NOT_ANSWERED,      /* calls that could not be performed */
	LOG_KIND_COUNT,
};

/* The interval in milliseconds. It begins with the first line. */
#define LOG_BOUNDS_INTERVAL INT64_C(60000)

/* The most peers and kinds that are counted at a time. All others are counted together, as
 * one peer: somebody may have thousands of uids (subuid(5)). */
#define LOG_BOUNDS_ENTRIES 1024
#define LOG_BOUNDS_OTHERS  ((uid_t)-1)

/* The caller ends *bounds, which is NULL after an error, with log_bounds_free(). */
int log_bounds_open(struct log_bounds **bounds, struct error *error);

/* NULL is allowed. */
void log_bounds_free(struct log_bounds *bounds);

/*
 * Whether a line may be written at now, in milliseconds of a clock that never goes backwards.
 * Otherwise it is counted as withheld. All lines about root may be. Thread-safe.
 */
bool log_bounds_admit(struct log_bounds *bounds, uid_t peer, enum log_kind kind, int64_t now);

/* The lines of one kind and peer that were withheld in an interval, more than 0. */
struct log_withheld {
	uid_t peer;
	enum log_kind kind;
	uint64_t more;
};

/* Takes one that is due: its interval has ended before now. False where there is none.
 * INT64_MAX takes all. Thread-safe. */
bool log_bounds_take(struct log_bounds *bounds, int64_t now, struct log_withheld *withheld);

/* When the next one is due; INT64_MAX where there is none. Thread-safe. */
int64_t log_bounds_due(struct log_bounds *bounds);

#endif
