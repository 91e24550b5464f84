/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * " RATE_LIMIT n m t...: at most n attempts in any m seconds, and the times of the
 * latest attempts, in seconds since 1970.
 *
 * " FRONT_END_ATTEMPTS t...: the times of attempts through a front end, such as a web
 * service. Such an attempt is refused when both lists together reach n. Attempts through
 * front ends never count for logins, so that no front end can lock a user out.
 */
#ifndef TOTPGROUP_CORE_RATE_LIMIT_H
#define TOTPGROUP_CORE_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/credential.h"

struct rate_limit_answer {
	bool exceeded; /* this attempt is one too many */
	/* Then: seconds until one is allowed, as if no time in the list were in the future. */
	int64_t retry_after;
};

/* Whether both lines can be read: 0, or the error that rate_limit_count() or
 * rate_limit_count_front_end() would return for them. */
int rate_limit_check(const totpgroup_credential *credential, struct error *error);

/*
 * Judges an attempt at `now`, 0 to INT64_MAX / 2, without recording it. A credential
 * without " RATE_LIMIT has no limit. retry_after is the answer of rate_limit_count()
 * with the same arguments. TOTPGROUP_EFORMAT, with the line in error, for a malformed
 * line; TOTPGROUP_EMEMORY.
 */
int rate_limit_look(const totpgroup_credential *credential, int64_t now, bool count_blocked,
	struct rate_limit_answer *answer, struct error *error);

/*
 * Judges an attempt at `now`, and records it if it is allowed. With count_blocked a
 * refused attempt is recorded too, and so prolongs the block, as in
 * google-authenticator. Drops times outside the interval or in the future. Sets
 * *changed when the credential was changed. Errors as rate_limit_look().
 */
int rate_limit_count(totpgroup_credential *credential, int64_t now, bool count_blocked,
	struct rate_limit_answer *answer, bool *changed, struct error *error);

/* The same for an attempt through a front end. Refused attempts are not recorded, so
 * that a front end that goes on trying does not prolong the block. */
int rate_limit_count_front_end(totpgroup_credential *credential, int64_t now,
	struct rate_limit_answer *answer, bool *changed, struct error *error);

#endif
