/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * " RATE_LIMIT n m t...: at most n attempts in any m seconds, and the times
 * of the latest ones in seconds since 1970.
 *
 * " FRONT_END_ATTEMPTS t...: those that came through a front end, such as a web
 * service, for which both lists together may not reach n. They never count for
 * a login, so that no front end can lock anybody out of it.
 */
#ifndef TOTPGROUP_CORE_RATE_LIMIT_H
#define TOTPGROUP_CORE_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/credential.h"

/* What the line says about an attempt at a given time. */
struct rate_limit_answer {
	bool exceeded;	     /* this attempt is one too many */
	int64_t retry_after; /* then: seconds until one would not be */
};

/* Whether both lines can be read: 0, or the error that rate_limit_count() or
 * rate_limit_count_front_end() would return for them. */
int rate_limit_check(const totpgroup_credential *credential, struct error *error);

/*
 * Judges an attempt at `now`, from 0 to INT64_MAX / 2, without recording it;
 * retry_after is what it is once rate_limit_count() was called likewise. A
 * credential without the line has no limit. TOTPGROUP_EFORMAT where it is
 * malformed, TOTPGROUP_EMEMORY; error says which line.
 */
int rate_limit_look(const totpgroup_credential *credential, int64_t now, bool count_blocked,
	struct rate_limit_answer *answer, struct error *error);

/*
 * Records an attempt at `now`, then judges it. With count_blocked a refused
 * attempt is recorded too, and so prolongs the block, as in
 * google-authenticator. Times outside the interval, or from the future, are
 * dropped. *changed is set when the credential was. Errors as
 * rate_limit_look().
 */
int rate_limit_count(totpgroup_credential *credential, int64_t now, bool count_blocked,
	struct rate_limit_answer *answer, bool *changed, struct error *error);

/*
 * Judges an attempt at `now` that came through a front end, and records it unless
 * it is one too many: a front end that goes on trying does not prolong the block.
 * Otherwise as rate_limit_count().
 */
int rate_limit_count_front_end(totpgroup_credential *credential, int64_t now,
	struct rate_limit_answer *answer, bool *changed, struct error *error);

#endif
