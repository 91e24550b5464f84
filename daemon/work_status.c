/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The method Status. */
#include "config.h"

#include "core/summary.h"
#include "daemon/access.h"
#include "daemon/reply.h"
#include "daemon/work.h"
#include "host/user_store.h"
#include "totpgroup.h"

static const char *state_of(const struct credential_summary *summary)
{
	if (!summary->pending.pending)
		return "active";
	return summary->pending.expired ? "expired" : "pending";
}

static const char *kind_of(const struct credential_summary *summary)
{
	switch (summary->kind) {
	case SUMMARY_TOTP:
		return "totp";
	case SUMMARY_HOTP:
		return "hotp";
	case SUMMARY_EMERGENCY_ONLY:
		break;
	}
	return "emergency";
}

static int answer(struct work *work, const struct credential_summary *summary)
{
	struct reply reply = reply_begin(&work->answer, NULL);

	reply_flag(&reply, "enrolled", summary != NULL);
	if (summary != NULL) {
		reply_string(&reply, "state", state_of(summary));
		reply_string(&reply, "kind", kind_of(summary));
		reply_number(&reply, "codes_left",
			(int64_t)summary->plain_codes + summary->hashed_codes);
		reply_flag(&reply, "limited", summary->limited);
		reply_number(&reply, "retry_after", summary->retry_after);
	}
	return reply_end(&reply);
}

/* A front end whose grants do not cover the user is told the same of all: that of one
 * who does not exist, too. */
static int may_know(struct work *work, bool *may, struct error *error)
{
	const enum access_kind kind = access_of(work->peer, work->policy, work->call.user).kind;
	const char *ignored;

	work->evened = kind != ACCESS_FULL;
	switch (kind) {
	case ACCESS_FULL:
		*may = true;
		return 0;
	case ACCESS_FRONT_END:
		return access_covers(
			work->peer, work->policy, work->call.user, true, may, &ignored, error);
	case ACCESS_NONE:
		break;
	}
	*may = false;
	return 0;
}

int work_status(struct work *work, struct user_store *store, struct error *error)
{
	struct credential_summary summary;
	bool may = false;
	int status = may_know(work, &may, error);

	if (status != 0)
		return status;
	if (!may)
		return reply_error(&work->answer, ERROR_NOT_PERMITTED, NULL, NULL);
	status = user_store_summarize(store, work->call.user, &summary, error);
	if (status != 0 && status != TOTPGROUP_ENOTFOUND)
		return status;
	status = answer(work, status == 0 ? &summary : NULL);
	return status != 0 ? error_set(error, status, "out of memory") : 0;
}
