/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bulk/exec.h"
#include "cli/bulk/journal.h"
#include "cli/bulk/store.h"
#include "cli/ui/terminal.h"
#include "store/durable_steps.h"
#include "totpgroup.h"

/* Whether both names are of one file: where it was linked and not yet unlinked. */
static bool is_same_file(const struct bulk_folder *folder, const char *name)
{
	struct stat aside, named;

	return fstatat(folder->staging, name, &aside, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(folder->descriptor, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       aside.st_dev == named.st_dev && aside.st_ino == named.st_ino;
}

static int publish_letter(
	const struct bulk_folder *folder, const char *name, bool recovered, struct error *error)
{
	if (durable_name_exclusively(folder->staging, name, folder->descriptor, name) == 0)
		return 0;
	/* An interrupted run may have come this far. */
	if (recovered && errno == ENOENT &&
		faccessat(folder->descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (recovered && errno == EEXIST && is_same_file(folder, name) &&
		unlinkat(folder->staging, name, 0) == 0)
		return 0;
	if (errno == EEXIST)
		return error_set(error, TOTPGROUP_ECONFLICT,
			"%s/%s is there already; move it away", folder->path, name);
	return error_set_system(
		error, TOTPGROUP_ESYSTEM, "cannot name %s/%s", folder->path, name);
}

static void publish(struct bulk_run *run, struct bulk_entry *entry)
{
	const struct bulk_batch *batch = run->batch;
	char name[NAME_MAX + 1];

	while (entry->reason == BULK_NONE && entry->published < batch->formats.letter_count) {
		struct error error = ERROR_INIT;
		int status = 0;

		if (bulk_entry_letter_name(
			    entry, batch->formats.letters[entry->published], name))
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

/* Removes the letters of somebody who was not enrolled. */
static void retract(struct bulk_run *run, const struct bulk_entry *entry)
{
	char name[NAME_MAX + 1];

	for (size_t i = 0; i < entry->published; i++)
		if (bulk_entry_letter_name(entry, run->batch->formats.letters[i], name))
			(void)unlinkat(run->folder.descriptor, name, 0);
}

/* Appends the pieces of those who are enrolled to one shared file. */
static int append_pieces(struct bulk_run *run, struct bulk_shared_file *shared,
	enum bulk_shared_kind kind, struct error *error)
{
	const char *name = bulk_letters_pieces_name(kind);
	int from = openat(run->folder.staging, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int64_t offset = 0;
	int status = 0;

	if (from < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM,
			"cannot read %s/" BULK_STAGING "/%s", run->folder.path, name);
	for (size_t i = 0; status == 0 && i < run->batch->count; i++) {
		const struct bulk_entry *entry = &run->batch->entries[i];

		if (entry->placed)
			status = bulk_shared_append(
				shared, from, offset, entry->pieces[kind], error);
		offset += (int64_t)entry->pieces[kind];
	}
	close(from);
	return status == 0 ? bulk_shared_finish(shared, error) : status;
}

static int append_all_pieces(
	struct bulk_run *run, struct bulk_shared_file shared[BULK_SHARED], struct error *error)
{
	int status = 0;

	for (int kind = 0; status == 0 && kind < BULK_SHARED; kind++)
		if (shared[kind].name != NULL)
			status = append_pieces(
				run, &shared[kind], (enum bulk_shared_kind)kind, error);
	return status;
}

static void report(struct bulk_run *run, const struct bulk_entry *entry)
{
	bool created = entry->reason == BULK_NONE;

	bulk_report_user(&run->report, bulk_entry_user(entry),
		created ? BULK_CREATED : BULK_FAILED, entry->reason, entry->file.path,
		created ? NULL : entry->error.message);
	progress_show(&run->report.progress, bulk_report_count(&run->report),
		bulk_users_fraction(&run->users, bulk_report_count(&run->report)));
}

/* Lets the command have one letter. The enrollment stands, whatever comes of it. A
 * command that fails when a signal has come may have failed by that: Ctrl-C on a
 * terminal reaches both. The next run gives it the letter again. */
static int hand_over(struct bulk_run *run, struct bulk_entry *entry, struct error *error)
{
	struct error problem = ERROR_INIT;
	char name[NAME_MAX + 1];

	if (!bulk_entry_letter_name(entry, run->batch->formats.letters[0], name))
		return 0;
	progress_leave(&run->report.progress, bulk_report_count(&run->report),
		bulk_users_fraction(&run->users, bulk_report_count(&run->report)));
	if (bulk_exec(run->options.exec, &run->folder, name, bulk_entry_user(entry),
		    &run->signals, &problem) != 0) {
		run->interrupted = bulk_signals_came(&run->signals);
		if (run->interrupted)
			return 0;
		bulk_entry_fail(entry, BULK_EXEC, &problem);
	}
	return bulk_journal_note_handed(&run->folder, entry, error);
}

/* Reports every user, and lets the command have his letter. Who was handed over by
 * an earlier run was reported there. */
static int conclude_entries(struct bulk_run *run, struct error *error)
{
	struct bulk_batch *batch = run->batch;
	bool exec = run->options.exec != NULL && batch->formats.letter_count > 0;
	int status = 0;

	for (size_t i = 0; status == 0 && i < batch->count; i++) {
		struct bulk_entry *entry = &batch->entries[i];

		if (entry->handed)
			continue;
		if (exec && bulk_signals_came(&run->signals)) {
			run->interrupted = true;
			return 0;
		}
		if (exec && entry->reason == BULK_NONE)
			status = hand_over(run, entry, error);
		if (run->interrupted)
			return status;
		report(run, entry);
	}
	return status;
}

/* From the journal's name on: all of this can be done again. */
static int finish(
	struct bulk_run *run, struct bulk_shared_file shared[BULK_SHARED], struct error *error)
{
	struct bulk_batch *batch = run->batch;
	int status;

	for (size_t i = 0; i < batch->count; i++)
		publish(run, &batch->entries[i]);
	bulk_place(batch);
	for (size_t i = 0; i < batch->count; i++)
		if (!batch->entries[i].placed)
			retract(run, &batch->entries[i]);
	status = append_all_pieces(run, shared, error);
	if (status == 0)
		status = bulk_folder_sync(&run->folder, error);
	if (status == 0)
		status = conclude_entries(run, error);
	if (status != 0 || run->interrupted)
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

/* Up to the journal's name. */
static int stage(struct bulk_run *run, struct error *error)
{
	struct bulk_batch *batch = run->batch;
	int status;

	batch->formats = run->options.formats;
	batch->exec = run->options.exec != NULL;
	for (size_t i = 0; i < BULK_SHARED; i++)
		batch->ends[i] = run->shared[i].name != NULL ? run->shared[i].end : -1;
	if (durable_draw_suffix(batch->suffix) != 0)
		return error_set_system(
			error, TOTPGROUP_ECRYPTO, "no random numbers are to be had");
	status = bulk_letters_stage(&run->letters, &run->folder, batch, error);
	if (status == 0)
		status = bulk_journal_write(&run->folder, batch, error);
	if (status == 0)
		status = bulk_folder_sync(&run->folder, error);
	run->interrupted = bulk_signals_came(&run->signals);
	if (status == 0 && !run->interrupted)
		status = bulk_journal_complete(&run->folder, error);
	return status;
}

/* Nobody of the batch was enrolled, and the reason is the same for all. */
static enum exit_status give_up(struct bulk_run *run, const struct error *error)
{
	struct error ignored = ERROR_INIT;

	(void)bulk_folder_clear_staging(&run->folder, false, &ignored);
	for (size_t i = 0; i < run->batch->count; i++) {
		bulk_entry_fail(&run->batch->entries[i], BULK_OUTPUT, error);
		report(run, &run->batch->entries[i]);
	}
	return STATUS_STORE_ERROR;
}

enum exit_status bulk_run_commit(struct bulk_run *run)
{
	struct error error = ERROR_INIT;
	enum exit_status status = STATUS_DONE;
	int result = 0;

	if (run->batch->count > 0) {
		result = stage(run, &error);
		if (result != 0)
			status = give_up(run, &error);
		else if (run->interrupted)
			result = bulk_folder_clear_staging(&run->folder, false, &error);
		else
			result = finish(run, run->shared, &error);
	}
	if (status == STATUS_DONE && result != 0)
		status = stop(run, &error);
	bulk_batch_clear(run->batch);
	progress_step(&run->report.progress, bulk_report_count(&run->report),
		bulk_users_fraction(&run->users, bulk_report_count(&run->report)));
	return status;
}

/* Finds again where the secret of a journal's entry goes. */
static int find_again(struct bulk_run *run, struct bulk_entry *entry, struct error *error)
{
	struct error problem = ERROR_INIT;
	enum exit_status status = user_file_find_for_login(
		&entry->file, entry->user, &run->defaults, run->options.secret, &problem);

	if (status != STATUS_DONE) {
		bulk_entry_fail(entry,
			status == STATUS_USAGE ? BULK_UNKNOWN_USER : BULK_STORE_ERROR,
			&problem);
		return 0;
	}
	if (strcmp(entry->file.path, entry->path) == 0)
		return 0;
	return error_set(error, TOTPGROUP_ECONFLICT,
		"%s: the run that was interrupted meant to write %s, and this one %s; name the "
		"same --secret or --conf",
		run->folder.path, entry->path, entry->file.path);
}

static int recover_batch(struct bulk_run *run, struct error *error)
{
	struct bulk_shared_file shared[BULK_SHARED];
	struct bulk_batch *batch = run->batch;
	int status = bulk_letters_name_shared(&run->letters, &batch->formats, shared, error);

	for (size_t i = 0; status == 0 && i < BULK_SHARED; i++)
		if (shared[i].name != NULL)
			status = bulk_shared_open(
				&shared[i], &run->folder, batch->ends[i], error);
	for (size_t i = 0; status == 0 && i < batch->count; i++)
		status = find_again(run, &batch->entries[i], error);
	if (status == 0)
		status = finish(run, shared, error);
	for (size_t i = 0; i < BULK_SHARED; i++)
		bulk_shared_close(&shared[i]);
	return status;
}

enum exit_status bulk_run_recover(struct bulk_run *run)
{
	struct error error = ERROR_INIT;
	int status = bulk_journal_read(&run->folder, run->batch, &error);

	if (status == TOTPGROUP_ENOTFOUND)
		/* Nobody of that batch was enrolled. */
		status = bulk_folder_clear_staging(&run->folder, false, &error);
	else if (status == 0) {
		if (run->options.quiet == 0)
			terminal_complain(
				"%s: finishing what an interrupted run left", run->folder.path);
		if (run->batch->exec && run->options.exec == NULL)
			terminal_complain(
				"%s: that run was to hand its letters to a command, and "
				"this one is not: they are only put there",
				run->folder.path);
		status = recover_batch(run, &error);
	}
	bulk_batch_clear(run->batch);
	return status == 0 ? STATUS_DONE : stop(run, &error);
}
