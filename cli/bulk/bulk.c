/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/wipe.h"
#include "cli/bulk/eligible.h"
#include "cli/bulk/run.h"
#include "cli/ui/terminal.h"
#include "config/enroll_defaults.h"
#include "host/user_entry.h"
#include "message/app_support.h"
#include "store/secret_path.h"
#include "totpgroup.h"

/* What was found out about one user. */
struct finding {
	enum bulk_result result; /* BULK_CREATED: to be enrolled */
	enum bulk_reason reason;
	struct error error;
};

static void skip(struct finding *finding, enum bulk_reason reason, const char *why)
{
	finding->result = BULK_SKIPPED;
	finding->reason = reason;
	error_set(&finding->error, TOTPGROUP_ECONFLICT, "%s", why);
}

static void fail(struct finding *finding, enum bulk_reason reason)
{
	finding->result = BULK_FAILED;
	finding->reason = reason;
}

/* Whom a group has that is no person is not meant, unless it was named. */
static void judge_account(const struct bulk_run *run, const struct bulk_user *user,
	const struct passwd *entry, struct finding *finding)
{
	if (getuid() != 0 && getuid() != entry->pw_uid) {
		error_set(&finding->error, TOTPGROUP_EUNSAFE,
			"only root may do that for another user");
		fail(finding, BULK_NOT_PERMITTED);
	} else if (!user->named && bulk_is_system_account(entry->pw_uid, run->first_uid)) {
		skip(finding, BULK_SYSTEM_ACCOUNT, "is a system account");
	} else if (!user->named && !bulk_has_login_shell(entry->pw_shell)) {
		skip(finding, BULK_NO_LOGIN_SHELL, "has a shell that lets nobody in");
	}
}

/* Letters are named after users, and none may be another file of the folder. */
static void judge_name(
	const struct bulk_run *run, const struct bulk_entry *entry, struct finding *finding)
{
	const struct bulk_formats *formats = &run->options.formats;
	const char *user = bulk_entry_user(entry);
	char name[NAME_MAX + 1];
	bool good = secret_path_user_is_safe(user) &&
		    !(formats->html && strcmp(user, "letters") == 0);

	for (size_t i = 0; i < formats->letter_count; i++)
		good = good && bulk_entry_letter_name(entry, formats->letters[i], name);
	if (good)
		return;
	error_set(&finding->error, TOTPGROUP_EARGUMENT,
		"the name cannot be that of a letter's file; use totp-enroll enroll");
	fail(finding, BULK_BAD_NAME);
}

/* Whether the batch has the same secret to make already. */
static bool is_twice(const struct bulk_batch *batch, const struct bulk_entry *entry)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->entries[i].file.account.uid == entry->file.account.uid &&
			strcmp(batch->entries[i].file.path, entry->file.path) == 0)
			return true;
	return false;
}

static bool has_letter(const struct bulk_run *run, const struct bulk_entry *entry)
{
	const struct bulk_formats *formats = &run->options.formats;
	char name[NAME_MAX + 1];
	struct stat status;

	for (size_t i = 0; run->folder.descriptor >= 0 && i < formats->letter_count; i++)
		if (bulk_entry_letter_name(entry, formats->letters[i], name) &&
			fstatat(run->folder.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) ==
				0)
			return true;
	return false;
}

/* Judges by the secret that is there, whose text comes back, and by the letters. */
static void judge_secret(const struct bulk_run *run, const struct bulk_entry *entry,
	struct text *old, struct finding *finding)
{
	bool rotate = run->options.rotate != 0;
	int status = user_file_read(&entry->file, old, &finding->error);

	if (status == 0 && !rotate) {
		skip(finding, BULK_ENROLLED, "has a secret already");
	} else if (status != 0 && status != TOTPGROUP_ENOTFOUND) {
		fail(finding, status == TOTPGROUP_EUNSAFE ? BULK_BAD_FILE : BULK_STORE_ERROR);
	} else if (has_letter(run, entry) && rotate) {
		skip(finding, BULK_HAS_LETTER,
			"has a letter in that folder; to rotate again, name a new one");
	} else if (has_letter(run, entry)) {
		error_set(&finding->error, TOTPGROUP_ECONFLICT,
			"there is a letter in that folder, of a secret that is gone; remove "
			"it");
		fail(finding, BULK_LETTER_EXISTS);
	}
}

/* Draws the secret of an entry. */
static void draw(const struct bulk_run *run, struct bulk_entry *entry, const struct text *old,
	struct finding *finding)
{
	struct error *error = &finding->error;
	int status = default_credential_draw(&run->defaults.enroll, &entry->credential, error);

	if (run->options.pending_seconds != 0)
		entry->credential.pending_until =
			(int64_t)time(NULL) + run->options.pending_seconds;
	if (status == 0)
		status = new_credential_append(&entry->credential, &entry->text, error);
	if (status == 0 && old->length > 0)
		status = bulk_digest(&entry->text, old, entry->previous, error);
	if (status != 0)
		fail(finding, BULK_STORE_ERROR);
}

static void judge_entry(
	const struct bulk_run *run, struct bulk_entry *entry, struct finding *finding)
{
	struct text old = TEXT_INIT;

	judge_name(run, entry, finding);
	if (finding->result == BULK_CREATED && is_twice(run->batch, entry))
		skip(finding, BULK_TWICE, "was named before");
	if (finding->result == BULK_CREATED)
		judge_secret(run, entry, &old, finding);
	if (finding->result == BULK_CREATED && run->options.dry_run == 0)
		draw(run, entry, &old, finding);
	text_free(&old);
}

/* Looks at a user whom the database has, and takes him into the batch. */
static void consider_entry(struct bulk_run *run, const struct bulk_user *user,
	const struct passwd *entry, struct finding *finding)
{
	struct bulk_batch *batch = run->batch;
	struct bulk_entry *place = &batch->entries[batch->count];
	enum exit_status status;

	*place = (struct bulk_entry){.text = TEXT_INIT};
	judge_account(run, user, entry, finding);
	if (finding->result == BULK_CREATED) {
		status = user_file_find_for_entry(&place->file, entry, &run->defaults,
			run->options.secret, &finding->error);
		if (status == STATUS_DONE)
			judge_entry(run, place, finding);
		else if (finding->error.code == TOTPGROUP_EARGUMENT &&
			 !secret_path_user_is_safe(entry->pw_name))
			fail(finding, BULK_BAD_NAME);
		else
			fail(finding, status == STATUS_NOT_PERMITTED ? BULK_NOT_PERMITTED
								     : BULK_STORE_ERROR);
	}
	batch->count++;
	if (finding->result == BULK_CREATED && run->options.dry_run == 0)
		return;
	bulk_report_user(&run->report, user->name, finding->result, finding->reason,
		place->file.path, finding->error.message);
	bulk_batch_drop_last(batch);
}

static void report_unknown(
	struct bulk_run *run, const struct bulk_user *user, struct finding *finding)
{
	if (user->named)
		fail(finding, BULK_UNKNOWN_USER);
	else
		finding->result = BULK_SKIPPED;
	finding->reason = BULK_UNKNOWN_USER;
	bulk_report_user(&run->report, user->name, finding->result, finding->reason, NULL,
		finding->error.message);
}

static void consider(struct bulk_run *run, const struct bulk_user *user)
{
	struct finding finding = {.result = BULK_CREATED, .error = user->error};
	struct user_entry *found = NULL;
	int status = 0;

	if (user->error.code != 0) {
		bulk_report_user(&run->report, user->name, BULK_FAILED, BULK_BAD_NAME, NULL,
			user->error.message);
		return;
	}
	if (user->entry == NULL)
		status = user_entry_by_name(&found, user->name, &finding.error);
	if (user->entry != NULL || found != NULL) {
		consider_entry(run, user, user->entry != NULL ? user->entry : &found->passwd,
			&finding);
	} else if (status != 0) {
		bulk_report_user(&run->report, user->name, BULK_FAILED, BULK_STORE_ERROR, NULL,
			finding.error.message);
	} else {
		error_set(&finding.error, TOTPGROUP_ENOTFOUND, "there is no such user");
		report_unknown(run, user, &finding);
	}
	free(found);
}

static enum exit_status enrol_all(struct bulk_run *run)
{
	enum exit_status status = STATUS_DONE;
	struct bulk_user user;

	while (status == STATUS_DONE && !run->interrupted &&
		bulk_users_next(&run->users, &user)) {
		unsigned long before = bulk_report_count(&run->report);

		consider(run, &user);
		if (bulk_report_count(&run->report) > before)
			progress_show(&run->report.progress, before + 1,
				bulk_users_fraction(&run->users, before + 1));
		if (run->batch->count == BULK_BATCH_MAX)
			status = bulk_run_commit(run);
	}
	run->interrupted = run->interrupted || run->users.interrupted;
	if (status == STATUS_DONE && !run->interrupted && run->options.dry_run == 0)
		status = bulk_run_commit(run);
	if (status == STATUS_DONE && run->users.failed)
		status = STATUS_STORE_ERROR;
	return status;
}

static enum exit_status complain(int status, const struct error *error)
{
	if (status == 0)
		return STATUS_DONE;
	terminal_complain_error(error);
	return STATUS_STORE_ERROR;
}

static enum exit_status read_defaults(struct bulk_run *run)
{
	struct error error = ERROR_INIT;
	enum exit_status status = host_defaults_load(&run->defaults, run->options.conf);

	if (status != STATUS_DONE)
		return status;
	return complain(bulk_read_first_uid(LOGIN_DEFS, &run->first_uid, &error), &error);
}

/* Hashed codes are worth nothing where nobody gets to see them. */
static enum exit_status choose_codes(struct bulk_run *run)
{
	struct enroll_defaults *defaults = &run->defaults.enroll;
	const struct bulk_formats *formats = &run->options.formats;
	bool shown = formats->json;

	for (size_t i = 0; i < formats->letter_count; i++)
		shown = shown || formats->letters[i] == LETTER_HTML ||
			formats->letters[i] == LETTER_TXT;
	if (shown || defaults->emergency_codes == 0)
		return STATUS_DONE;
	if (defaults->codes == ENROLL_CODES_CHOOSE)
		defaults->codes = ENROLL_CODES_PLAIN;
	if (defaults->codes != ENROLL_CODES_HASHED)
		return STATUS_DONE;
	terminal_complain(
		"these formats would show hashed emergency codes to nobody; take html, "
		"txt or json as well");
	return STATUS_USAGE;
}

/* Some apps take the secrets for those of another kind. */
static enum exit_status warn_of_apps(struct bulk_run *run)
{
	struct new_credential credential = NEW_CREDENTIAL_DEFAULT;
	const struct enroll_defaults *defaults = &run->defaults.enroll;
	struct text text = TEXT_INIT;
	int result;

	new_credential_choose_kind(&credential, (enum hmac_algorithm)defaults->algorithm,
		(unsigned int)defaults->digits, defaults->step_size);
	result = app_support_append(&credential, &text);
	if (result == 0 && text.length > 0 && run->options.quiet == 0)
		terminal_complain("%s", text.data);
	text_free(&text);
	return result == 0 ? STATUS_DONE : terminal_out_of_memory();
}

static enum exit_status open_users(struct bulk_run *run)
{
	return bulk_users_begin(&run->users, &run->options, &run->signals);
}

static enum exit_status read_letters(struct bulk_run *run)
{
	return bulk_letters_begin(&run->letters, &run->options, &run->defaults);
}

static enum exit_status open_folder(struct bulk_run *run)
{
	struct error error = ERROR_INIT;
	bool dry_run = run->options.dry_run != 0;
	int status;

	if (run->options.output == NULL)
		return STATUS_DONE;
	status = bulk_folder_open(&run->folder, run->options.output, !dry_run, &error);
	if (dry_run && status == TOTPGROUP_ENOTFOUND)
		return STATUS_DONE;
	if (status == 0)
		bulk_folder_warn(&run->folder);
	return complain(status, &error);
}

static enum exit_status finish_earlier_run(struct bulk_run *run)
{
	struct error error = ERROR_INIT;
	int status;

	run->batch = calloc(1, sizeof *run->batch);
	if (run->batch == NULL)
		return terminal_out_of_memory();
	bulk_report_begin(&run->report, &run->options);
	progress_begin(&run->report.progress, "user", run->users.walk.total,
		run->options.quiet != 0 || run->options.dry_run != 0);
	if (run->options.dry_run != 0)
		return STATUS_DONE;
	status = bulk_folder_open_staging(&run->folder, true, &error);
	return status == 0 ? bulk_run_recover(run) : complain(status, &error);
}

static enum exit_status open_shared(struct bulk_run *run)
{
	struct error error = ERROR_INIT;
	int status;

	if (run->options.dry_run != 0 || run->interrupted)
		return STATUS_DONE;
	status = bulk_letters_name_shared(
		&run->letters, &run->options.formats, run->shared, &error);
	for (size_t i = 0; status == 0 && i < BULK_SHARED; i++)
		if (run->shared[i].name != NULL)
			status = bulk_shared_open(&run->shared[i], &run->folder, -1, &error);
	return complain(status, &error);
}

static enum exit_status (*const steps[])(struct bulk_run *) = {
	read_defaults,
	choose_codes,
	warn_of_apps,
	open_users,
	read_letters,
	open_folder,
	finish_earlier_run,
	open_shared,
	enrol_all,
};

/* What was left aside goes, unless the next run is to finish it. */
static void tidy(struct bulk_run *run)
{
	struct error ignored = ERROR_INIT;
	struct stat status;

	if (run->folder.staging >= 0 &&
		fstatat(run->folder.staging, "journal", &status, AT_SYMLINK_NOFOLLOW) != 0)
		(void)bulk_folder_clear_staging(&run->folder, true, &ignored);
}

static void free_run(struct bulk_run *run)
{
	if (run->batch != NULL)
		bulk_batch_clear(run->batch);
	free(run->batch);
	for (size_t i = 0; i < BULK_SHARED; i++)
		bulk_shared_close(&run->shared[i]);
	tidy(run);
	bulk_folder_close(&run->folder);
	bulk_letters_end(&run->letters);
	bulk_users_end(&run->users);
	host_defaults_free(&run->defaults);
}

static enum exit_status carry_out(struct bulk_run *run)
{
	enum exit_status status = STATUS_DONE;

	for (size_t i = 0; i < BULK_SHARED; i++)
		run->shared[i] = (struct bulk_shared_file)BULK_SHARED_FILE_INIT;
	for (size_t i = 0; status == STATUS_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](run);
	if (run->report.options != NULL)
		status = bulk_report_end(&run->report, status, run->interrupted);
	return status;
}

enum exit_status command_bulk(int argc, char **argv)
{
	struct bulk_run *run = calloc(1, sizeof *run);
	enum exit_status status;

	if (run == NULL)
		return terminal_out_of_memory();
	run->signals = (struct bulk_signals)BULK_SIGNALS_INIT;
	run->folder = (struct bulk_folder)BULK_FOLDER_INIT;
	status = bulk_options_read(&run->options, argc, argv);
	if (status == STATUS_DONE && !bulk_signals_hold(&run->signals))
		status = STATUS_STORE_ERROR;
	else if (status == STATUS_DONE)
		status = carry_out(run);
	free_run(run);
	bulk_signals_release(&run->signals);
	free(run);
	return status;
}
