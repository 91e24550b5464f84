/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/user_status.h"

#include <stdlib.h>
#include <string.h>

#include "cli/ui/terminal.h"
#include "message/translate.h"
#include "totpgroup.h"

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
		translate("only root may look: the state is kept apart from the secret"));
}

/* Judges what was read. */
static void judge_read(struct user_status *status, struct store_read *read)
{
	int result = read->status;

	status->error = read->error;
	if (result == 0)
		result = user_file_summarize(
			&status->file, &read->record, &status->summary, &status->error);
	else
		result = user_file_name_in(&status->file, result, &status->error);
	if (result == 0)
		status->state = enrolled_state(&status->summary);
	else if (result == TOTPGROUP_ENOTFOUND)
		status->state = USER_STATE_NOT_ENROLLED;
	else if (user_file_lacks_state(&status->error))
		refuse_without_state(status);
}

enum exit_status user_status_find(struct user_status *status, const char *user,
	const struct passwd *entry, const struct host_defaults *defaults,
	const char *specification)
{
	struct user_file *file = &status->file;
	enum exit_status found = entry != NULL ? user_file_find_for_entry(file, entry, defaults,
							 specification, &status->error)
					       : user_file_find(file, user, defaults,
							 specification, &status->error);

	if (found == STATUS_USAGE)
		status->state = USER_STATE_UNKNOWN_USER;
	else if (found == STATUS_NOT_PERMITTED)
		status->state = USER_STATE_NOT_PERMITTED;
	status->found = found == STATUS_DONE;
	if (file->name != NULL)
		user = file->name;
	status->name = strdup(user != NULL ? user : "?");
	return status->name != NULL ? STATUS_DONE : terminal_out_of_memory();
}

enum exit_status user_status_read(struct user_status *users, size_t count)
{
	struct store_read *reads = calloc(count + 1, sizeof *reads);
	size_t found = 0;

	if (reads == NULL)
		return terminal_out_of_memory();
	for (size_t i = 0; i < count; i++)
		if (users[i].found)
			reads[found++].place = users[i].file.credential->place;
	store_read_many(reads, found);
	found = 0;
	for (size_t i = 0; i < count; i++)
		if (users[i].found) {
			judge_read(&users[i], &reads[found]);
			store_record_free(&reads[found++].record);
		}
	free(reads);
	return STATUS_DONE;
}

const char *user_state_name(enum user_state state)
{
	switch (state) {
	case USER_STATE_CONFIRMED:
		return N_("confirmed");
	case USER_STATE_PENDING:
		return N_("pending");
	case USER_STATE_PENDING_EXPIRED:
		return N_("pending-expired");
	case USER_STATE_NOT_ENROLLED:
		return N_("not-enrolled");
	case USER_STATE_UNKNOWN_USER:
		return N_("unknown-user");
	case USER_STATE_NOT_PERMITTED:
		return N_("not-permitted");
	case USER_STATE_PROBLEM:
	default:
		return N_("problem");
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
	user_file_free(&status->file);
	*status = (struct user_status){0};
}
