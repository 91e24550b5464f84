/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods Enroll and Confirm: a user's first secret, for the user herself. */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "base/host_name.h"
#include "base/wipe.h"
#include "config/default_credential.h"
#include "core/confirmation.h"
#include "core/summary.h"
#include "daemon/reply.h"
#include "daemon/verify_log.h"
#include "daemon/work.h"
#include "host/user_store.h"
#include "message/handover.h"
#include "totpgroup.h"

#define ERROR_ALREADY	VERIFY_INTERFACE ".AlreadyEnrolled"
#define ERROR_NOT_BEGUN VERIFY_INTERFACE ".NotEnrolling"
#define WRONG_CODES_MAX 3

static struct log_subject subject_of(const struct work *work)
{
	return (struct log_subject){
		work->peer->name, VERIFY_SERVICE_SELF, work->peer->uid, NULL};
}

static int fail(struct error *error, int status)
{
	return status != 0 ? error_set(error, status, "%s", totpgroup_strerror(status)) : 0;
}

/* Whether the peer may go on; the answer is set where it may not. Every step counts as
 * an attempt. */
static int begin(struct work *work, bool *may, struct error *error)
{
	struct log_subject subject = subject_of(work);
	int64_t wait = 0;
	int status;

	*may = false;
	if (!work->policy->verify.self_enroll || work->peer->name == NULL) {
		verify_log_refused(&subject, "not-permitted");
		return fail(error, reply_error(&work->answer, ERROR_NOT_PERMITTED, NULL, NULL));
	}
	status = attempt_limits_count(work->policy->self, work->peer->name, work->now, &wait);
	if (status == 0 && wait > 0)
		status = reply_error(&work->answer, ERROR_BUSY, NULL, NULL);
	*may = status == 0 && wait == 0;
	return fail(error, status);
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
		status = handover_append_uri(
			credential, label.data, issuer != NULL ? issuer : host, uri);
	text_free(&label);
	return status;
}

static int answer_draft(struct work *work)
{
	const struct new_credential *credential = work->draft->credential;
	const char *codes[EMERGENCY_CODES_MAX];
	struct text uri = TEXT_INIT;
	struct reply reply;
	int status = append_uri(work, credential, &uri);

	if (status != 0)
		return status;
	for (unsigned int i = 0; i < credential->emergency_codes.count; i++)
		codes[i] = credential->emergency_codes.code[i];
	reply = reply_begin(&work->answer, NULL);
	reply_string(&reply, "uri", uri.data);
	reply_string(&reply, "secret", credential->secret);
	reply_strings(&reply, "emergency_codes", codes, credential->emergency_codes.count);
	text_free(&uri);
	return reply_end(&reply);
}

static int draw(struct work *work, struct error *error)
{
	struct draft *draft = work->draft;
	int status;

	draft_drop(draft);
	draft->credential = calloc(1, sizeof *draft->credential);
	if (draft->credential == NULL)
		return fail(error, TOTPGROUP_EMEMORY);
	status = default_credential_draw(
		&work->policy->configuration.enroll, draft->credential, error);
	if (status == 0)
		status = fail(error, answer_draft(work));
	if (status != 0)
		draft_drop(draft);
	return status;
}

int work_enroll(struct work *work, struct user_store *store, struct error *error)
{
	struct credential_summary summary;
	bool may;
	int status = begin(work, &may, error);

	if (status != 0 || !may)
		return status;
	status = user_store_summarize(store, work->peer->name, &summary, error);
	if (status == 0)
		return fail(error, reply_error(&work->answer, ERROR_ALREADY, NULL, NULL));
	if (status != TOTPGROUP_ENOTFOUND)
		return status;
	*error = (struct error)ERROR_INIT;
	return draw(work, error);
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

static int answer_result(struct work *work, bool accepted)
{
	struct reply reply = reply_begin(&work->answer, NULL);

	reply_string(&reply, "result", accepted ? "accepted" : "refused");
	reply_number(&reply, "retry_after", 0);
	return reply_end(&reply);
}

/* A draft that is stored, or that others than its owner may be guessing at, is no
 * more. */
static int settle(struct work *work, struct user_store *store,
	const struct confirmation *confirmation, struct error *error)
{
	struct log_subject subject = subject_of(work);
	int status;

	if (confirmation->verdict != CONFIRMATION_RIGHT) {
		if (++work->draft->wrong == WRONG_CODES_MAX)
			draft_drop(work->draft);
		return fail(error, answer_result(work, false));
	}
	status = store_draft(work, store, confirmation->step, error);
	draft_drop(work->draft);
	if (status == TOTPGROUP_ECONFLICT)
		return fail(error, reply_error(&work->answer, ERROR_ALREADY, NULL, NULL));
	if (status != 0)
		return status;
	verify_log_event(&subject, "enrolled");
	return fail(error, answer_result(work, true));
}

int work_confirm(struct work *work, struct user_store *store, struct error *error)
{
	struct confirmation confirmation;
	bool may;
	int status = begin(work, &may, error);

	if (status != 0 || !may)
		return status;
	if (work->draft->credential == NULL)
		return fail(error, reply_error(&work->answer, ERROR_NOT_BEGUN, NULL, NULL));
	status = confirmation_judge(work->draft->credential, work->call.code,
		(int64_t)time(NULL), &confirmation, error);
	return status != 0 ? status : settle(work, store, &confirmation, error);
}
