/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What mends a finding: an option where it is set, a line of the stack, a command. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/ui/words.h"

struct option_origin doctor_option_origin(const struct doctor *doctor, const char *option)
{
	return option_origin_find(doctor->configuration, doctor->line, option);
}

void doctor_mend_option(
	struct doctor *doctor, struct finding *finding, const char *option, const char *value)
{
	const struct option_origin origin = doctor_option_origin(doctor, option);
	struct pam_line_change change = {.argument = origin.argument};
	struct text replacement = TEXT_INIT;

	if (origin.argument < 0 && origin.value == NULL)
		return;
	if (origin.argument < 0) {
		finding_mend(finding, value != NULL ? MEND_REPLACE : MEND_REMOVE, origin.file,
			origin.line, "%s=%s", option, value != NULL ? value : origin.text);
		return;
	}
	if (value != NULL && text_append_format(&replacement, "%s=%s", option, value) != 0)
		doctor->report.out_of_memory = true;
	change.replacement = replacement.data;
	finding_mend_line(finding, MEND_REPLACE, doctor->line, &change);
	text_free(&replacement);
}

void finding_mend_line(struct finding *finding, enum mend_action action,
	const struct pam_line *line, const struct pam_line_change *change)
{
	struct text text = TEXT_INIT;

	if (finding == NULL)
		return;
	if (pam_line_text(&text, line, change) == 0)
		finding_mend(finding, action, line->file, line->number, "%s", text.data);
	else
		finding->report->out_of_memory = true;
	text_free(&text);
}

void finding_run_on(struct finding *finding, const char *command, const char *word)
{
	char *quoted = shell_word(word);

	if (quoted != NULL)
		finding_run(finding, "%s %s", command, quoted);
	else if (finding != NULL)
		finding->report->out_of_memory = true;
	free(quoted);
}

void finding_mend_line_ends(struct finding *finding, const char *path)
{
	char *quoted = shell_word(path);

	if (quoted != NULL)
		finding_mend(finding, MEND_LINE_ENDS, path, 0, "sed -i 's/\\r*$//' %s", quoted);
	else if (finding != NULL)
		finding->report->out_of_memory = true;
	free(quoted);
}

char *doctor_proposal(const char *message, const char *written)
{
	static const char words[] = "did you mean ";
	const char *name = strstr(message, words);
	const char *value = strchr(written, '=');
	char *text;

	if (name == NULL)
		return NULL;
	name += strlen(words);
	if (asprintf(&text, "%.*s%s", (int)strcspn(name, "?"), name,
		    value != NULL ? value : "") < 0)
		return NULL;
	return text;
}
