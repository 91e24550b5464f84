/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "cli/users/place_json.h"
#include "message/translate.h"

/* A dry run that takes longer, in seconds, says how far it is. */
#define DRY_RUN_PROGRESS_AFTER 1

enum bulk_result {
	BULK_CREATED,
	BULK_SKIPPED,
	BULK_FAILED,
	BULK_RESULTS,
};

static const char *const result_words[BULK_RESULTS] = {
	[BULK_CREATED] = N_("created"),
	[BULK_SKIPPED] = N_("skipped"),
	[BULK_FAILED] = N_("failed"),
};

static const struct {
	const char *word;
	enum bulk_result result;
} reasons[BULK_REASONS] = {
	[BULK_NONE] = {NULL, BULK_CREATED},
	[BULK_ENROLLED] = {N_("enrolled"), BULK_SKIPPED},
	[BULK_HAS_LETTER] = {N_("has-letter"), BULK_SKIPPED},
	[BULK_TWICE] = {N_("twice"), BULK_SKIPPED},
	[BULK_SYSTEM_ACCOUNT] = {N_("system-account"), BULK_SKIPPED},
	[BULK_NO_LOGIN_SHELL] = {N_("no-login-shell"), BULK_SKIPPED},
	[BULK_UNKNOWN_MEMBER] = {N_("unknown-user"), BULK_SKIPPED},
	[BULK_UNKNOWN_USER] = {N_("unknown-user"), BULK_FAILED},
	[BULK_BAD_NAME] = {N_("bad-name"), BULK_FAILED},
	[BULK_NOT_PERMITTED] = {N_("not-permitted"), BULK_FAILED},
	[BULK_BAD_FILE] = {N_("bad-file"), BULK_FAILED},
	[BULK_STORE_ERROR] = {N_("store-error"), BULK_FAILED},
	[BULK_LETTER_EXISTS] = {N_("letter-exists"), BULK_FAILED},
	[BULK_CONFLICT] = {N_("conflict"), BULK_FAILED},
	[BULK_OUTPUT] = {N_("output"), BULK_FAILED},
	[BULK_EXEC] = {N_("exec"), BULK_FAILED},
};

static unsigned long count_users(const struct bulk_report *report)
{
	unsigned long count = 0;

	for (int reason = 0; reason < BULK_REASONS; reason++)
		count += report->reasons[reason];
	return count;
}

static unsigned long count_result(const struct bulk_report *report, enum bulk_result result)
{
	unsigned long count = 0;

	for (int reason = 0; reason < BULK_REASONS; reason++)
		if (reasons[reason].result == result)
			count += report->reasons[reason];
	return count;
}

/* Notes whether something could be printed. After a failure nothing more is printed. */
static void note_output(struct bulk_report *report, bool printed)
{
	if (!printed && !report->output_failed)
		terminal_complain("cannot write to standard output: %s", strerror(errno));
	report->output_failed = report->output_failed || !printed;
}

void bulk_report_begin(struct bulk_run *run)
{
	const struct bulk_options *options = &run->options;

	run->report.begun = true;
	run->report.on_terminal = isatty(STDOUT_FILENO) != 0;
	progress_begin(&run->report.progress, PROGRESS_USERS, run->users.total,
		options->quiet != 0 || (options->dry_run != 0 && run->report.on_terminal));
	/* On a terminal the lines of a dry run are progress enough. */
	if (options->dry_run != 0)
		run->report.progress.after = DRY_RUN_PROGRESS_AFTER;
	if (options->json != 0)
		note_output(&run->report,
			terminal_emit("{\n\"version\": %d,\n\"dry_run\": %s,\n\"users\": [",
				JSON_REPORT_VERSION, options->dry_run != 0 ? "true" : "false"));
}

/* An entry that an interrupted run left, and whose user is gone, has a path alone. */
static bool put_place(struct json_object *object, const struct bulk_entry *entry)
{
	const bool is_file = entry->path != NULL && *entry->path == '/';

	if (entry->file.path != NULL || entry->path == NULL)
		return user_file_put_place(object, &entry->file);
	return json_put_string(object, "file", is_file ? entry->path : NULL) &&
	       json_put_string(object, "store", NULL) &&
	       json_put_string(object, "place", entry->path);
}

static void print_json(struct bulk_report *report, const char *user, enum bulk_reason reason,
	const struct bulk_entry *entry, const char *message)
{
	struct json_object *object = json_object_new_object();
	bool complete =
		json_put_string(object, "user", user) &&
		json_put_string(object, "result", result_words[reasons[reason].result]) &&
		json_put_string(object, "reason", reasons[reason].word) &&
		put_place(object, entry) && json_put_string(object, "message", message);

	if (!complete) {
		json_object_put(object);
		object = NULL;
	}
	report->output_failed = !json_print_item(object, &report->any);
}

/* Users who are enrolled already are only counted: when the command is run again, they
 * are most of the users. */
static bool is_worth_a_line(const struct bulk_options *options, enum bulk_reason reason)
{
	if (options->quiet != 0 || options->dry_run != 0)
		return options->quiet == 0;
	return reasons[reason].result == BULK_SKIPPED && reason != BULK_ENROLLED &&
	       reason != BULK_HAS_LETTER;
}

void bulk_report_user(struct bulk_run *run, const char *user, enum bulk_reason reason,
	const struct bulk_entry *entry, const char *message)
{
	struct bulk_report *report = &run->report;
	enum bulk_result result = reasons[reason].result;

	report->reasons[reason]++;
	if (report->output_failed)
		return;
	if (run->options.json != 0) {
		print_json(report, user, reason, entry, message);
		return;
	}
	if (result != BULK_FAILED && !is_worth_a_line(&run->options, reason))
		return;
	if (result == BULK_FAILED || report->on_terminal)
		progress_clear(&report->progress);
	if (result == BULK_FAILED)
		terminal_complain("%s: %s", user, message);
	else if (result == BULK_CREATED)
		note_output(report, terminal_say("would create %s: %s\n", user, entry->path));
	else
		note_output(report,
			terminal_say(run->options.dry_run != 0 ? N_("would be skipped %s: %s\n")
							       : N_("skipped %s: %s\n"),
				user, message));
}

void bulk_report_progress(
	struct bulk_run *run, void (*show)(struct progress *, unsigned long, double))
{
	unsigned long done = count_users(&run->report);

	show(&run->report.progress, done, bulk_users_fraction(&run->users, done));
}

/* A run in which every user failed for want of rights has the status for that, as in
 * `totp-enroll import`. */
static enum exit_status find_status(const struct bulk_report *report, enum exit_status stopped)
{
	unsigned long failed = count_result(report, BULK_FAILED);

	if (stopped != STATUS_DONE)
		return report->reasons[BULK_NONE] > 0 ? STATUS_SOME_FAILED : stopped;
	if (failed > 0 && failed == count_users(report) &&
		failed == report->reasons[BULK_NOT_PERMITTED])
		return STATUS_NOT_PERMITTED;
	if (report->output_failed)
		return STATUS_STORE_ERROR;
	return failed > 0 ? STATUS_SOME_FAILED : STATUS_DONE;
}

static void append_numbers(
	const struct bulk_report *report, enum bulk_result result, struct text *text)
{
	const char *before = ": ";

	text_append_format(
		text, "%s %lu", translate(result_words[result]), count_result(report, result));
	for (int reason = BULK_NONE + 1; reason < BULK_REASONS; reason++) {
		if (report->reasons[reason] == 0 || reasons[reason].result != result)
			continue;
		text_append_format(text, "%s%s %lu", before, translate(reasons[reason].word),
			report->reasons[reason]);
		before = ", ";
	}
}

static void print_numbers(struct bulk_report *report, bool dry_run)
{
	struct text text = TEXT_INIT;

	for (int result = 0; result < BULK_RESULTS; result++) {
		text_append_format(&text, "%s%s", result > 0 ? "; " : "",
			dry_run && result == BULK_CREATED ? translate("would be ") : "");
		append_numbers(report, (enum bulk_result)result, &text);
	}
	text_append_string(&text, "\n");
	note_output(report, text.status == 0 && terminal_say("%s", text.data));
	text_free(&text);
}

enum exit_status bulk_report_end(struct bulk_run *run, enum exit_status stopped)
{
	struct bulk_report *report = &run->report;

	progress_clear(&report->progress);
	if (run->interrupted)
		terminal_complain("interrupted; the same command does the rest");
	if (report->output_failed)
		return find_status(report, stopped);
	if (run->options.json != 0)
		note_output(report,
			terminal_emit(
				"%s],\n\"created\": %lu,\n\"skipped\": %lu,\n"
				"\"failed\": %lu,\n\"interrupted\": %s,\n\"status\": %d\n}\n",
				report->any ? "\n" : "", count_result(report, BULK_CREATED),
				count_result(report, BULK_SKIPPED),
				count_result(report, BULK_FAILED),
				run->interrupted ? "true" : "false",
				(int)find_status(report, stopped)));
	else if (run->options.quiet == 0)
		print_numbers(report, run->options.dry_run != 0);
	return find_status(report, stopped);
}
