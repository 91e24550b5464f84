/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <inttypes.h>

#include "base/wipe.h"
#include "cli/commands.h"
#include "cli/manage/manage.h"
#include "cli/ui/terminal.h"
#include "core/resync.h"
#include "host/user_credential.h"
#include "message/translate.h"
#include "totpgroup.h"

/* Longer than any code with blanks in it. */
#define LINE_SIZE 512

/* One run of the command. Holds codes. */
struct resyncing {
	struct user_file file;
	char first[LINE_SIZE];
	char second[LINE_SIZE];
	bool found;
	int64_t behind;
	struct error error;
};

/* For store_transact(): both codes are spent in what is to be written. */
static int find_counter(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	struct resyncing *resyncing = argument;
	totpgroup_credential *parsed = NULL;
	int status = user_credential_parse(resyncing->file.credential, record, &parsed, error);

	if (status == 0)
		status = resync(parsed, resyncing->first, resyncing->second, &resyncing->found,
			&resyncing->behind, error);
	if (status == 0 && resyncing->found) {
		status = user_credential_change(record, parsed, change, error);
		change->spend = STORE_SPEND_HOTP;
		change->value = credential_lenient_number(parsed, "HOTP_COUNTER") - 1;
	}
	totpgroup_credential_free(parsed);
	return status;
}

/* Nobody is asked while the lock is held. */
static enum exit_status read_codes(struct resyncing *resyncing)
{
	if (terminal_read_hidden_line(translate("Next code of the token: "), resyncing->first,
		    sizeof resyncing->first) &&
		terminal_read_hidden_line(translate("And the one after it: "),
			resyncing->second, sizeof resyncing->second))
		return STATUS_DONE;
	error_set(&resyncing->error, TOTPGROUP_EARGUMENT,
		translate("two codes are needed, each on a line of standard input: nothing was "
			  "tried"));
	return STATUS_REFUSED;
}

static enum exit_status write_counter(struct resyncing *resyncing)
{
	enum exit_status status = user_file_status(store_transact(
		resyncing->file.credential->place, find_counter, resyncing, &resyncing->error));

	if (status != STATUS_DONE)
		return status;
	if (resyncing->found)
		return STATUS_DONE;
	error_set(&resyncing->error, TOTPGROUP_EARGUMENT,
		translate("these are not two codes in a row of the next %d: press the button "
			  "twice more "
			  "and try again, or enroll the token anew"),
		RESYNC_LOOK_AHEAD);
	return STATUS_REFUSED;
}

static enum exit_status resync_user(struct manage *manage, const char *user)
{
	struct resyncing resyncing = {.error = ERROR_INIT};
	enum exit_status status = user_file_find(&resyncing.file, user, &manage->defaults,
		manage->options.secret, &resyncing.error);
	const char *name = resyncing.file.name != NULL ? resyncing.file.name : user;

	if (status == STATUS_DONE)
		status = read_codes(&resyncing);
	if (status == STATUS_DONE)
		status = write_counter(&resyncing);
	if (status != STATUS_DONE)
		terminal_complain("%s%s%s", name != NULL ? name : "", name != NULL ? ": " : "",
			resyncing.error.message);
	else if (manage->options.quiet == 0)
		terminal_say("%s: the counter was behind by %" PRId64
			     "; the token's next code is good\n",
			name, resyncing.behind + 2);
	user_file_free(&resyncing.file);
	WIPE_OBJECT(&resyncing);
	return status;
}

enum exit_status command_resync(int argc, char **argv)
{
	struct manage manage = {.named = NULL};
	enum exit_status status =
		manage_read_options(&manage, resync_options_table, 0, argc, argv);

	if (status == STATUS_DONE && manage.named_count > 1)
		status = terminal_fail(STATUS_USAGE,
			"one token at a time: '%s' is one too many", manage.named[1]);
	if (status == STATUS_DONE)
		status = manage_begin(&manage);
	if (status == STATUS_DONE)
		status = resync_user(&manage, manage.users[0]);
	manage_end(&manage);
	return status;
}
