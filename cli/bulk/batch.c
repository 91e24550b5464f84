/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/ui/terminal.h"
#include "message/translate.h"
#include "totpgroup.h"

/* The command finds the user's name in this variable. */
#define USER_VARIABLE "TOTP_ENROLL_USER"

/* Whether both names are of one file, which was linked and not yet unlinked. */
static bool is_same_file(const struct bulk_folder *folder, const char *name)
{
	struct stat staged, named;

	return fstatat(folder->staging, name, &staged, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(folder->descriptor, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       staged.st_dev == named.st_dev && staged.st_ino == named.st_ino;
}

static int publish_letter(
	const struct bulk_folder *folder, const char *name, bool recovered, struct error *error)
{
	if (durable_name_exclusively(folder->staging, name, folder->descriptor, name) == 0)
		return 0;
	/* The interrupted run may have published this letter. */
	if (recovered && errno == ENOENT &&
		faccessat(folder->descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (recovered && errno == EEXIST && is_same_file(folder, name) &&
		unlinkat(folder->staging, name, 0) == 0)
		return 0;
	if (errno == EEXIST)
		return error_set(error, TOTPGROUP_ECONFLICT,
			translate("%s/%s is there already; move it away"), folder->path, name);
	return error_set_system(
		error, TOTPGROUP_ESYSTEM, translate("cannot name %s/%s"), folder->path, name);
}

static void publish_letters(struct bulk_run *run, struct bulk_entry *entry)
{
	const struct bulk_batch *batch = run->batch;
	struct error error = ERROR_INIT;
	char name[NAME_MAX + 1];

	while (entry->reason == BULK_NONE && entry->published < batch->formats.letter_count) {
		int status = 0;

		if (bulk_letter_name(entry, batch->formats.letters[entry->published], name))
			status = publish_letter(&run->folder, name, batch->recovered, &error);
		if (status == 0)
			entry->published++;
		else
			bulk_entry_fail(entry,
				status == TOTPGROUP_ECONFLICT ? BULK_LETTER_EXISTS
							      : BULK_OUTPUT,
				&error);
	}
}

/* Removes the letters of a user who was not enrolled. */
static void remove_letters(struct bulk_run *run, const struct bulk_entry *entry)
{
	char name[NAME_MAX + 1];

	for (size_t i = 0; i < entry->published; i++)
		if (bulk_letter_name(entry, run->batch->formats.letters[i], name))
			(void)unlinkat(run->folder.descriptor, name, 0);
}

/* Appends the pieces of users who are enrolled to the shared files. */
static int append_pieces(
	struct bulk_run *run, struct bulk_shared_file shared[BULK_SHARED], struct error *error)
{
	int from = openat(run->folder.staging, BULK_PIECES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int64_t offset = 0;
	int status = 0;

	if (from < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM,
			"cannot read %s/" BULK_STAGING "/" BULK_PIECES, run->folder.path);
	for (size_t i = 0; status == 0 && i < run->batch->count; i++) {
		const struct bulk_entry *entry = &run->batch->entries[i];

		for (int kind = 0; status == 0 && kind < BULK_SHARED; kind++) {
			if (entry->stored && shared[kind].name != NULL)
				status = bulk_shared_append(&shared[kind], from, offset,
					entry->pieces[kind], error);
			offset += (int64_t)entry->pieces[kind];
		}
	}
	close(from);
	for (int kind = 0; status == 0 && kind < BULK_SHARED; kind++)
		if (shared[kind].name != NULL)
			status = bulk_shared_finish(&shared[kind], error);
	return status;
}

__attribute__((noreturn)) static void become_command(
	const struct bulk_run *run, const char *user, int letter)
{
	if (dup2(letter, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
		setenv(USER_VARIABLE, user, 1) != 0)
		_exit(126);
	bulk_signals_restore_in_child(&run->signals);
	execl("/bin/sh", "sh", "-c", run->options.exec, (char *)NULL);
	_exit(127);
}

static int wait_for_command(pid_t child, struct error *error)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_system(error, TOTPGROUP_ESYSTEM,
				translate("cannot wait for the command"));
	if (WIFSIGNALED(status))
		return error_set(error, TOTPGROUP_ESYSTEM,
			translate("is enrolled, but the command was ended by signal %d; the "
				  "letter is "
				  "still there"),
			WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return error_set(error, TOTPGROUP_ESYSTEM,
			translate("is enrolled, but the command ended with status %d; the "
				  "letter is "
				  "still there"),
			WEXITSTATUS(status));
	return 0;
}

/* Runs the command with a letter as its standard input and our standard error as its
 * standard output, and waits for its end. */
static int run_command(
	const struct bulk_run *run, const char *user, const char *letter, struct error *error)
{
	int file = openat(run->folder.descriptor, letter,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	pid_t child;

	if (file < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM,
			translate("is enrolled, but the letter %s cannot be read"), letter);
	child = fork();
	if (child == 0)
		become_command(run, user, file);
	close(file);
	if (child < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM,
			translate("is enrolled, but the command cannot be started"));
	return wait_for_command(child, error);
}

/* Gives the letter of an entry to the command. The user stays enrolled if that fails. A
 * failure when a signal has come may be due to the signal, because Ctrl-C on a terminal
 * reaches the command, too: then the next run gives it the letter again. */
static void give_to_command(struct bulk_run *run, struct bulk_entry *entry)
{
	struct error problem = ERROR_INIT;
	char name[NAME_MAX + 1];

	if (!bulk_letter_name(entry, run->batch->formats.letters[0], name))
		return;
	bulk_report_progress(run, progress_leave);
	if (run_command(run, entry->user, name, &problem) == 0)
		return;
	run->interrupted = bulk_signals_came(&run->signals);
	if (!run->interrupted)
		bulk_entry_fail(entry, BULK_EXEC, &problem);
}

static void report_entry(struct bulk_run *run, const struct bulk_entry *entry)
{
	bulk_report_user(run, entry->user, entry->reason, entry,
		entry->reason == BULK_NONE ? NULL : entry->error.message);
	bulk_report_progress(run, progress_show);
}

/* Whether this run gives letters to a command. */
static bool has_command(const struct bulk_run *run)
{
	return run->options.exec != NULL && run->batch->formats.letter_count > 0;
}

/* Runs the command for each user, and reports the user, unless an interrupted run did. */
static int conclude_entries(struct bulk_run *run, struct error *error)
{
	struct bulk_batch *batch = run->batch;
	bool exec = has_command(run);
	int status = 0;

	for (size_t i = batch->concluded; status == 0 && i < batch->count; i++) {
		struct bulk_entry *entry = &batch->entries[i];

		if (exec && bulk_signals_came(&run->signals))
			run->interrupted = true;
		else if (exec && entry->reason == BULK_NONE)
			give_to_command(run, entry);
		if (exec && run->interrupted)
			return 0;
		if (exec)
			status = bulk_journal_note_concluded(&run->folder, error);
		if (!entry->left_out)
			report_entry(run, entry);
	}
	return status;
}

/* Does the steps that follow the naming of the journal. All of them can be repeated. */
static int finish_batch(
	struct bulk_run *run, struct bulk_shared_file shared[BULK_SHARED], struct error *error)
{
	struct bulk_batch *batch = run->batch;
	int status;

	for (size_t i = 0; i < batch->count; i++)
		publish_letters(run, &batch->entries[i]);
	bulk_secrets_store(run);
	/* What a command is still to get is finished by the next run, from the journal. */
	if (run->interrupted && has_command(run))
		return 0;
	for (size_t i = 0; i < batch->count; i++)
		if (!batch->entries[i].stored)
			remove_letters(run, &batch->entries[i]);
	status = append_pieces(run, shared, error);
	if (status == 0)
		status = bulk_folder_sync(&run->folder, error);
	if (status == 0)
		status = conclude_entries(run, error);
	if (status != 0 || (run->interrupted && has_command(run)))
		return status;
	status = bulk_journal_drop(&run->folder, error);
	return status == 0 ? bulk_folder_clear_staging(&run->folder, false, error) : status;
}

static enum exit_status stop(struct bulk_run *run, const struct error *error)
{
	progress_clear(&run->report.progress);
	terminal_complain_error(error);
	return STATUS_STORE_ERROR;
}

/* Does the steps up to the naming of the journal. */
static int stage_batch(struct bulk_run *run, struct error *error)
{
	struct bulk_batch *batch = run->batch;
	int status;

	batch->formats = run->options.formats;
	batch->exec = run->options.exec != NULL;
	for (size_t i = 0; i < BULK_SHARED; i++)
		batch->ends[i] = run->shared[i].name != NULL ? run->shared[i].end : -1;
	if (durable_draw_suffix(batch->suffix) != 0)
		return error_set_system(
			error, TOTPGROUP_ECRYPTO, translate("there are no random numbers"));
	status = bulk_letters_stage(run, error);
	if (status == 0)
		status = bulk_journal_write(run, error);
	if (status == 0)
		status = bulk_folder_sync(&run->folder, error);
	run->interrupted = bulk_signals_came(&run->signals);
	if (status == 0 && !run->interrupted)
		status = bulk_journal_complete(&run->folder, error);
	return status;
}

/* Reports that none of the users was enrolled, for one reason. */
static void give_up(struct bulk_run *run, const struct error *error)
{
	struct error ignored = ERROR_INIT;

	(void)bulk_folder_clear_staging(&run->folder, false, &ignored);
	for (size_t i = 0; i < run->batch->count; i++) {
		bulk_entry_fail(&run->batch->entries[i], BULK_OUTPUT, error);
		report_entry(run, &run->batch->entries[i]);
	}
}

enum exit_status bulk_batch_commit(struct bulk_run *run)
{
	struct error error = ERROR_INIT;
	enum exit_status status = STATUS_DONE;
	int result = 0;

	if (run->batch->count > 0 && stage_batch(run, &error) != 0) {
		give_up(run, &error);
		status = STATUS_STORE_ERROR;
	} else if (run->batch->count > 0 && run->interrupted) {
		result = bulk_folder_clear_staging(&run->folder, false, &error);
	} else if (run->batch->count > 0) {
		result = finish_batch(run, run->shared, &error);
	}
	if (result != 0)
		status = stop(run, &error);
	bulk_batch_clear(run->batch);
	bulk_report_progress(run, progress_step);
	return status;
}

static int recover_entries(struct bulk_run *run, struct error *error)
{
	struct bulk_shared_file shared[BULK_SHARED];
	struct bulk_batch *batch = run->batch;
	int status = bulk_letters_name_shared(run, &batch->formats, shared, error);

	for (size_t i = 0; status == 0 && i < BULK_SHARED; i++)
		if (shared[i].name != NULL)
			status = bulk_shared_open(
				&shared[i], &run->folder, batch->ends[i], error);
	for (size_t i = 0; status == 0 && i < batch->count; i++)
		status = bulk_secret_find_again(&batch->entries[i], run, error);
	if (status == 0)
		status = finish_batch(run, shared, error);
	for (size_t i = 0; i < BULK_SHARED; i++)
		bulk_shared_close(&shared[i]);
	return status;
}

enum exit_status bulk_batch_recover(struct bulk_run *run)
{
	struct error error = ERROR_INIT;
	int status = bulk_journal_read(&run->folder, run->batch, &error);

	if (status == TOTPGROUP_ENOTFOUND) {
		/* No user of that batch was enrolled. */
		status = bulk_folder_clear_staging(&run->folder, false, &error);
	} else if (status == 0) {
		if (run->options.quiet == 0)
			terminal_complain(
				"%s: finishing what an interrupted run left", run->folder.path);
		if (run->batch->exec && run->options.exec == NULL)
			terminal_complain(
				"%s: the interrupted run had a command for its letters; this "
				"run has none, so they are only written there",
				run->folder.path);
		status = recover_entries(run, &error);
	}
	bulk_batch_clear(run->batch);
	return status == 0 ? STATUS_DONE : stop(run, &error);
}
