/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/conf_files.h"
#include "cli/doctor/modules.h"
#include "cli/doctor/stack.h"

#define CHECK "module-options"

/* The number of the argument that is wrong in itself, or -1. */
static int find_wrong(const struct pam_line *line)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	for (int i = 0; i < line->argument_count; i++)
		if (options_read(&options, line->arguments[i], &error) != 0)
			return i;
	return -1;
}

/* The argument with the name that the message proposes; the caller frees it.
 * NULL where it proposes none, and then the argument has to go. */
static char *corrected(const char *argument, const char *message)
{
	static const char proposal[] = "did you mean ";
	const char *name = strstr(message, proposal);
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	const char *value = strchr(argument, '=');
	char *text;

	if (name == NULL)
		return NULL;
	name += strlen(proposal);
	if (asprintf(&text, "%.*s%s", (int)strcspn(name, "?"), name,
		    value != NULL ? value : "") < 0)
		return NULL;
	if (options_read(&options, text, &error) == 0)
		return text;
	free(text);
	return NULL;
}

static void report_wrong(
	struct doctor *doctor, const struct pam_line *line, const struct error *error)
{
	struct finding *finding = report_add(&doctor->report, FINDING_PROBLEM, CHECK,
		"%s, line %u: %s", line->file, line->number, error->message);
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;
	int wrong = find_wrong(line);
	char *replacement = NULL;

	finding_why(&doctor->report, finding,
		"The module refuses every login with an option that it does not understand.");
	/* Options that contradict each other are each right: one has to go. */
	change.argument = wrong >= 0 ? wrong : line->argument_count - 1;
	if (wrong >= 0)
		replacement = corrected(line->arguments[wrong], error->message);
	change.replacement = replacement;
	doctor_mend_line(doctor, finding, line, &change);
	free(replacement);
}

/* What the line may answer is known only now. */
static void note_results(
	struct doctor *doctor, const struct pam_line *line, const struct options *options)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (doctor->trials[i].line == line && doctor_may_step_aside(options))
			doctor->trials[i].results = PAM_RESULTS_ALL;
}

/* With what the files say. */
static void check_files(struct doctor *doctor, const struct pam_line *line)
{
	struct configuration own = CONFIGURATION_INIT;
	struct configuration *configuration =
		line == doctor->line ? &doctor->configuration : &own;
	bool loaded = doctor_config_load(doctor, line, configuration);

	options_leave_to_daemon(&configuration->options);
	if (loaded)
		note_results(doctor, line, &configuration->options);
	doctor->module = doctor->configuration.options;
	configuration_free(&own);
}

static void check_options(struct doctor *doctor, const struct pam_line *line)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	if (options_read_all(&options, line->argument_count,
		    (const char *const *)line->arguments, &error) != 0) {
		report_wrong(doctor, line, &error);
		note_results(doctor, line, &options);
		if (line == doctor->line)
			doctor->module = doctor->configuration.options = options;
		return;
	}
	if (line == doctor->line)
		report_add(&doctor->report, FINDING_OK, CHECK,
			"the module understands its options");
	check_files(doctor, line);
}

static void check_prefix(struct doctor *doctor, const struct pam_line *line)
{
	const struct pam_line_change none = PAM_LINE_CHANGE_NONE;
	struct finding *finding;

	if (!line->silent)
		return;
	finding = report_add(&doctor->report, FINDING_WARNING, "silent-line",
		"%s, line %u: begins with a hyphen", line->file, line->number);
	finding_why(&doctor->report, finding,
		"If the module cannot be loaded, logins are refused and nothing in the log "
		"says why.");
	doctor_mend_line(doctor, finding, line, &none);
}

void doctor_check_line(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->stack.count; i++) {
		const struct pam_line *line = &doctor->stack.lines[i];

		if (!pam_line_names(line, DOCTOR_MODULE))
			continue;
		check_options(doctor, line);
		check_prefix(doctor, line);
	}
}
