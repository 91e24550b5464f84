/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/user_status.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/ui/terminal.h"
#include "cli/users/file_state.h"
#include "cli/users/user_file.h"
#include "core/credential.h"
#include "core/state.h"
#include "totpgroup.h"

/* The argument of the process that reads the file, and its result. */
struct summarize_work {
	struct credential_place place;
	struct credential_summary summary;
	struct text state; /* kept apart from the secret; TEXT_INIT where it is not */
	const struct host_defaults *defaults;
	const char *user;
};

static int summarize(void *argument, struct text *secret, struct error *error)
{
	struct summarize_work *work = argument;
	const struct file_store_rules *rules = &work->place.rules;
	bool damaged_state = false;
	totpgroup_credential *credential = NULL;
	struct text text = TEXT_INIT;
	struct error why = ERROR_INIT;
	int status = file_store_look(rules, &text, error);

	(void)secret;
	if (status != 0)
		goto out;
	status = state_apply(&text, &work->state, &credential, &damaged_state, &why);
	if (status == 0)
		status = credential_summarize(
			credential, (int64_t)time(NULL), &work->summary, &why);
	if (status != 0 && damaged_state)
		file_state_is_damaged(work->defaults, work->user, &why, error);
	else if (status != 0)
		error_set(error, status, "%s: %s", rules->path, why.message);
out:
	totpgroup_credential_free(credential);
	text_free(&text);
	return status;
}

static enum user_state enrolled_state(const struct credential_summary *summary)
{
	if (summary->pending.expired)
		return USER_STATE_PENDING_EXPIRED;
	return summary->pending.pending ? USER_STATE_PENDING : USER_STATE_CONFIRMED;
}

static void refuse_without_state(struct user_status *status)
{
	status->state = USER_STATE_NOT_PERMITTED;
	error_set(&status->error, TOTPGROUP_EUNSAFE,
		"only root may look: the state is kept apart from the secret");
}

static void look_at_file(struct user_status *status, const struct user_file *file,
	const struct host_defaults *defaults)
{
	struct summarize_work work = {
		.place = user_file_place(file),
		.state = TEXT_INIT,
		.defaults = defaults,
		.user = file->account.name,
	};
	int result = file_state_look(defaults, file->account.name, &work.state, &status->error);
	bool forbidden = result != 0 && file_state_is_roots(&status->error);

	if (result == 0)
		result = work.place.with_rights(work.place.context, summarize, &work,
			sizeof work, NULL, &status->error);
	status->summary = work.summary;
	text_free(&work.state);
	if (result == 0)
		status->state = enrolled_state(&status->summary);
	else if (result == TOTPGROUP_ENOTFOUND)
		status->state = USER_STATE_NOT_ENROLLED;
	else if (forbidden)
		refuse_without_state(status);
}

enum exit_status user_status_look(struct user_status *status, const char *user,
	const struct host_defaults *defaults, const char *specification)
{
	struct user_file file = {.as_user = true};
	enum exit_status found =
		user_file_find_for_login(&file, user, defaults, specification, &status->error);
	const char *name = file.account.name != NULL ? file.account.name : user;

	if (found == STATUS_USAGE)
		status->state = USER_STATE_UNKNOWN_USER;
	else if (found == STATUS_NOT_PERMITTED)
		status->state = USER_STATE_NOT_PERMITTED;
	else if (found == STATUS_DONE)
		look_at_file(status, &file, defaults);
	status->name = strdup(name != NULL ? name : "?");
	status->path = file.path;
	file.path = NULL;
	user_file_free(&file);
	return status->name != NULL ? STATUS_DONE : terminal_out_of_memory();
}

const char *user_state_name(enum user_state state)
{
	switch (state) {
	case USER_STATE_CONFIRMED:
		return "confirmed";
	case USER_STATE_PENDING:
		return "pending";
	case USER_STATE_PENDING_EXPIRED:
		return "pending-expired";
	case USER_STATE_NOT_ENROLLED:
		return "not-enrolled";
	case USER_STATE_UNKNOWN_USER:
		return "unknown-user";
	case USER_STATE_NOT_PERMITTED:
		return "not-permitted";
	case USER_STATE_PROBLEM:
	default:
		return "problem";
	}
}

enum exit_status user_state_exit_status(enum user_state state)
{
	switch (state) {
	case USER_STATE_CONFIRMED:
	case USER_STATE_PENDING:
	case USER_STATE_PENDING_EXPIRED:
		return STATUS_DONE;
	case USER_STATE_NOT_ENROLLED:
		return STATUS_NOT_ENROLLED;
	case USER_STATE_UNKNOWN_USER:
		return STATUS_USAGE;
	case USER_STATE_NOT_PERMITTED:
		return STATUS_NOT_PERMITTED;
	case USER_STATE_PROBLEM:
	default:
		return STATUS_STORE_ERROR;
	}
}

int64_t user_status_last_used(const struct user_status *status, const char **from)
{
	const struct summary_times *used = &status->summary.used;
	int64_t latest = used->login;

	*from = latest > 0 ? "login" : NULL;
	if (used->code > latest) {
		latest = used->code;
		*from = "code";
	}
	if (used->attempt > latest) {
		latest = used->attempt;
		*from = "attempt";
	}
	return latest;
}

void user_status_free(struct user_status *status)
{
	free(status->name);
	free(status->path);
	*status = (struct user_status){0};
}
