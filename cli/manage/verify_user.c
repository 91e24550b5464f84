/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>

#include "cli/manage/manage.h"
#include "cli/users/verifyd.h"
#include "client/verify_client.h"
#include "config/configuration.h"
#include "core/decide.h"
#include "host/user_credential.h"

static enum exit_status result_status(const struct totpgroup_result *result)
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
	case TOTPGROUP_REASON_NOT_ENROLLED:
		return STATUS_NOT_ENROLLED;
	default:
		return STATUS_STORE_ERROR;
	}
}

/* This is no login: no grace period begins. */
static int decide_on_file(struct verification *verification,
	const struct host_defaults *defaults, const char *typed)
{
	struct decision decision = DECISION_INIT;
	struct attempt attempt = ATTEMPT_INIT;
	int status;

	user_credential_apply_options(&defaults->configuration->options, &attempt);
	attempt.grace_period = 0;
	attempt.typed = typed;
	status = user_credential_verify(
		verification->file.credential, &attempt, &decision, NULL, &verification->error);
	verification->result = decision.result;
	return status;
}

static void judge_by_file(struct verification *verification,
	const struct host_defaults *defaults, const char *typed)
{
	int status = decide_on_file(verification, defaults, typed);

	if (status == 0) {
		verification->status = result_status(&verification->result);
		return;
	}
	verification->result.reason = user_credential_reason(status);
	verification->status = status == TOTPGROUP_ENOTFOUND ? STATUS_NOT_ENROLLED
			       : user_file_lacks_state(&verification->error)
				       ? STATUS_NOT_PERMITTED
				       : STATUS_STORE_ERROR;
}

static void judge_by_daemon(struct verification *verification,
	const struct host_defaults *defaults, const char *typed)
{
	const struct verify_client client = verifyd_client(defaults);
	enum verify_answer answer;

	verification->error = (struct error)ERROR_INIT;
	answer = verify_client_ask(&client, verification->user, typed, NULL,
		&verification->result, &verification->error);
	if (answer == VERIFY_ANSWERED) {
		verification->status = result_status(&verification->result);
		return;
	}
	verification->result.reason = TOTPGROUP_REASON_STORE_ERROR;
	verification->status =
		answer == VERIFY_NOT_PERMITTED ? STATUS_NOT_PERMITTED : STATUS_STORE_ERROR;
}

/* Whether the caller may not read the store, and there is a daemon that may. A caller who
 * is not to learn which users exist may ask about unknown ones. */
static bool is_left_to_daemon(
	const struct verification *verification, const struct host_defaults *defaults)
{
	bool barred = verification->status == STATUS_NOT_PERMITTED ||
		      verification->status == STATUS_USAGE ||
		      (verification->status == STATUS_STORE_ERROR &&
			      verification->error.system_error == EACCES);

	return barred && verification->any_store && verifyd_is_there(defaults);
}

void verification_find(struct verification *verification, const struct host_defaults *defaults,
	const char *specification)
{
	verification->any_store = specification == NULL;
	verification->status = user_file_find(&verification->file, verification->user, defaults,
		specification, &verification->error);
	verification->by_daemon = is_left_to_daemon(verification, defaults);
	if (verification->by_daemon)
		verification->status = STATUS_DONE;
}

/* The file decides if the caller can reach it. If not, nothing was spent or counted yet. */
void verification_judge(struct verification *verification, const struct host_defaults *defaults,
	const char *typed)
{
	if (!verification->by_daemon)
		judge_by_file(verification, defaults, typed);
	if (verification->by_daemon || is_left_to_daemon(verification, defaults))
		judge_by_daemon(verification, defaults, typed);
}

void verification_free(struct verification *verification)
{
	user_file_free(&verification->file);
}
