/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/stack.h"

#include <stdlib.h>

#include "cli/doctor/modules.h"
#include "cli/pamconf/line_text.h"
#include "totpgroup.h"

#define CHECK	     "pam-stack"
#define OTHER_CHECK  "other-module"
#define OTHER_MODULE "pam_google_authenticator.so"

static void report_unreadable(struct doctor *doctor, int status, const struct error *error)
{
	bool broken = status == TOTPGROUP_EFORMAT || status == TOTPGROUP_ENOTFOUND;
	struct finding *finding = report_add(&doctor->report,
		broken ? FINDING_PROBLEM : FINDING_UNKNOWN, CHECK, "%s", error->message);

	if (status == TOTPGROUP_ENOTFOUND) {
		finding_why(&doctor->report, finding,
			"PAM takes the service 'other' for it, which has no part in this.");
		finding_run(&doctor->report, finding, "ls /etc/pam.d /usr/lib/pam.d");
	} else if (broken) {
		finding_why(&doctor->report, finding,
			"PAM refuses every login on a line that it does not understand; "
			"pam.d(5) says how lines are written.");
	}
}

static bool collect(struct doctor *doctor)
{
	doctor->trials = calloc(doctor->stack.count + 1, sizeof(*doctor->trials));
	if (doctor->trials == NULL) {
		doctor->report.out_of_memory = true;
		return false;
	}
	for (size_t i = 0; i < doctor->stack.count; i++) {
		const struct pam_line *line = &doctor->stack.lines[i];
		struct pam_trial *trial = &doctor->trials[doctor->trial_count];

		if (line->type != PAM_TYPE_AUTH)
			continue;
		trial->line = line;
		trial->watched = pam_line_names(line, DOCTOR_MODULE);
		trial->results = doctor_results_of(line, doctor->service);
		if (trial->watched && doctor->line == NULL)
			doctor->line = line;
		doctor->trial_count++;
	}
	return true;
}

static const struct pam_line *other_line(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (pam_line_names(doctor->trials[i].line, OTHER_MODULE))
			return doctor->trials[i].line;
	return NULL;
}

static void mend_with(struct doctor *doctor, struct finding *finding, enum mend_action action,
	const struct pam_line *line, const struct pam_line_change *change)
{
	struct text text = TEXT_INIT;

	if (pam_line_text(&text, line, change) == 0)
		finding_mend(&doctor->report, finding, action, line->file, line->number, "%s",
			text.data);
	else
		doctor->report.out_of_memory = true;
	text_free(&text);
}

void doctor_mend_line(struct doctor *doctor, struct finding *finding,
	const struct pam_line *line, const struct pam_line_change *change)
{
	mend_with(doctor, finding, MEND_REPLACE, line, change);
}

void doctor_mend_by_removal(
	struct doctor *doctor, struct finding *finding, const struct pam_line *line)
{
	const struct pam_line_change none = PAM_LINE_CHANGE_NONE;

	mend_with(doctor, finding, MEND_REMOVE, line, &none);
}

/* Below the last line of the service's own file that is about this. */
static void report_missing(struct doctor *doctor)
{
	const struct pam_line *other = other_line(doctor);
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;
	struct finding *finding = report_add(&doctor->report, FINDING_PROBLEM, CHECK,
		"%s does not ask for a code: no auth line names " DOCTOR_MODULE,
		doctor->service);

	finding_why(&doctor->report, finding,
		"Nobody has to give a code until there is such a line.");
	change.module = DOCTOR_MODULE;
	if (other != NULL)
		doctor_mend_line(doctor, finding, other, &change);
	else
		finding_mend(&doctor->report, finding, MEND_ADD, doctor->stack.files[0],
			doctor->trial_count > 0
				? doctor->trials[doctor->trial_count - 1].line->top
				: 0,
			"auth required " DOCTOR_MODULE);
}

static void report_other(struct doctor *doctor)
{
	const struct pam_line *other = other_line(doctor);
	struct finding *finding;

	if (other == NULL)
		return;
	finding = report_add(&doctor->report, FINDING_PROBLEM, OTHER_CHECK,
		"%s asks for a code twice: by " OTHER_MODULE " too", doctor->service);
	finding_why(&doctor->report, finding,
		"Both spend codes of the same file, so that a good code is refused the second "
		"time.");
	doctor_mend_by_removal(doctor, finding, other);
}

void doctor_check_stack(struct doctor *doctor)
{
	const char *const given[] = {doctor->options.pam_folder, NULL};
	struct error error = ERROR_INIT;
	int status = pam_stack_read(&doctor->stack,
		doctor->options.pam_folder != NULL ? given : pam_stack_folders, doctor->service,
		&error);

	if (status != 0) {
		report_unreadable(doctor, status, &error);
		return;
	}
	doctor->stack_known = collect(doctor);
	if (!doctor->stack_known)
		return;
	if (doctor->line == NULL) {
		report_missing(doctor);
		return;
	}
	report_add(&doctor->report, FINDING_OK, CHECK, "%s asks for a code: %s, line %u",
		doctor->service, doctor->line->file, doctor->line->number);
	report_other(doctor);
}
