/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdlib.h>

#include "cli/commands.h"
#include "cli/manage/manage.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "exchange/otp_key.h"

/* A time in seconds since 1970; null for 0. */
static bool put_time(struct json_object *object, const char *name, int64_t time)
{
	return time > 0 ? json_put_number(object, name, time)
			: json_put_string(object, name, NULL);
}

static const char *kind_name(enum summary_kind kind)
{
	return kind == SUMMARY_TOTP ? "totp" : kind == SUMMARY_HOTP ? "hotp" : "emergency";
}

static bool put_times(struct json_object *object, const struct user_status *user)
{
	const char *from;
	int64_t latest = user_status_last_used(user, &from);

	return put_time(object, "last_used", latest) &&
	       json_put_string(object, "last_used_from", from) &&
	       put_time(object, "last_login", user->summary.used.login) &&
	       put_time(object, "last_code", user->summary.used.code) &&
	       put_time(object, "last_attempt", user->summary.used.attempt);
}

static bool put_devices(struct json_object *object, const struct credential_summary *summary)
{
	struct json_object *array = json_put_array(object, "devices");
	bool done = array != NULL;

	for (size_t i = 0; done && i < summary->device_count; i++)
		done = json_add_string(array, summary->devices[i]);
	return done;
}

static bool put_summary(struct json_object *object, const struct user_status *user)
{
	const struct credential_summary *summary = &user->summary;
	bool totp = summary->kind == SUMMARY_TOTP;

	return json_put_string(object, "kind", kind_name(summary->kind)) &&
	       json_put_string(object, "algorithm", hmac_algorithm_name(summary->algorithm)) &&
	       json_put_number(object, "digits", summary->digits) &&
	       put_time(object, "period", totp ? summary->period : 0) &&
	       put_time(object, "pending_until",
		       summary->pending.pending ? summary->pending.until : 0) &&
	       json_put_number(object, "plain_codes_left", summary->plain_codes) &&
	       json_put_number(object, "hashed_codes_left", summary->hashed_codes) &&
	       json_put_bool(object, "limited", summary->limited) &&
	       put_time(object, "retry_after", summary->limited ? summary->retry_after : 0) &&
	       json_put_string(
		       object, "label", summary->label[0] != '\0' ? summary->label : NULL) &&
	       put_devices(object, summary) && put_times(object, user);
}

static bool put_user(struct json_object *object, const struct user_status *user)
{
	bool enrolled = user_state_exit_status(user->state) == STATUS_DONE;

	return json_put_string(object, "user", user->name) &&
	       json_put_string(object, "state", user_state_name(user->state)) &&
	       json_put_bool(object, "enrolled", enrolled) &&
	       json_put_string(object, "file", user->path) &&
	       json_put_string(object, "message",
		       enrolled || user->state == USER_STATE_NOT_ENROLLED
			       ? NULL
			       : user->error.message) &&
	       (!enrolled || put_summary(object, user));
}

static bool print_json(const struct user_status *users, size_t count, enum exit_status status)
{
	struct json_report report;
	bool printed;

	json_report_begin(&report, "users");
	for (size_t i = 0; i < count; i++)
		if (!put_user(json_report_add(&report), &users[i]))
			report.failed = true;
	printed = json_report_print(&report, status);
	json_report_free(&report);
	return printed;
}

/* One user who is not enrolled makes the exit status. Of several users only those who
 * could not be looked at do. */
static enum exit_status choose_exit_status(
	const struct manage *manage, const struct user_status *users)
{
	if (!manage->several)
		return user_state_exit_status(users[0].state);
	for (size_t i = 0; i < manage->user_count; i++) {
		enum exit_status status = user_state_exit_status(users[i].state);

		if (status != STATUS_DONE && status != STATUS_NOT_ENROLLED)
			return STATUS_SOME_FAILED;
	}
	return STATUS_DONE;
}

static enum exit_status print_all(const struct manage *manage, const struct user_status *users)
{
	enum exit_status status = choose_exit_status(manage, users);
	bool printed;

	if (manage->options.json != 0)
		printed = print_json(users, manage->user_count, status);
	else
		printed = status_table_print(users, manage->user_count) == STATUS_DONE;
	return printed ? status : STATUS_STORE_ERROR;
}

static enum exit_status look_at_all(const struct manage *manage)
{
	struct user_status *users = calloc(manage->user_count + 1, sizeof *users);
	enum exit_status status = users != NULL ? STATUS_DONE : terminal_out_of_memory();

	for (size_t i = 0; status == STATUS_DONE && i < manage->user_count; i++)
		status = user_status_look(
			&users[i], manage->users[i], &manage->defaults, manage->options.secret);
	if (status == STATUS_DONE)
		status = print_all(manage, users);
	for (size_t i = 0; users != NULL && i < manage->user_count; i++)
		user_status_free(&users[i]);
	free(users);
	return status;
}

enum exit_status command_status(int argc, char **argv)
{
	struct manage manage = {.user_count = 0};
	enum exit_status status =
		manage_read_options(&manage, status_options_table, 0, argc, argv);

	if (status == STATUS_DONE)
		status = manage_begin(&manage);
	if (status == STATUS_DONE)
		status = look_at_all(&manage);
	manage_end(&manage);
	return status;
}
