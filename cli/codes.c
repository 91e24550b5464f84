/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "base/wipe.h"
#include "core/credential.h"
#include "core/emergency.h"
#include "core/emergency_codes.h"
#include "core/emergency_hash.h"
#include "core/new_credential.h"
#include "enroll_options.h"
#include "help.h"
#include "host_defaults.h"
#include "present.h"
#include "questions.h"
#include "store/file_store.h"
#include "target.h"
#include "terminal.h"
#include "totpgroup.h"

/* How often to begin again because somebody else changed the file. */
#define CONFLICTS_MAX 10

/* One renewal on its way. */
struct renewal {
	struct enroll_options options;
	struct host_defaults defaults;
	struct account account;
	struct target target;
	unsigned int old_count;
	bool hashed;
	struct emergency_codes codes;
	struct text lines; /* of the new codes */
	struct error error;
};

static enum exit_status fail(const struct renewal *renewal)
{
	terminal_complain_error(&renewal->error);
	return STATUS_STORE_ERROR;
}

static enum exit_status find(struct renewal *renewal)
{
	const struct enroll_options *options = &renewal->options;
	const struct host_defaults *defaults = &renewal->defaults;
	const char *owner = options->secret_file == NULL ? defaults->user : NULL;
	enum exit_status status =
		account_find_and_become(&renewal->account, options->user, owner);

	if (status != STATUS_DONE)
		return status;
	return target_find(&renewal->target, options, defaults, &renewal->account);
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

/* As it was, or where there was no code as a new enrolment would have it. */
static bool are_hashed(const struct renewal *renewal, const totpgroup_credential *credential)
{
	struct credential_option option;

	if (renewal->options.code_format != CODE_FORMAT_CHOOSE)
		return renewal->options.code_format == CODE_FORMAT_HASHED;
	if (credential_find(credential, EMERGENCY_HASH_KEY, &option))
		return true;
	return emergency_codes_left(credential) == 0 && is_ours(credential);
}

static int load(
	totpgroup_credential **credential, const struct text *text, struct renewal *renewal)
{
	const char *path = renewal->target.path;
	struct error why = ERROR_INIT;
	struct hmac *hmac = NULL;
	int status = credential_load(credential, text->data, text->length, &why);

	if (status == 0)
		status = credential_open_hmac(*credential, &hmac, &why);
	hmac_close(hmac);
	if (status == 0)
		return 0;
	return error_set(&renewal->error, status, "%s: %s", path, why.message);
}

/* Reads the file without a lock, because a person is going to be asked. */
static enum exit_status look(struct renewal *renewal)
{
	const struct file_store_rules rules = target_rules(&renewal->target);
	totpgroup_credential *credential = NULL;
	struct text text = TEXT_INIT;
	int status = file_store_look(&rules, &text, &renewal->error);

	if (status == TOTPGROUP_ENOTFOUND) {
		terminal_complain("%s is not enrolled: there is no %s", renewal->account.name,
			renewal->target.path);
		return STATUS_NOT_ENROLLED;
	}
	if (status == 0)
		status = load(&credential, &text, renewal);
	if (status == 0) {
		renewal->old_count = emergency_codes_left(credential);
		renewal->hashed = are_hashed(renewal, credential);
	}
	totpgroup_credential_free(credential);
	text_free(&text);
	return status == 0 ? STATUS_DONE : fail(renewal);
}

static enum exit_status ask(struct renewal *renewal)
{
	enum exit_status status;
	bool yes;

	if (renewal->options.force != 0 || renewal->old_count == 0 || isatty(STDIN_FILENO) != 1)
		return STATUS_DONE;
	status = question_new_codes(renewal->target.path, renewal->old_count, &yes);
	return status == STATUS_DONE && !yes ? STATUS_REFUSED : status;
}

/* Before the lock is taken, because hashing takes its time. */
static enum exit_status make(struct renewal *renewal)
{
	unsigned int count = (unsigned int)renewal->options.emergency_codes;

	if (emergency_codes_draw(&renewal->codes, count, renewal->hashed, &renewal->error) !=
			0 ||
		emergency_codes_append(&renewal->codes, &renewal->lines, &renewal->error) != 0)
		return fail(renewal);
	return STATUS_DONE;
}

static int put_codes(struct renewal *renewal, totpgroup_credential *credential)
{
	int status =
		emergency_codes_replace(credential, renewal->lines.data, renewal->lines.length);

	return status == 0 ? 0 : error_set(&renewal->error, status, "out of memory");
}

/* What a login has changed in the meantime is in the text that is read under
 * the lock. */
static int replace(struct renewal *renewal)
{
	const struct file_store_rules rules = target_rules(&renewal->target);
	struct file_store_transaction *transaction = NULL;
	totpgroup_credential *credential = NULL;
	struct text text = TEXT_INIT;
	int status = file_store_begin(&rules, &transaction, &text, &renewal->error);

	if (status == 0)
		status = load(&credential, &text, renewal);
	if (status == 0)
		status = put_codes(renewal, credential);
	if (status == 0) {
		status = file_store_commit(transaction, &credential->text, &renewal->error);
		transaction = NULL;
	}
	file_store_abort(transaction);
	totpgroup_credential_free(credential);
	text_free(&text);
	return status;
}

static enum exit_status write_file(struct renewal *renewal)
{
	int status = TOTPGROUP_ECONFLICT;

	target_hold_signals();
	for (int i = 0; i < CONFLICTS_MAX && status == TOTPGROUP_ECONFLICT; i++)
		status = replace(renewal);
	return status == 0 ? STATUS_DONE : fail(renewal);
}

/* Shown when they are good, and not before. */
static enum exit_status show(struct renewal *renewal)
{
	enum exit_status status;

	if (renewal->options.quiet != 0)
		status = present_bare_codes(&renewal->codes);
	else
		status = present_emergency_codes(&renewal->codes);
	if (status != STATUS_DONE)
		terminal_complain("the old codes are void, and the new ones were not shown: "
				  "make new ones again");
	return status;
}

static enum exit_status (*const steps[])(struct renewal *) = {
	find,
	look,
	ask,
	make,
	write_file,
	show,
};

enum exit_status codes(int argc, char **argv)
{
	struct renewal renewal = {.options = ENROLL_OPTIONS_INIT, .error = ERROR_INIT};
	enum exit_status status = codes_options_read(&renewal.options, argc, argv);

	if (status == STATUS_DONE && renewal.options.help != 0)
		return help_print();
	if (status == STATUS_DONE)
		status = host_defaults_load(&renewal.defaults, renewal.options.conf_file);
	for (size_t i = 0; status == STATUS_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](&renewal);
	account_free(&renewal.account);
	target_free(&renewal.target);
	host_defaults_free(&renewal.defaults);
	text_free(&renewal.lines);
	WIPE_OBJECT(&renewal.codes);
	return status;
}
