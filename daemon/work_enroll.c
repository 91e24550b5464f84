/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods Enroll and Confirm: the calling user's first secret. */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "base/host_name.h"
#include "base/wipe.h"
#include "config/enroll_defaults.h"
#include "core/confirmation.h"
#include "core/summary.h"
#include "daemon/log.h"
#include "daemon/work.h"
#include "host/user_store.h"
#include "message/enrollment_text.h"
#include "totpgroup.h"

#define ERROR_ALREADY	VERIFY_INTERFACE ".AlreadyEnrolled"
#define ERROR_NOT_BEGUN VERIFY_INTERFACE ".NotEnrolling"
#define WRONG_CODES_MAX 3

void draft_drop(struct draft *draft)
{
	wipe_free(draft->credential, sizeof *draft->credential);
	*draft = (struct draft){.credential = NULL};
}

static struct log_subject subject_of(const struct work *work)
{
	return (struct log_subject){.user = work->peer->name,
		.service = VERIFY_SERVICE_SELF,
		.peer = work->peer->uid,
		.bounds = work->log_bounds};
}

static int report(struct error *error, int status)
{
	return status != 0 ? error_set(error, status, "%s", totpgroup_strerror(status)) : 0;
}

static int reply_with_error(struct work *work, const char *name, struct error *error)
{
	return report(error, reply_error(&work->reply, name, NULL, NULL));
}

/* Whether the peer may go on; otherwise the reply is set. Every call counts as an attempt. */
static int check_permission(struct work *work, bool *permitted, struct error *error)
{
	struct log_subject subject = subject_of(work);
	int64_t wait = 0;
	int status;

	*permitted = false;
	if (!work->policy->verify.self_enroll || work->peer->name == NULL) {
		verify_log_not_permitted(&subject);
		return reply_with_error(work, ERROR_NOT_PERMITTED, error);
	}
	status = attempt_limits_count(work->policy->self, work->peer->name, work->now, &wait);
	if (status == 0 && wait > 0)
		return reply_with_error(work, ERROR_BUSY, error);
	*permitted = status == 0;
	return report(error, status);
}

static int append_uri(
	const struct work *work, const struct new_credential *credential, struct text *uri)
{
	const char *issuer = work->policy->configuration.enroll.issuer;
	char host[HOST_NAME_MAX + 1];
	struct text label = TEXT_INIT;
	int status;

	host_name(host);
	status = text_append_format(&label, "%s@%s", work->peer->name, host);
	if (status == 0)
		status = enrollment_append_uri(
			credential, label.data, issuer != NULL ? issuer : host, uri);
	text_free(&label);
	return status;
}

static int reply_draft(struct work *work)
{
	const struct new_credential *credential = work->draft->credential;
	const char *codes[EMERGENCY_CODES_MAX];
	struct text uri = TEXT_INIT;
	int status = append_uri(work, credential, &uri);

	if (status == 0) {
		for (unsigned int i = 0; i < credential->emergency_codes.count; i++)
			codes[i] = credential->emergency_codes.code[i];
		reply_begin(&work->reply, NULL);
		reply_string(&work->reply, "uri", uri.data);
		reply_string(&work->reply, "secret", credential->secret);
		reply_strings(&work->reply, "emergency_codes", codes,
			credential->emergency_codes.count);
		status = reply_end(&work->reply);
	}
	text_free(&uri);
	return status;
}

static int draw_secret(struct work *work, struct error *error)
{
	struct draft *draft = work->draft;
	int status;

	draft_drop(draft);
	draft->credential = calloc(1, sizeof *draft->credential);
	if (draft->credential == NULL)
		return report(error, TOTPGROUP_EMEMORY);
	status = default_credential_draw(
		&work->policy->configuration.enroll, draft->credential, error);
	if (status == 0)
		status = report(error, reply_draft(work));
	if (status != 0)
		draft_drop(draft);
	return status;
}

int work_enroll(struct work *work, struct user_store *store, struct error *error)
{
	struct credential_summary summary;
	bool permitted;
	int status = check_permission(work, &permitted, error);

	if (status != 0 || !permitted)
		return status;
	status = user_store_summarize(store, work->peer->name, &summary, error);
	if (status == 0)
		return reply_with_error(work, ERROR_ALREADY, error);
	if (status != TOTPGROUP_ENOTFOUND)
		return status;
	*error = (struct error)ERROR_INIT;
	return draw_secret(work, error);
}

static int store_draft(
	struct work *work, struct user_store *store, int64_t spent_step, struct error *error)
{
	struct new_credential *credential = work->draft->credential;
	struct text text = TEXT_INIT;
	int status;

	credential->spent_step = spent_step;
	status = new_credential_append(credential, &text, error);
	if (status == 0)
		status = user_store_create(store, work->peer->name, &text, error);
	text_free(&text);
	return status;
}

static int reply_result(struct work *work, bool accepted, struct error *error)
{
	reply_begin(&work->reply, NULL);
	reply_string(&work->reply, "result", accepted ? "accepted" : "refused");
	reply_number(&work->reply, "retry_after", 0);
	return report(error, reply_end(&work->reply));
}

int work_confirm(struct work *work, struct user_store *store, struct error *error)
{
	struct log_subject subject = subject_of(work);
	struct draft *draft = work->draft;
	struct confirmation confirmation;
	bool permitted;
	int status = check_permission(work, &permitted, error);

	if (status != 0 || !permitted)
		return status;
	if (draft->credential == NULL)
		return reply_with_error(work, ERROR_NOT_BEGUN, error);
	status = confirmation_judge(
		draft->credential, work->call.code, (int64_t)time(NULL), &confirmation, error);
	if (status != 0)
		return status;
	if (confirmation.verdict != CONFIRMATION_RIGHT) {
		/* Somebody else may be guessing. */
		if (++draft->wrong_codes == WRONG_CODES_MAX)
			draft_drop(draft);
		return reply_result(work, false, error);
	}
	status = store_draft(work, store, confirmation.step, error);
	draft_drop(draft);
	if (status == TOTPGROUP_ECONFLICT)
		return reply_with_error(work, ERROR_ALREADY, error);
	if (status != 0)
		return status;
	verify_log_event(&subject, "enrolled");
	return reply_result(work, true, error);
}
