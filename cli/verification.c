/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "verification.h"

#include <stdlib.h>

#include "core/decide.h"
#include "file_state.h"
#include "store/credential_place.h"

static enum exit_status status_of(const struct totpgroup_result *result)
{
	if (result->verdict == TOTPGROUP_ACCEPTED)
		return STATUS_DONE;
	switch (result->reason) {
	case TOTPGROUP_REASON_WRONG_CODE:
	case TOTPGROUP_REASON_REUSED:
	case TOTPGROUP_REASON_PENDING_EXPIRED:
		return STATUS_REFUSED;
	case TOTPGROUP_REASON_RATE_LIMITED:
		return STATUS_LIMITED;
	default:
		return STATUS_STORE_ERROR;
	}
}

static int verify(struct verification *verification, const struct host_defaults *defaults,
	const char *typed)
{
	struct credential_place place = user_file_place(&verification->file);
	struct decision decision = DECISION_INIT;
	struct attempt attempt;
	char *state = NULL;
	int status = host_defaults_state_path(
		defaults, verification->file.account.name, &state, &verification->error);

	host_defaults_begin_attempt(defaults, &attempt);
	attempt.typed = typed;
	place.state = state;
	if (status == 0)
		status = credential_place_verify(
			&place, &attempt, &decision, NULL, &verification->error);
	free(state);
	verification->result = decision.result;
	return status;
}

void verification_judge(struct verification *verification, const struct host_defaults *defaults,
	const char *typed)
{
	int status = verify(verification, defaults, typed);

	if (status == 0) {
		verification->status = status_of(&verification->result);
		return;
	}
	verification->result.reason = credential_place_reason(status);
	verification->status = status == TOTPGROUP_ENOTFOUND ? STATUS_NOT_ENROLLED
			       : file_state_is_roots(&verification->error)
				       ? STATUS_NOT_PERMITTED
				       : STATUS_STORE_ERROR;
}

void verification_find(struct verification *verification, const struct host_defaults *defaults,
	const char *specification)
{
	verification->status = user_file_find_for_login(&verification->file, verification->user,
		defaults, specification, &verification->error);
}

void verification_give_up(struct verification *verification)
{
	error_set(&verification->error, TOTPGROUP_EARGUMENT,
		"no code on standard input: nothing was tried");
	verification->result.reason = TOTPGROUP_REASON_CONVERSATION;
	verification->status = STATUS_REFUSED;
}

void verification_free(struct verification *verification)
{
	user_file_free(&verification->file);
}
