/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The password lines of the stack: a wrong password lets nobody in, no way passes them, and no
 * code is asked for after a wrong one. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "config/options.h"
#include "message/translate.h"

#define CHECK	    "password"
#define ORDER_CHECK "first-factor"

static const struct pam_line *first_password(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (doctor->trials[i].role == PAM_ROLE_PASSWORD)
			return doctor->trials[i].line;
	return NULL;
}

/* Who is let in with a wrong password; NULL for nobody. */
static const char *who_gets_in(const struct pam_paths *paths)
{
	if (paths->succeeds_as[PAM_WATCHED_NOT_RUN][PAM_IDENTIFIED_WRONG] ||
		paths->succeeds_as[PAM_WATCHED_FAILED][PAM_IDENTIFIED_WRONG])
		return translate("anybody");
	if (paths->succeeds_as[PAM_WATCHED_IGNORED][PAM_IDENTIFIED_WRONG])
		return translate("users who are not asked for a code");
	if (paths->succeeds_as[PAM_WATCHED_SUCCEEDED][PAM_IDENTIFIED_WRONG])
		return translate("users with a right code");
	return NULL;
}

/* True if nobody gets in. */
static bool check_wrong(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_line *line = first_password(doctor);
	const char *who = who_gets_in(paths);
	struct finding *finding;

	if (who == NULL)
		return true;
	finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"%s, line %u: a wrong password lets in %s", line->file, line->number, who);
	finding_why(finding, "After %s has said no, no line refuses, and a later one says yes.",
		line->module);
	doctor_propose_places(doctor, finding);
	return false;
}

/* A line that judges by who the user is, or where the login is from, may be meant to. */
static void report_passer(struct doctor *doctor, const struct pam_line *line)
{
	bool gate = doctor_is_gate(line);
	struct finding *finding;

	if (gate) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"%s, line %u: %s lets some users in without a password", line->file,
			line->number, line->module);
		finding_why(finding, "They need a code alone, or nothing at all.");
		return;
	}
	finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"%s, line %u: %s lets in before a password is asked for", line->file,
		line->number, line->module);
	finding_why(finding, "A code is one factor only, and users who are not asked for one "
			     "need nothing at all.");
	doctor_propose_places(doctor, finding);
}

/* Several lines may pass the passwords: a harmless one must not hide another. True if none
 * does, apart from those that only judge who the user is. */
static bool check_passed(struct doctor *doctor, const struct pam_paths *first)
{
	struct pam_trial *trials = calloc(doctor->trial_count, sizeof(*trials));
	struct pam_paths paths = *first;
	bool good = true;

	if (trials == NULL) {
		doctor->report.out_of_memory = true;
		return false;
	}
	memcpy(trials, doctor->trials, doctor->trial_count * sizeof(*trials));
	while (paths.passer != PAM_PATHS_NONE) {
		struct pam_trial *passer = &trials[paths.passer];

		report_passer(doctor, passer->line);
		good = good && doctor_is_gate(passer->line);
		passer->results &= ~PAM_RESULT(paths.passing_result);
		for (unsigned int i = 0; i < PAM_CONTROL_RESULTS; i++)
			if (passer->line->actions[i] > 0 ||
				passer->line->actions[i] == PAM_ACTION_DONE)
				passer->results &= ~PAM_RESULT(i);
		if (!doctor_find_paths(doctor, &paths, trials))
			break;
	}
	free(trials);
	return good;
}

/* The line that refuses too late: a required line, or the substack in which one is. */
static const struct pam_line *late_line(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++) {
		const struct pam_line *line = doctor->trials[i].line;

		if (line->level == 0 &&
			(line->module == NULL || pam_line_has_control(line, "required")) &&
			(line->module == NULL || doctor_asks_password(line) ||
				pam_line_names(line, "pam_deny.so")))
			return line;
		if (doctor->trials[i].watched)
			break;
	}
	return first_password(doctor);
}

static const char *late_why(const struct pam_line *line, bool enroll)
{
	if (enroll && line->module == NULL)
		return translate(
			"PAM goes on after a substack that has refused. A stranger leaves a "
			"secret of their own for a user who has none, and needs only the "
			"password after that. The example pam.d/sshd-password-and-code-fedora "
			"has "
			"lines for Fedora without a substack.");
	if (enroll)
		return translate(
			"A stranger leaves a secret of their own for a user who has none, and "
			"needs only the password after that. Without the option enroll, nobody "
			"can.");
	if (line->module == NULL)
		return translate(
			"PAM goes on after a substack that has refused. So strangers can tell "
			"users who need no code from others, and use up the attempts of "
			"others. The example pam.d/sshd-password-and-code-fedora has lines for "
			"Fedora without a substack.");
	return translate(
		"Unknown users are asked too, and users who need no code are not, so strangers "
		"can tell them apart. They can also use up the attempts of others.");
}

/* PAM goes on after a required line that refuses, and after a substack that refuses. */
static void mend_late(struct finding *finding, const struct pam_line *line)
{
	const struct pam_line_change change = {.control = "requisite", .argument = -1};
	struct pam_line include = *line;
	char control[] = "include";

	if (line->module != NULL) {
		finding_mend_line(finding, MEND_REPLACE, line, &change);
		return;
	}
	include.control = control;
	include.module = line->target;
	finding_mend_line(finding, MEND_REPLACE, &include, NULL);
}

static void check_order(struct doctor *doctor)
{
	const struct pam_line *line = late_line(doctor);
	bool enroll = doctor->module->enroll;
	struct finding *finding = report_add(doctor, enroll ? FINDING_PROBLEM : FINDING_WARNING,
		ORDER_CHECK,
		enroll ? N_("%s, line %u: a user who gets the password wrong is still offered "
			    "a secret, which is stored")
		       : N_("%s, line %u: a user who gets the password wrong is still asked "
			    "for "
			    "a code"),
		line->file, line->number);

	finding_why(finding, "%s", late_why(line, enroll));
	mend_late(finding, line);
	doctor_propose_places(doctor, finding);
}

/* With forward_pass, the password is typed at the prompt for the code and goes on to the lines
 * below. */
static void check_first(struct doctor *doctor)
{
	bool enroll = doctor->module->enroll;
	const struct pam_line *line = doctor->line;
	struct finding *finding;

	if (doctor->module->forward_pass)
		return;
	finding = report_add(doctor, enroll ? FINDING_PROBLEM : FINDING_WARNING, ORDER_CHECK,
		"%s, line %u: the code is asked for before the password", line->file,
		line->number);
	finding_why(finding,
		enroll ? N_("A stranger who knows no password leaves a secret of their own for "
			    "a user who has none.")
		       : N_("Strangers can try codes, and use up the attempts of others, "
			    "without "
			    "knowing a password."));
	doctor_propose_places(doctor, finding);
}

void doctor_check_passwords(struct doctor *doctor)
{
	struct pam_paths paths;
	bool good;

	if (doctor->line == NULL || first_password(doctor) == NULL ||
		!doctor_find_paths(doctor, &paths, doctor->trials))
		return;
	good = check_wrong(doctor, &paths);
	good = check_passed(doctor, &paths) && good;
	if (!good)
		return;
	report_add(doctor, FINDING_OK, CHECK, "a wrong password lets nobody in");
	if (paths.reached_wrong)
		check_order(doctor);
	else if (paths.reached_first)
		check_first(doctor);
}
