/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines for the system's log. None holds a code or a secret. */
#ifndef TOTPGROUP_DAEMON_LOG_H
#define TOTPGROUP_DAEMON_LOG_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "daemon/log_bounds.h"
#include "daemon/metrics.h"
#include "totpgroup.h"

/* What a line about a call is about. Lines that a peer could cause without end are written as
 * far as the bounds admit them. */
struct log_subject {
	const char *user;
	const char
		*service; /* the PAM service that root named; else the grant's name, or NULL */
	uid_t peer;
	const char *rhost;	/* the host that root named, or NULL */
	int64_t counter_behind; /* of a refused code; 0: nothing to say */
	const char *device; /* the device that an accepted code is of; NULL or empty: no name */
	bool is_local;	    /* a code of this host alone was judged: fail=local */
	struct log_bounds *bounds;
	struct metrics
		*metrics; /* decisions are counted there, whether they are written or not */
};

/* `accepted user=... service=... peer=... method=... offset=...`, or
 * `refused user=... service=... peer=... reason=...`, as in the lines of the module. With
 * `fallback=local` where is_local is set; such an acceptance is an alert. */
void verify_log_result(const struct log_subject *subject, const struct totpgroup_result *result,
	const struct error *error);

/* `refused ... reason=not-permitted`, for a call that the peer may not make at all. */
void verify_log_not_permitted(const struct log_subject *subject);

/* The same for a user whom none of the peer's grants covers: a decision. */
void verify_log_not_covered(const struct log_subject *subject);

/* `a call of peer=... was not answered: MESSAGE`. */
void verify_log_not_answered(struct log_bounds *bounds, uid_t peer, const struct error *error);

/* `withheld peer=... reason=... more=...` for all lines that are due at now, or INT64_MAX for
 * all lines. */
void verify_log_withheld(struct log_bounds *bounds, int64_t now);

/* `skipped ... reason=...`, with `days_left=...` where that is not 0: a login that root asked
 * about needs no code. */
void verify_log_skipped(
	const struct log_subject *subject, const char *reason, int64_t days_left);

/* `WORD user=...`, for an event that is no decision on a code. */
void verify_log_event(const struct log_subject *subject, const char *event);

/* Lines about the daemon itself. */
void verify_log_warning(const char *message);
void verify_log_error(const char *what, const struct error *error);

#endif
