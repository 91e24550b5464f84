/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The report as lines for people and as JSON for programs. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "cli/ui/words.h"
#include "cli/ui/wrap.h"
#include "message/translate.h"

/* Where findings begin on a line. */
#define COLUMN 9

/* Increased by a change that could break a program that reads the JSON. */
#define JSON_VERSION 1

static const struct {
	const char *name;
	const char *color;
} levels[FINDING_LEVELS] = {
	[FINDING_OK] = {N_("ok"), "\033[32m"},
	[FINDING_WARNING] = {N_("warning"), "\033[33m"},
	[FINDING_PROBLEM] = {N_("problem"), "\033[1;31m"},
	[FINDING_UNKNOWN] = {N_("unknown"), "\033[35m"},
};

static const char *const action_names[] = {
	[MEND_NONE] = "none",
	[MEND_REPLACE] = "replace",
	[MEND_ADD] = "add",
	[MEND_REMOVE] = "remove",
	[MEND_MOVE] = "move",
	[MEND_RUN] = "run",
	[MEND_LINE_ENDS] = "run",
};

static const char *const mend_names[FINDING_MENDS] = {"mend", "alternative"};

static bool wants_colors(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || *no_color == '\0') &&
	       terminal != NULL && *terminal != '\0' && strcmp(terminal, "dumb") != 0;
}

static void append_move(struct text *text, const char *in, const struct mend *mend)
{
	bool top = mend->to_line == 0;

	if (strcmp(mend->file, mend->to_file) == 0 && top)
		text_append_format(text,
			translate("%s %s, move line %u to the top, where it is to be:\n"), in,
			mend->file, mend->line);
	else if (strcmp(mend->file, mend->to_file) == 0)
		text_append_format(text,
			translate("%s %s, move line %u below line %u, where it is to be:\n"),
			in, mend->file, mend->line, mend->to_line);
	else if (top)
		text_append_format(text,
			translate("%s %s, move line %u to the top of %s, where it is to be:\n"),
			in, mend->file, mend->line, mend->to_file);
	else
		text_append_format(text,
			translate("%s %s, move line %u below line %u of %s, where it is to "
				  "be:\n"),
			in, mend->file, mend->line, mend->to_line, mend->to_file);
}

/* The text that mends a finding is never wrapped, because it is there to be copied. */
static void append_change(
	struct text *text, const char *in, const char *run, const struct mend *mend)
{
	if (mend->text == NULL)
		return;
	text_append_format(text, "%*s", COLUMN, "");
	if (mend->action >= MEND_RUN)
		text_append_format(text, "%s:\n", run);
	else if (mend->action == MEND_REPLACE)
		text_append_format(text, translate("%s %s, let line %u be:\n"), in, mend->file,
			mend->line);
	else if (mend->action == MEND_REMOVE)
		text_append_format(text, translate("%s %s, remove line %u:\n"), in, mend->file,
			mend->line);
	else if (mend->action == MEND_MOVE)
		append_move(text, in, mend);
	else if (mend->line > 0)
		text_append_format(text, translate("%s %s, below line %u, add:\n"), in,
			mend->file, mend->line);
	else
		text_append_format(
			text, translate("%s %s, at the top, write:\n"), in, mend->file);
	text_append_format(text, "%*s%s\n", COLUMN + 4, "", mend->text);
}

static void append_mend(struct text *text, const struct mend *mend, bool first)
{
	append_change(text, first ? translate("In") : translate("Or in"),
		first ? translate("Run") : translate("Or run"), mend);
	if (mend->also != NULL)
		append_change(text, translate("And in"), translate("And run"), mend->also);
}

static void append_finding(
	struct text *text, const struct finding *finding, bool colors, size_t width)
{
	const char *name = translate(levels[finding->level].name);

	text_append_format(text, "%s%s%s%*s", colors ? levels[finding->level].color : "", name,
		colors ? "\033[0m" : "",
		COLUMN > words_width(name) ? (int)(COLUMN - words_width(name)) : 1, "");
	wrapped_text_append(text, finding->what != NULL ? finding->what : "", COLUMN, width);
	if (finding->why != NULL) {
		text_append_format(text, "%*s", COLUMN, "");
		wrapped_text_append(text, finding->why, COLUMN, width);
	}
	for (size_t i = 0; i < FINDING_MENDS; i++)
		append_mend(text, &finding->mends[i], i == 0);
}

/* Each change of a PAM file was tried alone. */
static void append_advice(struct text *text, const struct report *report)
{
	unsigned int changes = 0;

	for (size_t i = 0; i < report->count; i++)
		changes += report->findings[i]->proven;
	if (changes > 1)
		text_append_string(
			text, translate("\nMake one of the changes of PAM's files at a time, "
					"then run this again.\n"));
}

static void append_summary(struct text *text, const struct report *report)
{
	unsigned int counts[FINDING_LEVELS] = {0};

	for (size_t i = 0; i < report->count; i++)
		counts[report->findings[i]->level]++;
	if (counts[FINDING_OK] == report->count)
		text_append_string(text, translate("\nAll is well.\n"));
	else
		text_append_format(text,
			translate("\nProblems: %u. Warnings: %u. Not looked at: %u.\n"),
			counts[FINDING_PROBLEM], counts[FINDING_WARNING],
			counts[FINDING_UNKNOWN]);
}

bool doctor_print_text(struct text *text)
{
	bool done = false;

	if (text->status != 0)
		terminal_out_of_memory();
	else if (!terminal_print(text))
		terminal_complain("cannot write to standard output: %s", strerror(errno));
	else
		done = true;
	text_free(text);
	return done;
}

/* Breaks the lines that are too wide, but not a text that mends a finding, which is there to be
 * copied. The lines of a finding, which may be in color, are broken already. */
static int append_fitted(struct text *fitted, const char *line, size_t width)
{
	while (*line != '\0') {
		size_t length = strcspn(line, "\n") + 1;
		struct text one = TEXT_INIT;

		if (strspn(line, " ") > COLUMN || *line == '\033')
			text_append(fitted, line, length);
		else if (text_append(&one, line, length) == 0)
			fitted_text_append(fitted, one.data, width);
		else
			fitted->status = one.status;
		text_free(&one);
		line += length;
	}
	return fitted->status;
}

static bool print_lines(const struct report *report)
{
	bool colors = wants_colors();
	size_t width = wrapped_text_width();
	struct text text = TEXT_INIT, fitted = TEXT_INIT;

	for (size_t i = 0; i < report->count; i++)
		append_finding(&text, report->findings[i], colors, width);
	append_advice(&text, report);
	append_summary(&text, report);
	if (text.status != 0)
		fitted.status = text.status;
	else
		append_fitted(&fitted, text.data, width);
	text_free(&text);
	return doctor_print_text(&fitted);
}

/* This and the functions below return NULL if memory is out. */
static struct json_object *mend_object(const struct mend *mend)
{
	struct json_object *object = json_object_new_object();

	if (json_put_string(object, "action", action_names[mend->action]) &&
		(mend->action >= MEND_RUN || json_put_string(object, "file", mend->file)) &&
		(mend->line == 0 ||
			json_put(object, "line", json_object_new_int64(mend->line))) &&
		(mend->to_file == NULL ||
			(json_put_string(object, "to_file", mend->to_file) &&
				json_put(object, "to_line",
					json_object_new_int64(mend->to_line)))) &&
		json_put_string(object, "text", mend->text) &&
		(mend->also == NULL || json_put(object, "also", mend_object(mend->also))))
		return object;
	json_object_put(object);
	return NULL;
}

static struct json_object *finding_object(const struct finding *finding)
{
	struct json_object *object = json_object_new_object();
	const struct mend *mends = finding->mends;
	bool done = json_put_string(object, "check", finding->check) &&
		    json_put_string(object, "level", levels[finding->level].name) &&
		    json_put_string(object, "what", finding->what != NULL ? finding->what : "");

	if (finding->why != NULL)
		done = done && json_put_string(object, "why", finding->why);
	for (size_t i = 0; i < FINDING_MENDS && mends[i].text != NULL; i++)
		done = done && json_put(object, mend_names[i], mend_object(&mends[i]));
	if (done)
		return object;
	json_object_put(object);
	return NULL;
}

static struct json_object *findings_array(const struct report *report)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array != NULL && i < report->count; i++) {
		struct json_object *object = finding_object(report->findings[i]);

		if (object != NULL && json_object_array_add(array, object) == 0)
			continue;
		json_object_put(object);
		json_object_put(array);
		return NULL;
	}
	return array;
}

static bool print_json(const struct report *report, const char *service)
{
	struct json_object *root = json_object_new_object();
	enum exit_status status = report_status(report);
	bool done = json_put(root, "version", json_object_new_int(JSON_VERSION)) &&
		    json_put_string(root, "service", service) &&
		    json_put(root, "status", json_object_new_int((int)status)) &&
		    json_put(root, "findings", findings_array(report));

	if (done)
		done = json_print(root);
	else
		terminal_out_of_memory();
	json_object_put(root);
	return done;
}

enum exit_status doctor_print_report(const struct doctor *doctor)
{
	const struct report *report = &doctor->report;
	bool done = doctor->options.json != 0 ? print_json(report, doctor->service)
					      : print_lines(report);

	if (done && report->out_of_memory)
		return terminal_out_of_memory();
	return done ? report_status(report) : STATUS_STORE_ERROR;
}
