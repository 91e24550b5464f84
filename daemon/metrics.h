/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Counts for Prometheus' textfile collector: a file that is written anew after a change. Counters go
 * on where the file of an earlier process ended, because the daemon ends whenever nobody asks.
 *
 * All threads may call metrics_count_...(). The other functions are for the main thread.
 */
#ifndef TOTPGROUP_DAEMON_METRICS_H
#define TOTPGROUP_DAEMON_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/plugin.h"
#include "totpgroup.h"

/* The file is written at most once in this many milliseconds. */
#define METRICS_INTERVAL INT64_C(15000)

struct metrics;

/* The caller ends *metrics, which is NULL after an error, with metrics_free(). */
int metrics_open(struct metrics **metrics, struct error *error);

/* NULL is allowed. */
void metrics_free(struct metrics *metrics);

/* A decision on a code. */
void metrics_count_result(struct metrics *metrics, const struct totpgroup_result *result);

/* A refusal of a peer that may not ask, or not about that user. */
void metrics_count_not_permitted(struct metrics *metrics);

/* A call that could not be answered. */
void metrics_count_failure(struct metrics *metrics);

/* What a store that hosts share has met, if there is one. Its counts may begin anew, with another
 * store. */
void metrics_take_store(struct metrics *metrics, const struct store_counts *counts);

/* How long a decision took, in microseconds. */
void metrics_count_time(struct metrics *metrics, int64_t took);

/*
 * Sets the path, which is copied; with NULL nothing is written. Where there was no path before, adds
 * the counters of the file there, if that can be read and understood. TOTPGROUP_EMEMORY.
 */
int metrics_set_path(struct metrics *metrics, const char *path, struct error *error);

/* When the file is to be written, in milliseconds of the monotonic clock; INT64_MAX: no time soon. */
int64_t metrics_due(struct metrics *metrics);

/* Writes the file if it is due at now; INT64_MAX: if anything has changed. The file is complete at
 * any time, and everybody may read it. TOTPGROUP_EUNWRITABLE, once until it was written again;
 * TOTPGROUP_EMEMORY. */
int metrics_write(struct metrics *metrics, int64_t now, struct error *error);

#endif
