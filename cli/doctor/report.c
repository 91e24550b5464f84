/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "message/translate.h"

/* Text from files and databases must not control a terminal. */
static void replace_control_characters(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

__attribute__((format(printf, 2, 0))) static char *format_text(
	struct report *report, const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, translate(format), arguments) < 0) {
		report->out_of_memory = true;
		return NULL;
	}
	replace_control_characters(text);
	return text;
}

struct finding *report_add(struct doctor *doctor, enum finding_level level, const char *check,
	const char *what, ...)
{
	struct report *report = &doctor->report;
	struct finding *finding = calloc(1, sizeof(*finding));
	struct finding **findings =
		reallocarray(report->findings, report->count + 1, sizeof(struct finding *));
	va_list arguments;

	if (findings != NULL)
		report->findings = findings;
	if (finding == NULL || findings == NULL) {
		report->out_of_memory = true;
		free(finding);
		return NULL;
	}
	findings[report->count++] = finding;
	finding->report = report;
	finding->level = level;
	finding->check = check;
	va_start(arguments, what);
	finding->what = format_text(report, what, arguments);
	va_end(arguments);
	return finding;
}

void finding_why(struct finding *finding, const char *why, ...)
{
	va_list arguments;

	if (finding == NULL)
		return;
	va_start(arguments, why);
	finding->why = format_text(finding->report, why, arguments);
	va_end(arguments);
}

void finding_why_more(struct finding *finding, const char *more, ...)
{
	va_list arguments;
	char *text, *longer;

	if (finding == NULL)
		return;
	va_start(arguments, more);
	text = format_text(finding->report, more, arguments);
	va_end(arguments);
	if (text == NULL)
		return;
	if (asprintf(&longer, "%s%s%s", finding->why != NULL ? finding->why : "",
		    finding->why != NULL ? " " : "", text) < 0) {
		finding->report->out_of_memory = true;
	} else {
		free(finding->why);
		finding->why = longer;
	}
	free(text);
}

/* The first that is still free, or NULL. */
static struct mend *next_mend(struct finding *finding)
{
	for (size_t i = 0; finding != NULL && i < FINDING_MENDS; i++)
		if (finding->mends[i].action == MEND_NONE)
			return &finding->mends[i];
	return NULL;
}

static char *copy_string(struct report *report, const char *string)
{
	char *copy = string != NULL ? strdup(string) : NULL;

	if (string != NULL && copy == NULL)
		report->out_of_memory = true;
	if (copy != NULL)
		replace_control_characters(copy);
	return copy;
}

void finding_mend(struct finding *finding, enum mend_action action, const char *file,
	unsigned int line, const char *text, ...)
{
	struct mend *mend = next_mend(finding);
	va_list arguments;

	if (mend == NULL)
		return;
	mend->file = strdup(file);
	if (mend->file == NULL) {
		finding->report->out_of_memory = true;
		return;
	}
	replace_control_characters(mend->file);
	mend->action = action;
	mend->line = line;
	va_start(arguments, text);
	mend->text = format_text(finding->report, text, arguments);
	va_end(arguments);
}

void finding_mend_also(struct finding *finding, enum mend_action action, const char *file,
	unsigned int line, const char *text)
{
	struct mend *also = finding != NULL ? calloc(1, sizeof(*also)) : NULL;
	size_t last = FINDING_MENDS;

	if (finding == NULL)
		return;
	while (last > 0 && finding->mends[last - 1].action == MEND_NONE)
		last--;
	if (also == NULL || last == 0) {
		finding->report->out_of_memory = true;
		free(also);
		return;
	}
	also->action = action;
	also->file = copy_string(finding->report, file);
	also->line = line;
	also->text = copy_string(finding->report, text);
	finding->mends[last - 1].also = also;
}

void finding_run(struct finding *finding, const char *command, ...)
{
	struct mend *mend = next_mend(finding);
	va_list arguments;

	if (mend == NULL)
		return;
	mend->action = MEND_RUN;
	va_start(arguments, command);
	mend->text = format_text(finding->report, command, arguments);
	va_end(arguments);
}

void finding_propose(struct finding *finding, const struct mend *proposal)
{
	struct mend *proposals;
	struct mend *mend;

	if (finding == NULL)
		return;
	proposals = reallocarray(
		finding->proposals, finding->proposal_count + 1, sizeof(*proposals));
	if (proposals == NULL) {
		finding->report->out_of_memory = true;
		return;
	}
	finding->proposals = proposals;
	mend = &proposals[finding->proposal_count++];
	*mend = *proposal;
	mend->file = copy_string(finding->report, proposal->file);
	mend->to_file = copy_string(finding->report, proposal->to_file);
	mend->text = copy_string(finding->report, proposal->text);
	mend->also = NULL;
}

void finding_propose_first(struct finding *finding, const struct mend *proposal)
{
	size_t count = finding->proposal_count;
	struct mend first;

	finding_propose(finding, proposal);
	if (finding->proposal_count == count)
		return;
	first = finding->proposals[count];
	memmove(finding->proposals + 1, finding->proposals, count * sizeof(first));
	finding->proposals[0] = first;
}

void mend_clear(struct mend *mend)
{
	free(mend->file);
	free(mend->to_file);
	free(mend->text);
	if (mend->also != NULL)
		mend_clear(mend->also);
	free(mend->also);
	*mend = (struct mend){.action = MEND_NONE};
}

enum exit_status report_status(const struct report *report)
{
	enum exit_status status = report->out_of_memory ? STATUS_STORE_ERROR : STATUS_DONE;

	for (size_t i = 0; i < report->count; i++) {
		if (report->findings[i]->level == FINDING_PROBLEM)
			return STATUS_REFUSED;
		if (report->findings[i]->level == FINDING_UNKNOWN)
			status = STATUS_STORE_ERROR;
	}
	return status;
}

void report_free(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		struct finding *finding = report->findings[i];

		free(finding->what);
		free(finding->why);
		for (size_t j = 0; j < FINDING_MENDS; j++)
			mend_clear(&finding->mends[j]);
		for (size_t j = 0; j < finding->proposal_count; j++)
			mend_clear(&finding->proposals[j]);
		free(finding->proposals);
		free(finding);
	}
	free(report->findings);
	*report = (struct report){.count = 0};
}
