/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What may mend a stack in which the module's line is in a wrong place: each place where it
 * could be, the likely ones first. Which of them is right, proof.c finds out. */

#include "config.h"

#include <string.h>

#include "cli/doctor/doctor.h"

static void propose(struct finding *finding, const struct mend *mend,
	const struct pam_line *line, const char *control)
{
	const struct pam_line_change change = {.control = control, .argument = -1};
	struct text text = TEXT_INIT;
	struct mend proposal = *mend;

	proposal.text = NULL;
	if (pam_line_text(&text, line, &change) == 0)
		proposal.text = text.data;
	if (proposal.text != NULL)
		finding_propose(finding, &proposal);
	else if (finding != NULL)
		finding->report->out_of_memory = true;
	text_free(&text);
}

static void propose_control(
	struct finding *finding, const struct pam_line *line, const char *control)
{
	const struct mend mend = {.action = MEND_REPLACE,
		.file = (char *)(uintptr_t)line->file,
		.line = line->number};

	if (!pam_line_has_control(line, control))
		propose(finding, &mend, line, control);
}

/* NULL leaves a control that can refuse as it is. */
static const char *strict_control(const struct pam_line *line)
{
	return pam_line_has_control(line, "required") || pam_line_has_control(line, "requisite")
		       ? NULL
		       : "required";
}

static void propose_place(
	struct doctor *doctor, struct finding *finding, const char *file, unsigned int number)
{
	const struct pam_line *line = doctor->line;
	const struct mend mend = {.action = MEND_MOVE,
		.file = (char *)(uintptr_t)line->file,
		.line = line->number,
		.to_file = (char *)(uintptr_t)file,
		.to_line = number};

	if (strcmp(file, line->file) != 0 || number != line->number)
		propose(finding, &mend, line, strict_control(line));
}

/* From the last one upwards: what is behind all lines of passwords disturbs none. */
static void propose_places_in(
	struct doctor *doctor, struct finding *finding, const char *file, bool behind_permit)
{
	for (size_t i = doctor->trial_count; i > 0; i--) {
		const struct pam_line *line = doctor->trials[i - 1].line;

		if (strcmp(line->file, file) == 0 &&
			pam_line_names(line, "pam_permit.so") == behind_permit)
			propose_place(doctor, finding, file, line->number);
	}
}

static unsigned int count_own_lines(const struct doctor *doctor)
{
	unsigned int count = 0;

	for (size_t i = 0; i < doctor->trial_count; i++)
		count += doctor->trials[i].watched;
	return count;
}

static void propose_password_lines(struct doctor *doctor, struct finding *finding)
{
	for (size_t i = doctor->trial_count; i > 0; i--)
		if (doctor->trials[i - 1].role == PAM_ROLE_PASSWORD)
			propose_control(finding, doctor->trials[i - 1].line, "requisite");
}

static bool is_behind_passwords(const struct doctor *doctor)
{
	for (size_t i = doctor->trial_count; i > 0; i--) {
		if (doctor->trials[i - 1].watched)
			return true;
		if (doctor->trials[i - 1].role == PAM_ROLE_PASSWORD)
			return false;
	}
	return false;
}

void doctor_propose_places(struct doctor *doctor, struct finding *finding)
{
	const char *own = doctor->stack.files[0];
	const struct pam_line *last = doctor->trials[doctor->trial_count - 1].line;

	if (is_behind_passwords(doctor))
		propose_control(finding, doctor->line, "required");
	if (count_own_lines(doctor) == 1) {
		propose_places_in(doctor, finding, doctor->line->file, true);
		propose_places_in(doctor, finding, doctor->line->file, false);
		propose_place(doctor, finding, own, last->top);
		if (strcmp(own, doctor->line->file) != 0)
			propose_place(doctor, finding, own, doctor->line->top);
	}
	propose_control(finding, doctor->line, "required");
	propose_password_lines(doctor, finding);
}
