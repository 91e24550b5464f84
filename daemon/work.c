/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/work.h"

#include <time.h>

#include "daemon/reply.h"
#include "daemon/verify_log.h"
#include "totpgroup.h"

static int perform(struct work *work, struct user_store *store, struct error *error)
{
	switch (work->call.method) {
	case CALL_VERIFY:
		return work_verify(work, store, error);
	case CALL_STATUS:
		return work_status(work, store, error);
	case CALL_ENROLL:
		return work_enroll(work, store, error);
	case CALL_CONFIRM:
		return work_confirm(work, store, error);
	case CALL_NONE:
		break;
	}
	return error_set(error, TOTPGROUP_EARGUMENT, "no such method");
}

void work_fail(struct work *work, const struct error *error)
{
	verify_log_error("a call was not answered", error);
	text_free(&work->answer);
	/* Without memory there is no answer, and the connection is closed. */
	(void)reply_error(&work->answer,
		error->code == TOTPGROUP_EBUSY ? ERROR_BUSY : ERROR_STORE, NULL, NULL);
}

static int64_t clock_now(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whoever asks is found out first, but for root, who needs no grant. */
void work_perform(struct work *work, struct user_store *store)
{
	struct error error = ERROR_INIT;
	int64_t begun = clock_now();
	int status = 0;

	if (work->peer->uid != 0)
		status = peer_identity_find(work->peer, work->socket, work->policy, &error);
	if (status == 0)
		status = perform(work, store, &error);
	if (status != 0)
		work_fail(work, &error);
	work->took = clock_now() - begun;
}
