/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The steps of an explanation and how it ends, as text or as JSON. */

#include "config.h"

#include <security/pam_modules.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "cli/explain/explain.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "cli/ui/words.h"
#include "cli/ui/wrap.h"
#include "config/configuration.h"
#include "message/translate.h"

/* Increased by a change that could break a program that reads the JSON. */
#define JSON_VERSION 1

/* Where facts begin on a line. */
#define COLUMN 14

#define FILE_STEP   "conf"
#define OPTION_STEP "option"

static const char *const outcome_names[] = {
	[LOGIN_REFUSED] = "refused",
	[LOGIN_ASKED_IN_VAIN] = "asked-in-vain",
	[LOGIN_ASKED] = "asked",
	[LOGIN_OFFERED] = "offered-enrollment",
	[LOGIN_LET_IN] = "let-in",
	[LOGIN_SKIPPED] = "skipped",
};

static void note_failure(struct explain_report *report, bool done)
{
	if (!done)
		report->failed = true;
}

static const char *pam_code_name(int code)
{
	switch (code) {
	case PAM_SUCCESS:
		return "PAM_SUCCESS";
	case PAM_IGNORE:
		return "PAM_IGNORE";
	case PAM_SERVICE_ERR:
		return "PAM_SERVICE_ERR";
	case PAM_AUTHINFO_UNAVAIL:
		return "PAM_AUTHINFO_UNAVAIL";
	default:
		return "PAM_AUTH_ERR";
	}
}

static const char *reason_of(const struct explanation *explanation)
{
	if (explanation->outcome == LOGIN_SKIPPED)
		return explanation->skip_reason;
	if (explanation->outcome != LOGIN_REFUSED &&
		explanation->outcome != LOGIN_ASKED_IN_VAIN)
		return NULL;
	return totpgroup_reason_name(explanation->result.reason);
}

void explain_report_begin(struct explain_report *report, const char *rhost)
{
	if (!report->json)
		return;
	report->root = json_object_new_object();
	note_failure(
		report, json_put(report->root, "version", json_object_new_int(JSON_VERSION)) &&
				json_put_string(report->root, "user", report->user) &&
				json_put_string(report->root, "service", report->service) &&
				json_put_string(report->root, "rhost", rhost) &&
				json_put(report->root, "lines", json_object_new_array()));
}

/* Appends an object, which it takes over. */
static bool add_to_array(
	struct json_object *parent, const char *array, struct json_object *object)
{
	struct json_object *objects = json_object_object_get(parent, array);

	if (objects != NULL && object != NULL && json_object_array_add(objects, object) == 0)
		return true;
	json_object_put(object);
	return false;
}

static bool add_line(
	struct explain_report *report, const struct pam_line *line, const char *text)
{
	struct json_object *object = json_object_new_object();

	report->json_line = NULL;
	if (!add_to_array(report->root, "lines", object))
		return false;
	report->json_line = object;
	return json_put_string(object, "file", line->file) &&
	       json_put(object, "number", json_object_new_int64(line->number)) &&
	       json_put_string(object, "text", text) &&
	       json_put(object, "steps", json_object_new_array());
}

void explain_report_line(struct explain_report *report, const struct pam_line *line)
{
	const char *above = report->lines > 0 ? "\n" : "";
	struct text text = TEXT_INIT;

	report->lines++;
	report->line = line;
	report->told_options = false;
	report->told_secret = false;
	if (pam_line_text(&text, line, NULL) != 0)
		report->failed = true;
	else if (report->json)
		note_failure(report, add_line(report, line, text.data));
	else
		note_failure(report, terminal_say("%s%s, line %u:\n  %s\n\n", above, line->file,
					     line->number, text.data));
	text_free(&text);
}

/* A name, and beside it as many lines as the words need. */
static void say_row(struct explain_report *report, const char *name, const char *words)
{
	struct text row = TEXT_INIT;

	text_append_format(&row, "  %s%*s", name,
		words_width(name) < COLUMN - 2 ? (int)(COLUMN - 2 - words_width(name)) : 1, "");
	note_failure(
		report, wrapped_text_append(&row, words, COLUMN, wrapped_text_width()) == 0 &&
				terminal_print(&row));
	text_free(&row);
}

static void tell_step(struct explain_report *report, const char *step, const char *text)
{
	struct json_object *object;

	if (!report->json) {
		say_row(report, step, text);
		return;
	}
	object = json_object_new_object();
	note_failure(report,
		json_put_string(object, "step", step) && json_put_string(object, "fact", text));
	note_failure(report, add_to_array(report->json_line, "steps", object));
}

static void tell_option(struct explain_report *report, const struct option_origin *origin)
{
	const struct configuration_value *value = origin->value;
	struct text text = TEXT_INIT;

	if (text_append_format(&text, translate("%s=%s, from %s, line %u%s"), value->name,
		    value->value, value->path, value->line,
		    origin->argument >= 0 ? translate(": overruled by the line above") : "") ==
		0) {
		ascii_hide_controls(text.data);
		tell_step(report, OPTION_STEP, text.data);
	} else {
		report->failed = true;
	}
	text_free(&text);
}

/* The options that files set. The decision has just read the same files without error. */
static void tell_options(struct explain_report *report)
{
	const struct pam_line *line = report->line;
	struct configuration configuration = CONFIGURATION_INIT;
	struct error error = ERROR_INIT;

	if (configuration_load(&configuration, line->argument_count,
		    (const char *const *)line->arguments, &error) == 0)
		for (const struct option_definition *row = option_definitions;
			row->name != NULL; row++) {
			const struct option_origin origin =
				option_origin_find(&configuration, line, row->name);

			if (row->alias_of == NULL && origin.value != NULL)
				tell_option(report, &origin);
		}
	configuration_free(&configuration);
}

void explain_report_step(void *context, const char *step, const char *text)
{
	struct explain_report *report = context;

	if (!report->told_options && strcmp(step, FILE_STEP) != 0) {
		report->told_options = true;
		tell_options(report);
	}
	if (strcmp(step, "secret") == 0)
		report->told_secret = true;
	tell_step(report, step, text);
}

static void append_sentence(struct text *text, const struct explain_report *report,
	const struct explanation *explanation)
{
	const char *code = pam_code_name(explanation->pam_code);
	const char *reason = reason_of(explanation);

	switch (explanation->outcome) {
	case LOGIN_ASKED:
		text_append_format(text,
			translate("%s is asked for a code; a right one gives %s."),
			report->user, code);
		break;
	case LOGIN_OFFERED:
		text_append_format(text,
			translate("%s is offered a secret; a right code of it gives %s."),
			report->user, code);
		break;
	case LOGIN_LET_IN:
		text_append_format(text,
			translate("%s is not asked, because of the grace period: %s."),
			report->user, code);
		break;
	case LOGIN_SKIPPED:
		text_append_format(text,
			translate("%s is not asked for a code (%s): %s, and the other lines of "
				  "the stack decide."),
			report->user, reason, code);
		break;
	case LOGIN_ASKED_IN_VAIN:
		text_append_format(text,
			translate(
				"%s is asked for a code, and refused whatever it is (%s): %s."),
			report->user, reason, code);
		break;
	case LOGIN_REFUSED:
	default:
		text_append_format(text,
			translate("%s is refused without being asked (%s): %s."), report->user,
			reason, code);
	}
}

/* A step has said already that there is no file. */
static bool needs_cause(
	const struct explain_report *report, const struct explanation *explanation)
{
	return *explanation->message != '\0' && explanation->outcome != LOGIN_SKIPPED &&
	       explanation->outcome != LOGIN_OFFERED &&
	       (explanation->result.reason != TOTPGROUP_REASON_NOT_ENROLLED ||
		       !report->told_secret);
}

static void say_outcome(struct explain_report *report, const struct explanation *explanation)
{
	struct text sentence = TEXT_INIT;

	if (needs_cause(report, explanation))
		say_row(report, translate("cause"), explanation->message);
	append_sentence(&sentence, report, explanation);
	if (sentence.status == 0)
		say_row(report, translate("result"), sentence.data);
	else
		report->failed = true;
	text_free(&sentence);
}

static bool add_outcome(
	const struct explain_report *report, const struct explanation *explanation)
{
	const int64_t retry_after = explanation->result.retry_after;

	return json_put_string(
		       report->json_line, "outcome", outcome_names[explanation->outcome]) &&
	       json_put_string(report->json_line, "reason", reason_of(explanation)) &&
	       json_put_string(report->json_line, "message",
		       *explanation->message != '\0' ? explanation->message : NULL) &&
	       json_put(report->json_line, "retry_after", json_object_new_int64(retry_after)) &&
	       json_put_string(
		       report->json_line, "pam_result", pam_code_name(explanation->pam_code));
}

void explain_report_outcome(
	struct explain_report *report, const struct explanation *explanation)
{
	if (report->json)
		note_failure(report, add_outcome(report, explanation));
	else
		say_outcome(report, explanation);
}

void explain_report_unknown(
	struct explain_report *report, const struct explanation *explanation)
{
	if (report->json) {
		note_failure(report, json_put_string(report->json_line, "outcome", "unknown") &&
					     json_put_string(report->json_line, "message",
						     explanation->message));
		return;
	}
	if (*explanation->message != '\0')
		say_row(report, translate("cause"), explanation->message);
	say_row(report, translate("result"),
		translate("unknown: only root can look at what decides; ask again with sudo."));
}

bool explain_report_end(struct explain_report *report, enum exit_status status)
{
	if (report->json) {
		note_failure(report,
			json_put(report->root, "status", json_object_new_int((int)status)));
		if (!report->failed)
			report->failed = !json_print(report->root);
		else
			terminal_out_of_memory();
		json_object_put(report->root);
	} else if (report->lines == 0) {
		note_failure(report,
			terminal_say("The auth lines of %s do not name pam_totpgroup.so: "
				     "nobody is asked for a code.\n",
				report->service));
	}
	if (report->failed && !report->json)
		terminal_complain("the explanation could not be printed");
	return !report->failed;
}
