/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods for the logins of this host, which are root's: Look, and Create. */
#include "config.h"

#include <string.h>

#include "core/credential.h"
#include "core/judge.h"
#include "daemon/local.h"
#include "daemon/log.h"
#include "daemon/work.h"
#include "gate/service_list.h"
#include "host/local_codes.h"
#include "host/login_session.h"
#include "host/user_store.h"
#include "login/login.h"
#include "totpgroup.h"

#define ERROR_ALREADY VERIFY_INTERFACE ".AlreadyEnrolled"

static struct log_subject subject_of(const struct work *work)
{
	return (struct log_subject){.user = work->call.user,
		.service =
			work->call.service != NULL ? work->call.service : VERIFY_SERVICE_ROOT,
		.peer = work->peer->uid,
		.rhost = work->call.rhost,
		.bounds = work->log_bounds,
		.metrics = work->metrics};
}

static int report(struct error *error, int status)
{
	return status != 0 ? error_set(error, status, "%s", totpgroup_strerror(status)) : 0;
}

int work_refuse_peer(struct work *work, const char *service)
{
	const struct log_subject subject = {.user = work->call.user,
		.service = service,
		.peer = work->peer->uid,
		.bounds = work->log_bounds,
		.metrics = work->metrics};

	work->hold = true;
	verify_log_not_permitted(&subject);
	return reply_error(&work->reply, ERROR_NOT_PERMITTED, NULL, NULL);
}

struct grace_key work_grace_key(const struct work *work, const struct user_store *store)
{
	const struct options *options = &user_store_configuration(store)->options;
	const struct call *call = &work->call;
	struct grace_key key = {.service = call->service,
		.host = call->rhost,
		.uptime = login_session_uptime()};

	if (call->rhost == NULL && call->service != NULL && options->grace_services != NULL &&
		service_list_has(options->grace_services, call->service))
		key.session = call->session;
	return key;
}

/* Takes the call for a login of this host, on the secret that the daemon's configuration
 * names. */
static void begin_login(
	const struct work *work, const struct user_store *store, struct login *login)
{
	const struct grace_key key = work_grace_key(work, store);

	login->options = user_store_configuration(store)->options;
	login->options.store = NULL;
	login->credential.shared = user_store_shared(store);
	login->credential.service = work->call.service;
	login->credential.rhost = work->call.rhost;
	login->explains = work->call.purpose != NULL;
	login->user = login->facts.user = work->call.user;
	login->facts.service = key.service;
	login->peer = key.host;
	if (key.session != NULL && strlen(key.session) < sizeof login->session)
		strcpy(login->session, key.session);
}

static bool is_failure(enum totpgroup_reason reason)
{
	return reason == TOTPGROUP_REASON_STORE_ERROR ||
	       reason == TOTPGROUP_REASON_CONFIG_ERROR ||
	       reason == TOTPGROUP_REASON_GROUP_ERROR;
}

/* Whether the look has no answer: an error that is for the log, and for the administrator. */
static bool has_failed(const struct login *login, bool due)
{
	/* That the first login of a user cannot be noted refuses her, as with files. */
	if (login->is_unenrolled)
		return false;
	if (login->usable)
		return is_failure(login->decision.result.reason);
	return is_failure(due ? login->unusable : login->decision.result.reason);
}

static int reply_not_enrolled(struct work *work, const struct login *login)
{
	const struct options *options = &login->options;
	bool is_open = login->skip == LOGIN_SKIP_NOT_ENROLLED;
	bool has_end = options->nullok_until > 0 || options->nullok_for > 0;

	reply_string(&work->reply, "result", "not_enrolled");
	reply_string(&work->reply, "roll_out", is_open ? "open" : has_end ? "over" : "none");
	if (is_open)
		reply_number(&work->reply, "days_left", login->days_left);
	reply_flag(&work->reply, "enroll", options->enroll);
	return reply_end(&work->reply);
}

static int reply_result(struct work *work, const char *word, enum totpgroup_reason reason)
{
	reply_string(&work->reply, "result", word);
	if (reason != TOTPGROUP_REASON_NONE)
		reply_string(&work->reply, "reason", totpgroup_reason_name(reason));
	return reply_end(&work->reply);
}

static int reply_look(struct work *work, const struct login *login, bool due)
{
	const struct totpgroup_result *result = &login->decision.result;

	reply_begin(&work->reply, NULL);
	if (login->is_unenrolled && result->reason == TOTPGROUP_REASON_NONE)
		return reply_not_enrolled(work, login);
	if (result->verdict == TOTPGROUP_ACCEPTED)
		return reply_result(work, "grace", TOTPGROUP_REASON_NONE);
	if (result->reason == TOTPGROUP_REASON_RATE_LIMITED) {
		reply_number(&work->reply, "retry_after", result->retry_after);
		return reply_result(work, "limited", TOTPGROUP_REASON_NONE);
	}
	if (!due)
		return reply_result(work, "refused", result->reason);
	return reply_result(
		work, "ask", login->usable ? TOTPGROUP_REASON_NONE : login->unusable);
}

/* Logs what is decided with the look. Other answers are followed by a call of Verify, which
 * has a line of its own. */
static void log_look(const struct work *work, const struct login *login, bool due)
{
	const struct log_subject subject = subject_of(work);
	const struct totpgroup_result *result = &login->decision.result;

	if (login->explains)
		return;
	if (login->skip == LOGIN_SKIP_NOT_ENROLLED)
		verify_log_skipped(&subject, login->skip_reason, login->days_left);
	else if (!due && result->reason != TOTPGROUP_REASON_RATE_LIMITED)
		verify_log_result(&subject, result, &login->error);
}

/* Tells the log of a store that keeps one about what is decided with the look. */
static int note_look(const struct login *login, bool due, struct error *error)
{
	if (due || login->explains || login_is_skipped(login))
		return 0;
	return user_credential_note(&login->credential, &login->decision.result, NULL, error);
}

/* With fail=local a code may be judged without the store. So everybody is asked, member of the group
 * or not. */
static bool falls_back(const struct user_store *store, const struct login *login)
{
	return !login->explains && store_was_silent(login->credential.place) &&
	       local_codes_are_on(user_store_configuration(store));
}

static int reply_without_store(struct work *work)
{
	text_free(&work->reply);
	reply_begin(&work->reply, NULL);
	return reply_result(work, "ask", TOTPGROUP_REASON_NONE);
}

int work_look(struct work *work, struct user_store *store, struct error *error)
{
	struct login login = LOGIN_INIT;
	int status;
	bool due;

	if (work->peer->uid != 0)
		return report(error, work_refuse_peer(work, NULL));
	begin_login(work, store, &login);
	due = login_examine(&login);
	if (has_failed(&login, due)) {
		*error = login.error;
		status = login.error.code != 0
				 ? login.error.code
				 : error_set(error, TOTPGROUP_ESYSTEM, "the look failed");
	} else {
		status = note_look(&login, due, error);
		if (status == 0)
			status = report(error, reply_look(work, &login, due));
		if (status == 0)
			log_look(work, &login, due);
	}
	if (status != 0 && falls_back(store, &login))
		status = report(error, reply_without_store(work));
	else if (status == 0 && !login.explains && !store_was_silent(login.credential.place))
		local_log_copy(work, store);
	login_free(&login);
	return status;
}

/* Whether a login could use the text. */
static int check_credential(const char *text, struct error *error)
{
	totpgroup_credential *credential = NULL;
	int status = credential_load(&credential, text, strlen(text), error);

	if (status == 0)
		status = credential_judge(credential, error);
	totpgroup_credential_free(credential);
	return status;
}

static int create(struct work *work, struct user_store *store, struct error *error)
{
	struct text text = TEXT_INIT;
	int status = text_append_string(&text, work->call.credential);

	if (status == 0)
		status = user_store_create(store, work->call.user, &text, error);
	else
		report(error, status);
	text_free(&text);
	return status;
}

int work_create(struct work *work, struct user_store *store, struct error *error)
{
	const struct log_subject subject = subject_of(work);
	int status;

	if (work->peer->uid != 0)
		return report(error, work_refuse_peer(work, NULL));
	status = check_credential(work->call.credential, error);
	if (status == TOTPGROUP_EFORMAT || status == TOTPGROUP_EARGUMENT)
		return report(error,
			reply_error(&work->reply, ERROR_INVALID, "parameter", "credential"));
	if (status == 0)
		status = create(work, store, error);
	if (status == TOTPGROUP_ECONFLICT)
		return report(error, reply_error(&work->reply, ERROR_ALREADY, NULL, NULL));
	if (status != 0)
		return status;
	verify_log_event(&subject, "enrolled");
	reply_begin(&work->reply, NULL);
	return report(error, reply_end(&work->reply));
}
