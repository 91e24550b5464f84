/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/bulk/dry_run.h"
#include "cli/ui/terminal.h"
#include "message/enrollment_text.h"
#include "totpgroup.h"

#define LOGIN_DEFS "/etc/login.defs"

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

/* Hashed emergency codes are useless unless the user gets to see them. */
static enum exit_status choose_code_format(struct bulk_run *run)
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

/* Some apps mistake secrets of an unusual kind for usual ones. */
static enum exit_status warn_of_apps(struct bulk_run *run)
{
	struct new_credential credential = NEW_CREDENTIAL_DEFAULT;
	const struct enroll_defaults *defaults = &run->defaults.enroll;
	struct text text = TEXT_INIT;
	int result;

	new_credential_choose_kind(&credential, (enum hmac_algorithm)defaults->algorithm,
		(unsigned int)defaults->digits, defaults->step_size);
	result = enrollment_append_app_support(&credential, &text);
	if (result == 0 && text.length > 0 && run->options.quiet == 0)
		terminal_complain("%s", text.data);
	text_free(&text);
	return result == 0 ? STATUS_DONE : terminal_out_of_memory();
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
	bulk_report_begin(run);
	if (run->options.dry_run != 0)
		return STATUS_DONE;
	status = bulk_folder_open_staging(&run->folder, &error);
	return status == 0 ? bulk_batch_recover(run) : complain(status, &error);
}

static enum exit_status open_shared(struct bulk_run *run)
{
	struct error error = ERROR_INIT;
	int status;

	if (run->options.dry_run != 0 || run->interrupted)
		return STATUS_DONE;
	status = bulk_letters_name_shared(run, &run->options.formats, run->shared, &error);
	for (size_t i = 0; status == 0 && i < BULK_SHARED; i++)
		if (run->shared[i].name != NULL)
			status = bulk_shared_open(&run->shared[i], &run->folder, -1, &error);
	return complain(status, &error);
}

static enum exit_status enroll_all(struct bulk_run *run)
{
	enum exit_status status = STATUS_DONE;
	struct bulk_user user;

	while (status == STATUS_DONE && !run->interrupted &&
		bulk_users_next(&run->users, &user)) {
		bulk_consider(run, &user);
		bulk_report_progress(run, progress_show);
		if (run->batch->count == BULK_BATCH_MAX)
			status = run->options.dry_run != 0 ? dry_run_commit(run)
							   : bulk_batch_commit(run);
	}
	run->interrupted = run->interrupted || run->users.interrupted;
	if (status == STATUS_DONE && !run->interrupted && run->options.dry_run == 0)
		status = bulk_batch_commit(run);
	if (status == STATUS_DONE && run->users.failed)
		status = STATUS_STORE_ERROR;
	return status;
}

static enum exit_status (*const steps[])(struct bulk_run *) = {
	read_defaults,
	choose_code_format,
	warn_of_apps,
	bulk_users_begin,
	bulk_letters_begin,
	open_folder,
	finish_earlier_run,
	open_shared,
	enroll_all,
};

/* Removes the staging folder, unless the next run has to finish a batch. */
static void remove_staging(struct bulk_run *run)
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
	dry_run_end(run);
	for (size_t i = 0; i < BULK_SHARED; i++)
		bulk_shared_close(&run->shared[i]);
	remove_staging(run);
	bulk_folder_close(&run->folder);
	letter_template_free(run->letter_template);
	text_free(&run->house.logo);
	free(run->prompt);
	bulk_users_end(&run->users);
	host_defaults_free(&run->defaults);
}

enum exit_status command_bulk(int argc, char **argv)
{
	struct bulk_run *run = calloc(1, sizeof *run);
	enum exit_status status;

	if (run == NULL)
		return terminal_out_of_memory();
	run->signals.descriptor = -1;
	run->folder.descriptor = -1;
	run->folder.staging = -1;
	status = bulk_options_read(&run->options, argc, argv);
	if (status == STATUS_DONE && !bulk_signals_hold(&run->signals))
		status = STATUS_STORE_ERROR;
	for (size_t i = 0; status == STATUS_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](run);
	if (run->report.begun)
		status = bulk_report_end(run, status);
	free_run(run);
	bulk_signals_release(&run->signals);
	free(run);
	return status;
}
