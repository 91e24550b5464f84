/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "cli/enroll/enroll.h"
#include "cli/manage/manage.h"
#include "cli/ui/terminal.h"
#include "core/credential.h"
#include "core/emergency.h"
#include "core/emergency_codes.h"
#include "core/emergency_hash.h"
#include "core/judge.h"
#include "core/new_credential.h"
#include "host/local_codes.h"
#include "message/translate.h"
#include "store/parent_folders.h"
#include "totpgroup.h"

/* Whether google-authenticator would refuse the codes of this credential. A damaged option
 * counts as such: the login reports it. */
static bool is_ours(const totpgroup_credential *credential)
{
	struct credential_parameters parameters;
	struct credential_option option;
	struct error ignored = ERROR_INIT;

	if (credential_find(credential, "ALGORITHM", &option) &&
		(option.length != strlen("SHA1") ||
			memcmp(option.value, "SHA1", option.length) != 0))
		return true;
	return credential_parameters(credential, &parameters, &ignored) != 0 ||
	       parameters.digits != NEW_CREDENTIAL_DIGITS ||
	       parameters.period > NEW_CREDENTIAL_COMMON_PERIOD_MAX;
}

/* The codes stay hashed or plain as they were. Where there are none, they become what they
 * would be in a new enrollment. */
static bool are_hashed(const struct new_codes *made, const totpgroup_credential *credential)
{
	struct credential_option option;

	if (made->manage->options.local != 0)
		return true;
	if (made->manage->options.code_format != CODE_FORMAT_CHOOSE)
		return made->manage->options.code_format == CODE_FORMAT_HASHED;
	if (credential_find(credential, EMERGENCY_HASH_KEY, &option))
		return true;
	return emergency_codes_left(credential) == 0 && is_ours(credential);
}

/* Reads the file without a lock, because a person may be asked before the change. A user
 * who may not read the state, in which spent codes are noted, gets new codes all the same:
 * that one of them is a spent one is too unlikely to matter. */
static enum exit_status read_old(struct new_codes *made)
{
	totpgroup_credential *credential = NULL;
	bool ignored;
	int status = user_file_look(&made->file, &made->record, &ignored, &made->error);

	if (status == TOTPGROUP_ENOTFOUND) {
		error_set(&made->error, status, translate("%s is not enrolled: there is no %s"),
			made->file.name, made->file.path);
		return STATUS_NOT_ENROLLED;
	}
	if (status == 0)
		status = user_file_judge(&made->file, &made->record, &credential, &made->error);
	if (status == 0) {
		made->old_count = emergency_codes_left(credential);
		made->hashed = are_hashed(made, credential);
	}
	totpgroup_credential_free(credential);
	return status == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

/* The question goes to standard error: standard output may be a pipe for the codes. */
static enum exit_status confirm_with_person(const struct new_codes *made)
{
	enum exit_status status;
	bool yes;

	if (made->manage->options.force != 0 || made->old_count == 0 ||
		isatty(STDIN_FILENO) != 1)
		return STATUS_DONE;
	terminal_say_on(STDERR_FILENO,
		translate_plural(
			"%s has %u emergency code left, void as soon as there are new ones.\n",
			"%s has %u emergency codes left, void as soon as there are new ones.\n",
			made->old_count),
		made->file.path, made->old_count);
	status = terminal_ask(STDERR_FILENO, "Make new ones?", false, &yes);
	return status == STATUS_DONE && !yes ? STATUS_REFUSED : status;
}

/* Draws the codes before the lock is taken, because hashing takes a while. */
static enum exit_status draw_codes(struct new_codes *made)
{
	bool ignored;

	return emergency_codes_draw_fresh(&made->codes,
		       (unsigned int)made->manage->options.number, made->hashed,
		       &made->record.secret, &made->record.state, &made->lines, &ignored,
		       &made->error) == 0
		       ? STATUS_DONE
		       : STATUS_STORE_ERROR;
}

/* For store_transact(): the secret with the new codes, and with whatever a login changed
 * in the meantime. */
static int replace_codes(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	const struct new_codes *made = argument;
	totpgroup_credential *credential = NULL;
	int status =
		credential_load(&credential, record->secret.data, record->secret.length, error);

	if (status == 0)
		status = credential_judge(credential, error);
	if (status == 0 &&
		emergency_codes_replace(credential, made->lines.data, made->lines.length) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	if (status == 0) {
		change->secret = credential->text;
		credential->text = (struct text)TEXT_INIT;
		change->has_secret = true;
	}
	totpgroup_credential_free(credential);
	return status;
}

static enum exit_status write_codes(struct new_codes *made)
{
	/* Once the new codes are good, they must be shown: signals wait for that. */
	terminal_hold_signals();
	return store_transact(
		       made->writer.credential->place, replace_codes, made, &made->error) == 0
		       ? STATUS_DONE
		       : STATUS_STORE_ERROR;
}

static enum exit_status find_file(
	struct new_codes *made, const char *user, struct user_file *file)
{
	const struct manage *manage = made->manage;
	const struct manage_options *options = &manage->options;

	if (options->local != 0)
		return user_file_find(
			file, user, &manage->defaults, LOCAL_CODES_PATH, &made->error);
	if (!made->by_flags)
		return user_file_find(
			file, user, &manage->defaults, options->secret, &made->error);
	return user_file_find_by_flags(file, user, &manage->defaults, options->secret,
		options->quiet != 0 || file->without_state, &made->error);
}

/* The state is read, where that is possible; new codes are no change of it. */
static enum exit_status find_files(struct new_codes *made, const char *user)
{
	bool is_local = made->manage->options.local != 0;
	enum exit_status status;

	if (is_local && parent_folders_make(LOCAL_CODES_PATH, &made->error) != 0)
		return STATUS_STORE_ERROR;
	made->file.without_state = made->file.leaves_plain = is_local;
	made->writer.leaves_plain = is_local;
	made->writer.without_state = true;
	status = find_file(made, user, &made->file);
	if (status == STATUS_DONE)
		status = find_file(made, user, &made->writer);
	return status;
}

/* The first codes of this host: a file with the limit, and with a secret that is good for nothing,
 * because the file says neither TOTP nor HOTP. */
static enum exit_status make_local_file(struct new_codes *made)
{
	struct new_credential drawn = NEW_CREDENTIAL_DEFAULT;
	struct text text = TEXT_INIT;
	struct error *error = &made->error;
	int status = new_credential_draw(&drawn, error);

	if (status == 0 && text_append_format(&text, "%s\n\" RATE_LIMIT %d %d\n", drawn.secret,
				   NEW_CREDENTIAL_RATE_LIMIT, NEW_CREDENTIAL_RATE_TIME) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	if (status == 0)
		status = user_file_write(&made->file, &text, false, error);
	if (status == TOTPGROUP_ECONFLICT) {
		*error = (struct error)ERROR_INIT;
		status = 0;
	}
	WIPE_OBJECT(&drawn);
	text_free(&text);
	return status == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

enum exit_status new_codes_make(struct new_codes *made, const char *user)
{
	enum exit_status status = find_files(made, user);

	if (status == STATUS_DONE && made->manage->options.local != 0)
		status = make_local_file(made);
	if (status == STATUS_DONE)
		status = read_old(made);
	if (status == STATUS_DONE)
		status = confirm_with_person(made);
	if (status == STATUS_DONE)
		status = draw_codes(made);
	return status == STATUS_DONE ? write_codes(made) : status;
}

void new_codes_free(struct new_codes *made)
{
	user_file_free(&made->file);
	user_file_free(&made->writer);
	store_record_free(&made->record);
	text_free(&made->lines);
	WIPE_OBJECT(&made->codes);
}
