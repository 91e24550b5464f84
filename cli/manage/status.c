/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/manage/manage.h"
#include "cli/manage/status_table.h"
#include "cli/ui/json_line.h"
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
static void put_time(struct text *lines, const char *name, int64_t time)
{
	if (time > 0)
		json_line_number(lines, name, time);
	else
		json_line_string(lines, name, NULL);
}

static const char *kind_name(enum summary_kind kind)
{
	return kind == SUMMARY_TOTP ? "totp" : kind == SUMMARY_HOTP ? "hotp" : "emergency";
}

static void put_times(struct text *lines, const struct user_status *user)
{
	const char *from;
	int64_t latest = user_status_last_used(user, &from);

	put_time(lines, "last_used", latest);
	json_line_string(lines, "last_used_from", from);
	put_time(lines, "last_login", user->summary.used.login);
	put_time(lines, "last_code", user->summary.used.code);
	put_time(lines, "last_attempt", user->summary.used.attempt);
}

static void put_devices(struct text *lines, const struct credential_summary *summary)
{
	json_line_begin_array(lines, "devices");
	for (size_t i = 0; i < summary->device_count; i++)
		json_line_item(lines, summary->devices[i]);
	json_line_end_array(lines);
}

static void put_summary(struct text *lines, const struct user_status *user)
{
	const struct credential_summary *summary = &user->summary;
	bool totp = summary->kind == SUMMARY_TOTP;

	json_line_string(lines, "kind", kind_name(summary->kind));
	json_line_string(lines, "algorithm", hmac_algorithm_name(summary->algorithm));
	json_line_number(lines, "digits", summary->digits);
	put_time(lines, "period", totp ? summary->period : 0);
	put_time(lines, "pending_until", summary->pending.pending ? summary->pending.until : 0);
	json_line_number(lines, "plain_codes_left", summary->plain_codes);
	json_line_number(lines, "hashed_codes_left", summary->hashed_codes);
	json_line_bool(lines, "limited", summary->limited);
	put_time(lines, "retry_after", summary->limited ? summary->retry_after : 0);
	json_line_string(lines, "label", summary->label[0] != '\0' ? summary->label : NULL);
	put_devices(lines, summary);
	put_times(lines, user);
}

static void put_user(struct text *lines, const struct user_status *user, bool *any)
{
	bool enrolled = user_state_exit_status(user->state) == STATUS_DONE;
	bool is_plain = enrolled || user->state == USER_STATE_NOT_ENROLLED;

	json_line_begin(lines, any);
	json_line_string(lines, "user", user->name);
	json_line_string(lines, "state", user_state_name(user->state));
	json_line_bool(lines, "enrolled", enrolled);
	user_file_write_place(lines, &user->file);
	json_line_string(lines, "message", is_plain ? NULL : user->error.message);
	if (enrolled)
		put_summary(lines, user);
	json_line_end(lines);
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
	struct text lines = TEXT_INIT;
	bool printed;

	for (size_t i = 0; i < listing->count; i++)
		put_user(&lines, &listing->block[i], &listing->any);
	printed = terminal_write(&lines) == STATUS_DONE;
	text_free(&lines);
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
