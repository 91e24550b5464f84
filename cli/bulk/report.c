/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/report.h"

#include <errno.h>
#include <string.h>

#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"

#define JSON_VERSION 1

static const char *const result_words[BULK_RESULTS] = {
	[BULK_CREATED] = "created",
	[BULK_SKIPPED] = "skipped",
	[BULK_FAILED] = "failed",
};

static const char *const reason_words[BULK_REASONS] = {
	[BULK_NONE] = "none",
	[BULK_ENROLLED] = "enrolled",
	[BULK_HAS_LETTER] = "has-letter",
	[BULK_TWICE] = "twice",
	[BULK_SYSTEM_ACCOUNT] = "system-account",
	[BULK_NO_LOGIN_SHELL] = "no-login-shell",
	[BULK_UNKNOWN_USER] = "unknown-user",
	[BULK_BAD_NAME] = "bad-name",
	[BULK_NOT_PERMITTED] = "not-permitted",
	[BULK_BAD_FILE] = "bad-file",
	[BULK_STORE_ERROR] = "store-error",
	[BULK_LETTER_EXISTS] = "letter-exists",
	[BULK_CONFLICT] = "conflict",
	[BULK_OUTPUT] = "output",
	[BULK_EXEC] = "exec",
};

/* What is printed; once that fails, no more is tried. */
static void say(struct bulk_report *report, bool done)
{
	if (!done && !report->output_failed)
		terminal_complain("cannot write to standard output: %s", strerror(errno));
	report->output_failed = report->output_failed || !done;
}

void bulk_report_begin(struct bulk_report *report, const struct bulk_options *options)
{
	report->options = options;
	if (options->json != 0)
		say(report, terminal_say("{\n\"version\": %d,\n\"dry_run\": %s,\n\"users\": [",
				    JSON_VERSION, options->dry_run != 0 ? "true" : "false"));
}

static void say_json(struct bulk_report *report, const char *user, enum bulk_result result,
	enum bulk_reason reason, const char *path, const char *message)
{
	struct json_object *object = json_object_new_object();
	const char *text = NULL;

	if (json_put_string(object, "user", user) &&
		json_put_string(object, "result", result_words[result]) &&
		json_put_string(
			object, "reason", reason != BULK_NONE ? reason_words[reason] : NULL) &&
		json_put_string(object, "file", path) &&
		json_put_string(object, "message", message))
		text = json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text == NULL)
		terminal_out_of_memory();
	say(report, text != NULL && terminal_say("%s\n%s", report->any ? "," : "", text));
	report->any = true;
	json_object_put(object);
}

/* Those who are enrolled already are the rule when it is run again: they are
 * counted. */
static bool is_worth_a_line(
	const struct bulk_report *report, enum bulk_result result, enum bulk_reason reason)
{
	if (report->options->quiet != 0)
		return false;
	if (report->options->dry_run != 0)
		return true;
	return result == BULK_SKIPPED && reason != BULK_ENROLLED && reason != BULK_HAS_LETTER;
}

static void say_line(struct bulk_report *report, const char *user, enum bulk_result result,
	const char *path, const char *message)
{
	if (result == BULK_CREATED)
		say(report, terminal_say("would create %s: %s\n", user, path));
	else
		say(report, terminal_say("%s%s %s: %s\n",
				    report->options->dry_run != 0 && result == BULK_SKIPPED
					    ? "would be "
					    : "",
				    result_words[result], user, message));
}

void bulk_report_user(struct bulk_report *report, const char *user, enum bulk_result result,
	enum bulk_reason reason, const char *path, const char *message)
{
	report->results[result]++;
	report->reasons[result][reason]++;
	if (report->output_failed)
		return;
	if (report->options->json != 0) {
		say_json(report, user, result, reason, path, message);
		return;
	}
	if (result == BULK_FAILED) {
		progress_clear(&report->progress);
		terminal_complain("%s: %s", user, message);
	} else if (is_worth_a_line(report, result, reason)) {
		progress_clear(&report->progress);
		say_line(report, user, result, path, message);
	}
}

unsigned long bulk_report_count(const struct bulk_report *report)
{
	return report->results[BULK_CREATED] + report->results[BULK_SKIPPED] +
	       report->results[BULK_FAILED];
}

/* As of import: who may do nothing at all has failed in another way. */
static enum exit_status conclude(const struct bulk_report *report, enum exit_status stopped)
{
	unsigned long failed = report->results[BULK_FAILED];

	if (stopped != STATUS_DONE)
		return report->results[BULK_CREATED] > 0 ? STATUS_SOME_FAILED : stopped;
	if (failed > 0 && failed == bulk_report_count(report) &&
		failed == report->reasons[BULK_FAILED][BULK_NOT_PERMITTED])
		return STATUS_NOT_PERMITTED;
	if (report->output_failed)
		return STATUS_STORE_ERROR;
	return failed > 0 ? STATUS_SOME_FAILED : STATUS_DONE;
}

static void say_numbers(struct bulk_report *report)
{
	bool dry_run = report->options->dry_run != 0;

	for (int result = 0; result < BULK_RESULTS; result++) {
		const char *before = ": ";

		say(report, terminal_say("%s%s%s %lu", result > 0 ? "; " : "",
				    dry_run && result == BULK_CREATED ? "would be " : "",
				    result_words[result], report->results[result]));
		for (int reason = BULK_NONE + 1; reason < BULK_REASONS; reason++) {
			unsigned long count = report->reasons[result][reason];

			if (count == 0)
				continue;
			say(report,
				terminal_say("%s%s %lu", before, reason_words[reason], count));
			before = ", ";
		}
	}
	say(report, terminal_say("\n"));
}

enum exit_status bulk_report_end(
	struct bulk_report *report, enum exit_status stopped, bool interrupted)
{
	enum exit_status status = conclude(report, stopped);

	progress_clear(&report->progress);
	if (interrupted)
		terminal_complain("interrupted; the same command does the rest");
	if (report->output_failed)
		return status;
	if (report->options->json != 0)
		say(report,
			terminal_say(
				"%s],\n\"created\": %lu,\n\"skipped\": %lu,\n"
				"\"failed\": %lu,\n\"interrupted\": %s,\n\"status\": %d\n}\n",
				report->any ? "\n" : "", report->results[BULK_CREATED],
				report->results[BULK_SKIPPED], report->results[BULK_FAILED],
				interrupted ? "true" : "false", (int)status));
	else if (report->options->quiet == 0)
		say_numbers(report);
	return conclude(report, stopped);
}
