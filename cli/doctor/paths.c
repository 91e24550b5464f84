/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ways through the auth lines: nobody is let in without a code or with a wrong one, and
 * nobody is refused with a right one. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "config/options.h"

#define CONTROL_CHECK "control"
#define SKIPPED_CHECK "skipped"
#define EXEMPT_CHECK  "exempt-users"
#define REFUSED_CHECK "good-code"
#define ORDER_CHECK   "first-factor"

/* The caller frees the copy. NULL if memory is out, which is noted in the report. */
static struct pam_trial *copy_trials(struct doctor *doctor)
{
	struct pam_trial *trials = calloc(doctor->trial_count, sizeof(*trials));

	if (trials == NULL) {
		doctor->report.out_of_memory = true;
		return NULL;
	}
	memcpy(trials, doctor->trials, doctor->trial_count * sizeof(*trials));
	return trials;
}

static void mend_control(
	struct finding *finding, const struct pam_line *line, const char *control)
{
	const struct pam_line_change change = {.control = control, .argument = -1};

	finding_mend_line(finding, MEND_REPLACE, line, &change);
}

/* The module's first line that may be the cause; a required or requisite one is not. */
static const struct pam_line *find_lenient_line(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++) {
		const struct pam_line *line = doctor->trials[i].line;

		if (doctor->trials[i].watched && !pam_line_has_control(line, "required") &&
			!pam_line_has_control(line, "requisite"))
			return line;
	}
	return NULL;
}

static void check_control(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_line *lenient = find_lenient_line(doctor);
	const struct pam_line *line = lenient != NULL ? lenient : doctor->line;
	struct finding *finding;

	if (paths->succeeds[PAM_WATCHED_FAILED]) {
		finding = report_add(doctor, FINDING_PROBLEM, CONTROL_CHECK,
			"%s, line %u: a wrong code lets in: the control is %s", line->file,
			line->number, line->control);
		finding_why(finding,
			"The line must be able to refuse, whatever the other lines say.");
		mend_control(finding, line, "required");
	} else if (lenient != NULL && !lenient->bracketed) {
		finding = report_add(doctor, FINDING_WARNING, CONTROL_CHECK,
			"%s, line %u: only the lines below it refuse a wrong code: the control "
			"is %s",
			line->file, line->number, line->control);
		finding_why(finding,
			"A change of those lines would switch off the codes silently.");
		mend_control(finding, line, "required");
	} else {
		report_add(doctor, FINDING_OK, CONTROL_CHECK, "a wrong code lets nobody in");
	}
}

/* How many modules the line may jump over and still arrive at the module's line. */
static unsigned int modules_between(const struct doctor *doctor, size_t skipper)
{
	unsigned int level = doctor->trials[skipper].line->level;
	unsigned int count = 0;

	for (size_t i = skipper + 1; !doctor->trials[i].watched; i++)
		if (doctor->trials[i].line->level == level)
			count++;
	return count;
}

static void shorten_jump(struct doctor *doctor, struct finding *finding, size_t skipper)
{
	const struct pam_line *line = doctor->trials[skipper].line;
	unsigned int modules = modules_between(doctor, skipper);
	struct text control = TEXT_INIT;

	if (!line->bracketed && modules == 0)
		mend_control(finding, line, "requisite");
	else if (pam_line_shorter_jump(&control, line, modules) == 0)
		mend_control(finding, line, control.data);
	else
		doctor->report.out_of_memory = true;
	text_free(&control);
}

/* The option group= does what `user ingroup GROUP` and a jump do. */
static void mend_by_group(struct doctor *doctor, struct finding *finding,
	const struct pam_line *gate, bool exempt)
{
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;
	struct text option = TEXT_INIT;
	const char *group = NULL;

	for (int i = 0; i + 1 < gate->argument_count; i++)
		if (strcmp(gate->arguments[i], "ingroup") == 0)
			group = gate->arguments[i + 1];
	if (doctor->module->group != NULL || group == NULL)
		return;
	if (text_append_format(&option, "group=%s%s", exempt ? "!" : "", group) == 0) {
		change.more = option.data;
		finding_mend_line(finding, MEND_REPLACE, doctor->line, &change);
	}
	text_free(&option);
}

static void report_gate(struct doctor *doctor, const struct pam_line *line, bool exempt)
{
	struct finding *finding = report_add(doctor, FINDING_WARNING, SKIPPED_CHECK,
		"%s, line %u: %s exempts some users from the code", line->file, line->number,
		line->module);

	finding_why(finding,
		"A jump over lines breaks when a line is added, and a failed lookup exempts "
		"users too. The option group= has neither fault; remove line %u if you use it.",
		line->number);
	mend_by_group(doctor, finding, line, exempt);
}

static void report_skipper(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_line *line = doctor->trials[paths->skipper].line;
	struct pam_line moved = *doctor->line;
	struct finding *finding;

	if (doctor_is_gate(line)) {
		report_gate(doctor, line, paths->skipping_result == 0);
		return;
	}
	finding = report_add(doctor, FINDING_PROBLEM, SKIPPED_CHECK,
		"%s, line %u: %s lets in before the code is asked for", line->file,
		line->number, line->module);
	finding_why(finding, "When that line succeeds, PAM does not come to %s, line %u.",
		doctor->line->file, doctor->line->number);
	/* A line of a substack ends only that: the module's line goes below the line of
	 * the service's own file that includes the substack. */
	moved.file = doctor->stack.files[0];
	moved.number = line->top;
	if (line->level > 0)
		finding_mend_line(finding, MEND_ADD, &moved, NULL);
	else
		shorten_jump(doctor, finding, paths->skipper);
}

/* Takes away the results by which the line skips, so that the next search finds another
 * line. */
static void stop_skipper(struct pam_trial *trials, const struct pam_paths *paths)
{
	struct pam_trial *trial = &trials[paths->skipper];

	trial->results &= ~PAM_RESULT(paths->skipping_result);
	for (unsigned int i = 0; i < PAM_CONTROL_RESULTS; i++)
		if (trial->line->actions[i] > 0 || trial->line->actions[i] == PAM_ACTION_DONE)
			trial->results &= ~PAM_RESULT(i);
}

/* Several lines may skip the module: a harmless one must not hide another. */
static void check_skipped(struct doctor *doctor, const struct pam_paths *first)
{
	struct pam_trial *trials = copy_trials(doctor);
	struct pam_paths paths = *first;

	if (!paths.succeeds[PAM_WATCHED_NOT_RUN])
		report_add(doctor, FINDING_OK, SKIPPED_CHECK,
			"no line lets in before the code is asked for");
	while (trials != NULL && paths.succeeds[PAM_WATCHED_NOT_RUN]) {
		report_skipper(doctor, &paths);
		stop_skipper(trials, &paths);
		if (pam_paths_find(&paths, trials, doctor->trial_count) == 0)
			continue;
		doctor->report.out_of_memory = true;
		break;
	}
	free(trials);
}

static void check_exempt(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_trial *trial = doctor->trials;
	struct finding *finding;

	while (trial->line != doctor->line)
		trial++;
	if ((trial->results & PAM_RESULTS_IGNORE) == 0 || paths->succeeds[PAM_WATCHED_IGNORED])
		return;
	finding = report_add(doctor, FINDING_PROBLEM, EXEMPT_CHECK,
		"%s, line %u: users whom the module does not ask cannot log in",
		doctor->line->file, doctor->line->number);
	finding_why(finding, "The module then says neither yes nor no, and PAM refuses a login "
			     "if no line says yes.");
	finding_mend(finding, MEND_ADD, doctor->line->file, doctor->line->number,
		"auth required pam_permit.so");
}

static void check_good_code(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_line *deny = doctor_find_auth_line(doctor, "pam_deny.so");
	struct finding *finding;

	/* A line that skips the module is mended first. */
	if (paths->succeeds[PAM_WATCHED_SUCCEEDED] || paths->succeeds[PAM_WATCHED_NOT_RUN])
		return;
	finding = report_add(doctor, FINDING_PROBLEM, REFUSED_CHECK,
		"%s: nobody can log in, not even with a right code", doctor->service);
	finding_why(
		finding, "Whatever the modules answer, a line refuses, or no line says yes.");
	if (deny != NULL)
		finding_mend_line(finding, MEND_REMOVE, deny, NULL);
	else
		mend_control(finding, doctor->line, "required");
}

/* The results of the trial without those with which its line refuses; all results for the
 * one line. */
static uint32_t only_one_refuses(const struct pam_trial *trial, const struct pam_line *one)
{
	uint32_t results = trial->results;

	for (unsigned int i = 0; trial->line != one && i < PAM_CONTROL_RESULTS; i++)
		if (trial->line->actions[i] == PAM_ACTION_BAD ||
			trial->line->actions[i] == PAM_ACTION_DIE)
			results &= ~PAM_RESULT(i);
	return results;
}

/* Whether the module can still ask for a code after that line has refused. */
static bool asks_after_refusal(struct doctor *doctor, const struct pam_line *line)
{
	struct pam_trial *trials = copy_trials(doctor);
	struct pam_paths paths = {.reached_refused = false};

	if (trials == NULL)
		return false;
	for (size_t i = 0; i < doctor->trial_count; i++)
		trials[i].results = only_one_refuses(&trials[i], line);
	if (pam_paths_find(&paths, trials, doctor->trial_count) != 0)
		doctor->report.out_of_memory = true;
	free(trials);
	return paths.reached_refused;
}

/* Whether requisite would mend it: in a substack, no control ends the stack itself. */
static bool could_refuse_at_once(const struct pam_line *line)
{
	return line->level == 0 && pam_line_has_control(line, "required") &&
	       (doctor_asks_password(line) || pam_line_names(line, "pam_deny.so"));
}

static void check_order(struct doctor *doctor)
{
	struct finding *finding;

	for (size_t i = 0; !doctor->trials[i].watched; i++) {
		const struct pam_line *line = doctor->trials[i].line;

		if (!could_refuse_at_once(line) || !asks_after_refusal(doctor, line))
			continue;
		finding = report_add(doctor, FINDING_WARNING, ORDER_CHECK,
			"%s, line %u: a user who gets the password wrong is still asked for a "
			"code",
			line->file, line->number);
		finding_why(finding,
			"Unknown users are asked too, and users who need no code are not, so "
			"strangers can tell them apart. They can also use up the attempts of "
			"others.");
		mend_control(finding, line, "requisite");
	}
}

void doctor_check_paths(struct doctor *doctor)
{
	struct pam_paths paths;

	if (doctor->line == NULL)
		return;
	if (pam_paths_find(&paths, doctor->trials, doctor->trial_count) != 0) {
		doctor->report.out_of_memory = true;
		return;
	}
	check_control(doctor, &paths);
	check_skipped(doctor, &paths);
	check_exempt(doctor, &paths);
	check_good_code(doctor, &paths);
	check_order(doctor);
}
