/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A user without a secret, while the second factor is being introduced. */
#include "config.h"

#include "base/date.h"
#include "login/login.h"

bool login_pass_unenrolled(struct login *login, int64_t days_left)
{
	login->skip = LOGIN_SKIP_NOT_ENROLLED;
	login->skip_reason = "not-enrolled";
	login->days_left = days_left;
	return true;
}

bool login_end_roll_out(struct login *login)
{
	login_tell(login, "nullok", "the time to enroll is over");
	error_set(&login->error, TOTPGROUP_ENOTFOUND, "the time to enroll is over");
	return false;
}

/* When the user was first seen. An explanation does not note that it is now. */
static int find_first_seen(struct login *login, int64_t now, int64_t *seen)
{
	int status = store_first_seen(
		login->credential.place, now, !login->explains, seen, &login->error);

	if (login->explains && status == TOTPGROUP_ENOTFOUND) {
		*seen = now;
		status = 0;
	}
	/* The first sight may be noted after the clock was read. */
	if (*seen > now)
		*seen = now;
	return status;
}

/* The earlier of the ends that nullok_until= and nullok_for= set. */
static int find_end(struct login *login, int64_t now, int64_t *end)
{
	const struct options *options = &login->options;
	int64_t seen = 0;
	int status;

	*end = options->nullok_until > 0 ? options->nullok_until : INT64_MAX;
	if (options->nullok_for <= 0)
		return 0;
	status = find_first_seen(login, now, &seen);
	if (status == 0 && seen + options->nullok_for < *end)
		*end = seen + options->nullok_for;
	return status;
}

bool login_may_pass_unenrolled(struct login *login, int64_t now)
{
	const struct options *options = &login->options;
	int64_t end = 0;

	if (options->nullok) {
		login_tell(login, "nullok", "a user without a secret is not asked");
		return login_pass_unenrolled(login, 0);
	}
	if (options->nullok_until <= 0 && options->nullok_for <= 0)
		return false;
	if (find_end(login, now, &end) != 0) {
		login_refuse(login, TOTPGROUP_REASON_STORE_ERROR);
		return false;
	}
	if (now <= 0 || now >= end)
		return login_end_roll_out(login);
	login_tell(login, "nullok", "a user without a secret is not asked for %lld more days",
		(long long)date_days_begun(end - now));
	return login_pass_unenrolled(login, date_days_begun(end - now));
}
