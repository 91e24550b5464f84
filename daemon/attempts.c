/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/work.h"

static int count_uid(struct attempt_limits *limits, uid_t uid, int64_t now, int64_t *wait)
{
	char name[16];

	snprintf(name, sizeof name, "%" PRIu32, (uint32_t)uid);
	return attempt_limits_count(limits, name, now, wait);
}

int work_count_attempt(
	struct work *work, const struct access *access, const char *user, int64_t *wait)
{
	const struct policy_grant *grant = &work->policy->grants[access->grant];
	int status;

	*wait = 0;
	if (work->peer->uid == 0)
		return 0;
	if (access->kind == ACCESS_FULL)
		return attempt_limits_count(work->policy->self, user, work->now, wait);
	status = count_uid(grant->peers, work->peer->uid, work->now, wait);
	if (status != 0 || *wait > 0)
		return status;
	return attempt_limits_count(grant->users, user, work->now, wait);
}

int work_count_account(struct work *work, const struct access *access, uid_t uid, int64_t *wait)
{
	return count_uid(work->policy->grants[access->grant].accounts, uid, work->now, wait);
}
