/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/manage/manage.h"
#include "cli/manage/status_table.h"
#include "cli/ui/json_output.h"
#include "cli/ui/progress.h"
#include "cli/ui/terminal.h"
#include "cli/users/place_json.h"
#include "exchange/otp_key.h"
#include "message/translate.h"

/* So many users are looked at before they are printed. */
#define BLOCK_SIZE 256

/* A run that takes longer, in seconds, says how far it is. */
#define PROGRESS_AFTER 1

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
	       user_file_put_place(object, &user->file) &&
	       json_put_string(object, "message",
		       enrolled || user->state == USER_STATE_NOT_ENROLLED
			       ? NULL
			       : user->error.message) &&
	       (!enrolled || put_summary(object, user));
}

/* One run over all users. A group may be large: a block of users at a time is looked at and
 * printed. */
struct listing {
	const struct manage *manage;
	struct status_table table;
	struct progress progress;
	bool on_terminal; /* standard output is one */
	bool any;	  /* the JSON has a user already */
	enum exit_status status;
	struct user_status *block; /* of BLOCK_SIZE */
	size_t count;		   /* of users in it */
};

/* One user who is not enrolled makes the exit status. Of several users only those who
 * could not be looked at do. */
static void note_status(struct listing *listing, enum user_state state)
{
	enum exit_status status = user_state_exit_status(state);

	if (!listing->manage->several)
		listing->status = status;
	else if (status != STATUS_DONE && status != STATUS_NOT_ENROLLED)
		listing->status = STATUS_SOME_FAILED;
}

static bool print_json(struct listing *listing)
{
	bool printed = true;

	for (size_t i = 0; printed && i < listing->count; i++) {
		struct json_object *object = json_object_new_object();

		if (!put_user(object, &listing->block[i])) {
			json_object_put(object);
			terminal_out_of_memory();
			return false;
		}
		printed = json_print_item(object, &listing->any);
	}
	return printed;
}

/* Looks at the users of the block, prints them, and empties it. */
static bool print_block(struct listing *listing)
{
	bool printed = user_status_read(listing->block, listing->count) == STATUS_DONE;

	for (size_t i = 0; i < listing->count; i++)
		note_status(listing, listing->block[i].state);
	if (listing->on_terminal)
		progress_clear(&listing->progress);
	if (printed)
		printed = listing->manage->options.json != 0
				  ? print_json(listing)
				  : status_table_print(&listing->table, listing->block,
					    listing->count) == STATUS_DONE;
	while (listing->count > 0)
		user_status_free(&listing->block[--listing->count]);
	return printed;
}

static bool add_user(struct listing *listing, const char *user, const struct passwd *entry)
{
	const struct manage *manage = listing->manage;
	struct user_status *status = &listing->block[listing->count++];

	if (user_status_find(status, user, entry, &manage->defaults, manage->options.secret) !=
		STATUS_DONE)
		return false;
	return listing->count < BLOCK_SIZE || print_block(listing);
}

static bool look_at_all(struct listing *listing)
{
	const struct manage *manage = listing->manage;

	for (size_t i = 0; i < manage->user_count; i++) {
		progress_show(&listing->progress, i, (double)i / (double)manage->user_count);
		if (!add_user(listing, manage->users[i], manage->entries[i]))
			return false;
	}
	return print_block(listing);
}

static enum exit_status list_users(const struct manage *manage)
{
	bool json = manage->options.json != 0;
	struct listing listing = {.manage = manage, .on_terminal = isatty(STDOUT_FILENO) != 0};
	bool listed;

	listing.block = calloc(BLOCK_SIZE, sizeof *listing.block);
	if (listing.block == NULL)
		return terminal_out_of_memory();
	progress_begin(&listing.progress, PROGRESS_USERS, manage->user_count, false);
	listing.progress.after = PROGRESS_AFTER;
	listed = (!json || json_print_begin("users")) && look_at_all(&listing);
	progress_clear(&listing.progress);
	if (!listed || (json && !json_print_end(listing.any, listing.status)))
		listing.status = STATUS_STORE_ERROR;
	while (listing.count > 0)
		user_status_free(&listing.block[--listing.count]);
	free(listing.block);
	return listing.status;
}

enum exit_status command_status(int argc, char **argv)
{
	struct manage manage = {.user_count = 0};
	enum exit_status status =
		manage_read_options(&manage, status_options_table, 0, argc, argv);

	if (status == STATUS_DONE)
		status = manage_begin(&manage);
	if (status == STATUS_DONE)
		status = list_users(&manage);
	manage_end(&manage);
	return status;
}
