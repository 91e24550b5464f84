/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A user without a secret, while the second factor is being introduced. */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "base/date.h"
#include "pam/flow_state.h"
#include "store/first_seen.h"
#include "store/secret_path.h"

static bool pass(struct flow *flow, int64_t days_left)
{
	flow->skip = SKIP_NOT_ENROLLED;
	flow->skip_reason = "not-enrolled";
	flow->days_left = days_left;
	return true;
}

/* When the user was first seen, which an explanation does not note. */
static int find_first_seen(struct flow *flow, int64_t now, int64_t *seen)
{
	const char *where = flow->options.first_seen;
	char *path = NULL;
	/* No home: it is not for the user to say when his time began, nor where a
	 * file is written with the rights of the service. */
	int status =
		option_path_expand("first_seen", where != NULL ? where : OPTIONS_FIRST_SEEN,
			flow->login.user, NULL, &path, &flow->error);

	if (status != 0)
		return status;
	if (flow->watcher == NULL)
		status = first_seen_note(path, now, seen, &flow->error);
	else
		status = first_seen_look(path, now, seen, &flow->error);
	if (flow->watcher != NULL && status == TOTPGROUP_ENOTFOUND) {
		*seen = now;
		status = 0;
	}
	free(path);
	return status;
}

/* The earlier of the two ends. */
static int find_end(struct flow *flow, int64_t now, int64_t *end)
{
	const struct options *options = &flow->options;
	int64_t seen = 0;
	int status;

	*end = options->nullok_until > 0 ? options->nullok_until : INT64_MAX;
	if (options->nullok_for <= 0)
		return 0;
	status = find_first_seen(flow, now, &seen);
	if (status == 0 && seen + options->nullok_for < *end)
		*end = seen + options->nullok_for;
	return status;
}

bool roll_out_passes(struct flow *flow)
{
	const struct options *options = &flow->options;
	int64_t now, end = 0;

	if (options->nullok) {
		flow_note(flow, "nullok", "a user without a secret is not asked");
		return pass(flow, 0);
	}
	if (options->nullok_until <= 0 && options->nullok_for <= 0)
		return false;
	now = (int64_t)time(NULL);
	if (find_end(flow, now, &end) != 0) {
		flow_refuse(flow, TOTPGROUP_REASON_STORE_ERROR);
		return false;
	}
	if (now < 0 || now >= end) {
		flow_note(flow, "nullok", "the time to enroll is over");
		error_set(&flow->error, TOTPGROUP_ENOTFOUND, "the time to enroll is over");
		return false;
	}
	flow_note(flow, "nullok", "a user without a secret is not asked for %lld more days",
		(long long)date_days_begun(end - now));
	return pass(flow, date_days_begun(end - now));
}
