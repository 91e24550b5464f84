/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines of the module that must not be there: of the types account and password, and a second
 * one that asks for a code again. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "config/options.h"
#include "message/translate.h"

#define TYPE_CHECK  "line-type"
#define TWICE_CHECK "asked-twice"

static void check_type(struct doctor *doctor, const struct pam_line *line)
{
	struct finding *finding;

	if (line->type != PAM_TYPE_ACCOUNT && line->type != PAM_TYPE_PASSWORD)
		return;
	finding = report_add(doctor, FINDING_PROBLEM, TYPE_CHECK,
		"%s, line %u: the module is on a line of the type %s", line->file, line->number,
		pam_type_name(line->type));
	finding_why(finding,
		line->type == PAM_TYPE_ACCOUNT
			? N_("The module has no part in that, so PAM refuses the login.")
			: N_("The module has no part in that, so nobody can change a "
			     "password."));
	finding_mend_line(finding, MEND_REMOVE, line, NULL);
}

/* Whether a login can succeed in which both lines say yes. */
static bool both_can_ask(
	struct doctor *doctor, const struct pam_line *first, const struct pam_line *second)
{
	struct pam_trial *trials = calloc(doctor->trial_count, sizeof(*trials));
	struct pam_paths paths = {.skipper = PAM_PATHS_NONE};
	bool found;

	for (size_t i = 0; trials != NULL && i < doctor->trial_count; i++) {
		trials[i] = doctor->trials[i];
		trials[i].watched = trials[i].line == second;
		trials[i].role = trials[i].line == first ? PAM_ROLE_PASSWORD : PAM_ROLE_NONE;
	}
	found = trials != NULL && pam_paths_find(&paths, trials, doctor->trial_count) == 0;
	if (!found)
		doctor->report.out_of_memory = true;
	free(trials);
	return found && paths.succeeds_as[PAM_WATCHED_SUCCEEDED][PAM_IDENTIFIED_PASSWORD];
}

static bool has_group(const struct pam_line *line)
{
	for (int i = 0; i < line->argument_count; i++)
		if (strncmp(line->arguments[i], "group=", strlen("group=")) == 0)
			return true;
	return false;
}

/* Whether the lines are for the same users; or, as *some, one for all and one for some of them.
 * Two lines may well be for two groups. */
static bool ask_the_same(const struct doctor *doctor, const struct pam_line *line, bool *some)
{
	const char *option = doctor_find_difference(doctor, line);

	*some = option != NULL && strcmp(option, "group") == 0 &&
		(doctor->module->group == NULL || !has_group(line));
	return option == NULL || *some;
}

static void check_twice(struct doctor *doctor, const struct pam_line *line)
{
	struct finding *finding;
	bool some;

	if (line->type != PAM_TYPE_AUTH || line == doctor->line ||
		!ask_the_same(doctor, line, &some) || !both_can_ask(doctor, doctor->line, line))
		return;
	finding = report_add(doctor, some ? FINDING_WARNING : FINDING_PROBLEM, TWICE_CHECK,
		"%s, line %u: asks for a code again, after %s, line %u", line->file,
		line->number, doctor->line->file, doctor->line->number);
	finding_why(finding, "A code can be used once, so a user needs two to log in.");
	/* Without the line for a group, all are still asked. */
	if (!some || has_group(line))
		finding_mend_line(finding, MEND_REMOVE, line, NULL);
	if (!some || !has_group(line))
		finding_mend_line(finding, MEND_REMOVE, doctor->line, NULL);
}

void doctor_check_misplaced(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->stack.count; i++) {
		const struct pam_line *line = &doctor->stack.lines[i];

		if (!pam_line_names(line, DOCTOR_MODULE))
			continue;
		check_type(doctor, line);
		if (doctor->line != NULL)
			check_twice(doctor, line);
	}
}
