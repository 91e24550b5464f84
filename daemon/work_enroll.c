/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods Enroll and Confirm: the first secret of the calling user, or of one whom a
 * front end may enroll. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
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
	free(draft->user);
	*draft = (struct draft){.credential = NULL};
}

static int report(struct error *error, int status)
{
	return status != 0 ? error_set(error, status, "%s", totpgroup_strerror(status)) : 0;
}

static int reply_with_error(struct work *work, const char *name, struct error *error)
{
	return report(error, reply_error(&work->reply, name, NULL, NULL));
}

/* The user whom a call is about, and in whose name the peer may enroll her. */
struct enrolling {
	const char *user;    /* NULL for a peer without a name who names nobody */
	const char *service; /* for the log */
	bool permitted;
};

static struct log_subject subject_of(const struct work *work, const struct enrolling *enrolling)
{
	return (struct log_subject){.user = enrolling->user,
		.service = enrolling->service,
		.peer = work->peer->uid,
		.bounds = work->log_bounds,
		.metrics = work->metrics};
}

/* A peer that names nobody, or herself, asks for herself. */
static bool is_for_self(const struct work *work)
{
	const char *name = work->peer->name;

	return work->call.user == NULL || (name != NULL && strcmp(work->call.user, name) == 0);
}

/* A front end gets the same refusal for every user whom its grants do not cover, and for one
 * who does not exist. */
static int find_permission(
	struct work *work, struct enrolling *enrolling, int64_t *wait, struct error *error)
{
	struct access access = {ACCESS_FULL, VERIFY_SERVICE_SELF, 0};
	struct coverage coverage;
	int status;

	*enrolling = (struct enrolling){.user = work->peer->name, .service = access.service};
	if (is_for_self(work)) {
		enrolling->permitted =
			work->policy->verify.self_enroll && work->peer->name != NULL;
		if (!enrolling->permitted)
			return 0;
		return report(error, attempt_limits_count(work->policy->self, enrolling->user,
					     work->now, wait));
	}
	access = access_of(work->peer, work->policy, work->call.user);
	*enrolling = (struct enrolling){work->call.user, access.service, false};
	enrolling->permitted = access.kind == ACCESS_FULL;
	if (access.kind != ACCESS_FRONT_END)
		return 0;
	work->hold = true;
	status = report(error, work_count_attempt(work, &access, work->call.user, wait));
	if (status == 0 && *wait == 0)
		status = access_covers(work->peer, work->policy, work->call.user,
			ACCESS_TO_ENROLL, &coverage, error);
	if (status != 0 || *wait > 0 || !coverage.covered)
		return status;
	enrolling->permitted = true;
	enrolling->service = coverage.service;
	return report(error, work_count_account(work, &access, coverage.uid, wait));
}

/* Whether the peer may go on; otherwise the reply is set. Every call counts as an attempt. */
static int check_permission(struct work *work, struct enrolling *enrolling, struct error *error)
{
	struct log_subject subject;
	int64_t wait = 0;
	int status = find_permission(work, enrolling, &wait, error);

	if (status != 0)
		enrolling->permitted = false;
	if (status != 0 || (enrolling->permitted && wait == 0))
		return status;
	enrolling->permitted = false;
	if (wait > 0)
		return reply_with_error(work, ERROR_BUSY, error);
	subject = subject_of(work, enrolling);
	verify_log_not_permitted(&subject);
	return reply_with_error(work, ERROR_NOT_PERMITTED, error);
}

static int append_uri(
	const struct work *work, const struct new_credential *credential, struct text *uri)
{
	const char *issuer = work->policy->configuration.enroll.issuer;
	char host[HOST_NAME_MAX + 1];
	struct text label = TEXT_INIT;
	int status;

	host_name(host);
	status = text_append_format(&label, "%s@%s", work->draft->user, host);
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

static int draw_secret(struct work *work, const char *user, struct error *error)
{
	struct draft *draft = work->draft;
	int status;

	draft_drop(draft);
	draft->user = strdup(user);
	draft->credential = calloc(1, sizeof *draft->credential);
	if (draft->user == NULL || draft->credential == NULL)
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
	struct enrolling enrolling;
	int status = check_permission(work, &enrolling, error);

	if (status != 0 || !enrolling.permitted)
		return status;
	status = user_store_summarize(store, enrolling.user, &summary, error);
	if (status == 0)
		return reply_with_error(work, ERROR_ALREADY, error);
	if (status != TOTPGROUP_ENOTFOUND)
		return status;
	*error = (struct error)ERROR_INIT;
	work->hold = false;
	return draw_secret(work, enrolling.user, error);
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
		status = user_store_create(store, work->draft->user, &text, error);
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
	struct draft *draft = work->draft;
	struct confirmation confirmation;
	struct enrolling enrolling;
	struct log_subject subject;
	int status = check_permission(work, &enrolling, error);

	if (status != 0 || !enrolling.permitted)
		return status;
	if (draft->credential == NULL || strcmp(draft->user, enrolling.user) != 0)
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
	subject = subject_of(work, &enrolling);
	verify_log_event(&subject, "enrolled");
	return reply_result(work, true, error);
}
