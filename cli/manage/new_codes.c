/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "cli/enroll/enroll.h"
#include "cli/manage/manage.h"
#include "cli/ui/terminal.h"
#include "cli/users/file_state.h"
#include "core/credential.h"
#include "core/emergency.h"
#include "core/emergency_hash.h"
#include "core/emergency_codes.h"
#include "core/new_credential.h"
#include "core/state.h"
#include "store/locked_file.h"
#include "totpgroup.h"

/* How often to begin again where somebody else changes the file. */
#define CONFLICTS_MAX 10

/* Reads the state, in which spent codes are noted. A user who may not read it gets new
 * codes all the same: that one of them is a spent one is too unlikely to matter. */
static enum exit_status read_state(struct new_codes *made, const char *name)
{
	int result = file_state_look(&made->manage->defaults, name, &made->state, &made->error);

	if (result == 0)
		return STATUS_DONE;
	if (!file_state_is_roots(&made->error))
		return STATUS_STORE_ERROR;
	made->error = (struct error)ERROR_INIT;
	return STATUS_DONE;
}

static enum exit_status find_login_file(struct new_codes *made, const char *user)
{
	enum exit_status status;

	made->file.without_state = true;
	status = user_file_find_for_login(&made->file, user, &made->manage->defaults,
		made->manage->options.secret, &made->error);

	made->name = made->file.account.name;
	made->path = made->file.path;
	return status == STATUS_DONE ? read_state(made, made->name) : status;
}

/* Finds the file as google-authenticator's flags do. */
static enum exit_status find_target(struct new_codes *made, const char *user)
{
	const struct enroll_options options = {
		.secret = made->manage->options.secret, .quiet = made->manage->options.quiet};
	const struct host_defaults *defaults = &made->manage->defaults;
	const char *owner = options.secret == NULL ? defaults->user : NULL;
	enum exit_status status = account_find(&made->account, user);

	/* The state is read before this process gives up root's rights. */
	if (status == STATUS_DONE)
		status = read_state(made, made->account.name);
	account_free(&made->account);
	if (status == STATUS_DONE)
		status = account_find_and_become(&made->account, user, owner);
	if (status == STATUS_DONE)
		status = target_find(&made->target, &options, defaults, &made->account);
	made->name = made->account.name;
	made->path = made->target.path;
	return status;
}

static enum exit_status find_file(struct new_codes *made, const char *user)
{
	return made->in_child ? find_login_file(made, user) : find_target(made, user);
}

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

	if (made->manage->options.code_format != CODE_FORMAT_CHOOSE)
		return made->manage->options.code_format == CODE_FORMAT_HASHED;
	if (credential_find(credential, EMERGENCY_HASH_KEY, &option))
		return true;
	return emergency_codes_left(credential) == 0 && is_ours(credential);
}

static int load_credential(totpgroup_credential **credential, const struct text *text,
	const char *path, struct error *error)
{
	struct error why = ERROR_INIT;
	struct hmac *hmac = NULL;
	int status = credential_load(credential, text->data, text->length, &why);

	if (status == 0)
		status = credential_open_hmac(*credential, &hmac, &why);
	hmac_close(hmac);
	if (status == 0)
		return 0;
	return error_set(error, status, "%s: %s", path, why.message);
}

/* Counts the old codes that a login would accept. */
static int count_old(struct new_codes *made)
{
	totpgroup_credential *effective = NULL;
	bool damaged_state;
	struct error why = ERROR_INIT;
	int status = state_apply(&made->secret, &made->state, &effective, &damaged_state, &why);

	if (status == 0)
		made->old_count = emergency_codes_left(effective);
	else if (damaged_state)
		file_state_is_damaged(&made->manage->defaults, made->name, &why, &made->error);
	else
		error_set(&made->error, status, "%s: %s", made->path, why.message);
	totpgroup_credential_free(effective);
	return status;
}

static int read_secret(struct new_codes *made)
{
	struct file_rules rules;

	if (made->in_child)
		return user_file_read(&made->file, &made->secret, &made->error);
	rules = target_rules(&made->target);
	return locked_file_look(&rules, &made->secret, &made->error);
}

/* Reads the file without a lock, because a person may be asked before the change. */
static enum exit_status read_old(struct new_codes *made)
{
	totpgroup_credential *credential = NULL;
	int status = read_secret(made);

	if (status == TOTPGROUP_ENOTFOUND) {
		error_set(&made->error, status, "%s is not enrolled: there is no %s",
			made->name, made->path);
		return STATUS_NOT_ENROLLED;
	}
	if (status == 0)
		status = load_credential(&credential, &made->secret, made->path, &made->error);
	if (status == 0)
		status = count_old(made);
	if (status == 0)
		made->hashed = are_hashed(made, credential);
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
	dprintf(STDERR_FILENO,
		"%s has %u emergency code%s left, void as soon as there are new ones.\n",
		made->path, made->old_count, made->old_count == 1 ? "" : "s");
	status = terminal_ask(STDERR_FILENO, "Make new ones?", false, &yes);
	return status == STATUS_DONE && !yes ? STATUS_REFUSED : status;
}

/* Draws the codes before the lock is taken, because hashing takes a while. */
static enum exit_status draw_codes(struct new_codes *made)
{
	bool ignored;

	return emergency_codes_draw_fresh(&made->codes,
		       (unsigned int)made->manage->options.number, made->hashed, &made->secret,
		       &made->state, &made->lines, &ignored, &made->error) == 0
		       ? STATUS_DONE
		       : STATUS_STORE_ERROR;
}

/* Replaces the codes in the text that is read under the lock, which has whatever a login
 * changed in the meantime. */
static int replace_codes(
	const struct file_rules *rules, const struct text *lines, struct error *error)
{
	struct locked_file *transaction = NULL;
	totpgroup_credential *credential = NULL;
	struct text text = TEXT_INIT;
	int status = locked_file_begin(rules, &transaction, &text, error);

	if (status == 0)
		status = load_credential(&credential, &text, rules->path, error);
	if (status == 0 && emergency_codes_replace(credential, lines->data, lines->length) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status == 0) {
		status = locked_file_commit(&transaction, &credential->text, false, error);
	}
	locked_file_abort(transaction);
	totpgroup_credential_free(credential);
	text_free(&text);
	return status;
}

/* For store_transact(): the secret with the new codes. */
static int replace_in_record(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	const struct new_codes *made = argument;
	totpgroup_credential *credential = NULL;
	int status = load_credential(&credential, &record->secret, made->path, error);

	if (status == 0 &&
		emergency_codes_replace(credential, made->lines.data, made->lines.length) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status == 0) {
		change->secret = credential->text;
		credential->text = (struct text)TEXT_INIT;
		change->has_secret = true;
	}
	totpgroup_credential_free(credential);
	return status;
}

static int try_write(struct new_codes *made)
{
	struct file_rules rules;

	made->error = (struct error)ERROR_INIT;
	if (made->in_child)
		return store_transact(
			made->file.credential->place, replace_in_record, made, &made->error);
	rules = target_rules(&made->target);
	return replace_codes(&rules, &made->lines, &made->error);
}

static enum exit_status write_file(struct new_codes *made)
{
	int status = TOTPGROUP_ECONFLICT;

	/* Once the new codes are good, they must be shown: signals wait for that. */
	target_hold_signals();
	for (int i = 0; i < CONFLICTS_MAX && status == TOTPGROUP_ECONFLICT; i++)
		status = try_write(made);
	return status == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

enum exit_status new_codes_make(struct new_codes *made, const char *user)
{
	enum exit_status status = find_file(made, user);

	if (status == STATUS_DONE)
		status = read_old(made);
	if (status == STATUS_DONE)
		status = confirm_with_person(made);
	if (status == STATUS_DONE)
		status = draw_codes(made);
	return status == STATUS_DONE ? write_file(made) : status;
}

void new_codes_free(struct new_codes *made)
{
	user_file_free(&made->file);
	account_free(&made->account);
	target_free(&made->target);
	text_free(&made->secret);
	text_free(&made->state);
	text_free(&made->lines);
	WIPE_OBJECT(&made->codes);
}
