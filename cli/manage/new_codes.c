/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/manage/new_codes.h"

#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "cli/enroll/options.h"
#include "cli/ui/questions.h"
#include "cli/users/file_state.h"
#include "core/credential.h"
#include "core/emergency.h"
#include "core/emergency_hash.h"
#include "core/fresh_codes.h"
#include "core/new_credential.h"
#include "core/state.h"
#include "store/file_store.h"
#include "totpgroup.h"

/* How often to begin again because somebody else changed the file. */
#define CONFLICTS_MAX 10

/* The state is the host's. A user who may not see it gets new codes all the same:
 * one in many million of them could be one that is spent. */
static enum exit_status read_state(struct renewal *renewal, const char *name)
{
	int result = file_state_look(renewal->defaults, name, &renewal->state, &renewal->error);

	if (result == 0)
		return STATUS_DONE;
	if (!file_state_is_roots(&renewal->error))
		return STATUS_STORE_ERROR;
	renewal->error = (struct error)ERROR_INIT;
	return STATUS_DONE;
}

static enum exit_status find_several(struct renewal *renewal, const char *user)
{
	enum exit_status status = user_file_find_for_login(&renewal->file, user,
		renewal->defaults, renewal->options->secret, &renewal->error);

	renewal->name = renewal->file.account.name;
	renewal->path = renewal->file.path;
	return status == STATUS_DONE ? read_state(renewal, renewal->name) : status;
}

/* With the names and the folder that google-authenticator's flags mean. */
static enum exit_status find_one(struct renewal *renewal, const char *user)
{
	const struct enroll_options options = {
		.secret = renewal->options->secret, .quiet = renewal->options->quiet};
	const struct host_defaults *defaults = renewal->defaults;
	const char *owner = options.secret == NULL ? defaults->user : NULL;
	enum exit_status status = account_find(&renewal->account, user);

	/* Before root's rights are gone. */
	if (status == STATUS_DONE)
		status = read_state(renewal, renewal->account.name);
	account_free(&renewal->account);
	if (status == STATUS_DONE)
		status = account_find_and_become(&renewal->account, user, owner);
	if (status == STATUS_DONE)
		status = target_find(&renewal->target, &options, defaults, &renewal->account);
	renewal->name = renewal->account.name;
	renewal->path = renewal->target.path;
	return status;
}

static enum exit_status find(struct renewal *renewal, const char *user)
{
	return renewal->several ? find_several(renewal, user) : find_one(renewal, user);
}

/* Whether google-authenticator would not accept the codes of this credential. A
 * damaged option counts: that is for the login to report. */
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

/* As it was, or where there was no code as a new enrollment would have it. */
static bool are_hashed(const struct renewal *renewal, const totpgroup_credential *credential)
{
	struct credential_option option;

	if (renewal->options->code_format != CODE_FORMAT_CHOOSE)
		return renewal->options->code_format == CODE_FORMAT_HASHED;
	if (credential_find(credential, EMERGENCY_HASH_KEY, &option))
		return true;
	return emergency_codes_left(credential) == 0 && is_ours(credential);
}

static int load(totpgroup_credential **credential, const struct text *text, const char *path,
	struct error *error)
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

/* What is left of the old codes, as a login sees it. */
static int count_old(struct renewal *renewal)
{
	totpgroup_credential *effective = NULL;
	bool damaged_state;
	struct error why = ERROR_INIT;
	int status = state_apply(
		&renewal->secret, &renewal->state, &effective, &damaged_state, &why);

	if (status == 0)
		renewal->old_count = emergency_codes_left(effective);
	else if (damaged_state)
		file_state_is_damaged(renewal->defaults, renewal->name, &why, &renewal->error);
	else
		error_set(&renewal->error, status, "%s: %s", renewal->path, why.message);
	totpgroup_credential_free(effective);
	return status;
}

static int read_secret(struct renewal *renewal)
{
	struct file_store_rules rules;

	if (renewal->several)
		return user_file_read(&renewal->file, &renewal->secret, &renewal->error);
	rules = target_rules(&renewal->target);
	return file_store_look(&rules, &renewal->secret, &renewal->error);
}

/* Reads the file without a lock, because a person may be going to be asked. */
static enum exit_status look(struct renewal *renewal)
{
	totpgroup_credential *credential = NULL;
	int status = read_secret(renewal);

	if (status == TOTPGROUP_ENOTFOUND) {
		error_set(&renewal->error, status, "%s is not enrolled: there is no %s",
			renewal->name, renewal->path);
		return STATUS_NOT_ENROLLED;
	}
	if (status == 0)
		status = load(&credential, &renewal->secret, renewal->path, &renewal->error);
	if (status == 0)
		status = count_old(renewal);
	if (status == 0)
		renewal->hashed = are_hashed(renewal, credential);
	totpgroup_credential_free(credential);
	return status == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

static enum exit_status ask(struct renewal *renewal)
{
	enum exit_status status;
	bool yes;

	if (renewal->options->force != 0 || renewal->old_count == 0 ||
		isatty(STDIN_FILENO) != 1)
		return STATUS_DONE;
	status = question_new_codes(renewal->path, renewal->old_count, &yes);
	return status == STATUS_DONE && !yes ? STATUS_REFUSED : status;
}

/* Before the lock is taken, because hashing takes its time. */
static enum exit_status draw(struct renewal *renewal)
{
	bool ignored;

	return fresh_codes_draw(&renewal->codes, (unsigned int)renewal->options->number,
		       renewal->hashed, &renewal->secret, &renewal->state, &renewal->lines,
		       &ignored, &renewal->error) == 0
		       ? STATUS_DONE
		       : STATUS_STORE_ERROR;
}

/* What a login has changed in the meantime is in the text that is read under
 * the lock. */
static int replace(
	const struct file_store_rules *rules, const struct text *lines, struct error *error)
{
	struct file_store_transaction *transaction = NULL;
	totpgroup_credential *credential = NULL;
	struct text text = TEXT_INIT;
	int status = file_store_begin(rules, &transaction, &text, error);

	if (status == 0)
		status = load(&credential, &text, rules->path, error);
	if (status == 0 && emergency_codes_replace(credential, lines->data, lines->length) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status == 0) {
		status = file_store_commit(transaction, &credential->text, error);
		transaction = NULL;
	}
	file_store_abort(transaction);
	totpgroup_credential_free(credential);
	text_free(&text);
	return status;
}

/* What the process that has the rights is given. */
struct replacement {
	struct credential_place place;
	const struct text *lines;
};

static int replace_with_rights(void *argument, struct text *text, struct error *error)
{
	const struct replacement *work = argument;

	(void)text;
	return replace(&work->place.rules, work->lines, error);
}

static int try_write(struct renewal *renewal)
{
	struct replacement work = {.lines = &renewal->lines};
	struct file_store_rules rules;

	renewal->error = (struct error)ERROR_INIT;
	if (!renewal->several) {
		rules = target_rules(&renewal->target);
		return replace(&rules, &renewal->lines, &renewal->error);
	}
	work.place = user_file_place(&renewal->file);
	return work.place.with_rights(work.place.context, replace_with_rights, &work,
		sizeof work, NULL, &renewal->error);
}

static enum exit_status write_file(struct renewal *renewal)
{
	int status = TOTPGROUP_ECONFLICT;

	/* The codes are to be shown once they are good. */
	target_hold_signals();
	for (int i = 0; i < CONFLICTS_MAX && status == TOTPGROUP_ECONFLICT; i++)
		status = try_write(renewal);
	return status == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

static enum exit_status (*const steps[])(struct renewal *) = {look, ask, draw, write_file};

enum exit_status renewal_make(struct renewal *renewal, const char *user)
{
	enum exit_status status = find(renewal, user);

	for (size_t i = 0; status == STATUS_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](renewal);
	return status;
}

void renewal_free(struct renewal *renewal)
{
	user_file_free(&renewal->file);
	account_free(&renewal->account);
	target_free(&renewal->target);
	text_free(&renewal->secret);
	text_free(&renewal->state);
	text_free(&renewal->lines);
	WIPE_OBJECT(&renewal->codes);
}
