/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "cli/doctor/modules.h"
#include "cli/doctor/stack.h"
#include "cli/pamconf/paths.h"

#define CONTROL_CHECK "control"
#define SKIPPED_CHECK "skipped"
#define EXEMPT_CHECK  "exempt-users"
#define REFUSED_CHECK "good-code"
#define ORDER_CHECK   "first-factor"

static bool has_control(const struct pam_line *line, const char *word)
{
	return !line->bracketed && ascii_is_word(line->control, strlen(line->control), word);
}

static size_t index_of(const struct doctor *doctor, const struct pam_line *line)
{
	size_t at = 0;

	while (doctor->trials[at].line != line)
		at++;
	return at;
}

/* The caller frees it; NULL, having said so, where memory is out. */
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

static void mend_control(struct doctor *doctor, struct finding *finding,
	const struct pam_line *line, const char *control)
{
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;

	change.control = control;
	doctor_mend_line(doctor, finding, line, &change);
}

/* The first line of the module that may be the cause: one that is required is
 * not. */
static const struct pam_line *lenient_line(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++) {
		const struct pam_line *line = doctor->trials[i].line;

		if (doctor->trials[i].watched && !has_control(line, "required") &&
			!has_control(line, "requisite"))
			return line;
	}
	return NULL;
}

static void check_control(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_line *lenient = lenient_line(doctor);
	const struct pam_line *line = lenient != NULL ? lenient : doctor->line;
	struct finding *finding;

	if (paths->succeeds[PAM_WATCHED_FAILED]) {
		finding = report_add(&doctor->report, FINDING_PROBLEM, CONTROL_CHECK,
			"%s, line %u: a wrong code lets in: the control is %s", line->file,
			line->number, line->control);
		finding_why(&doctor->report, finding,
			"The line must be able to refuse, whatever the other lines say.");
		mend_control(doctor, finding, line, "required");
	} else if (lenient != NULL && !lenient->bracketed) {
		finding = report_add(&doctor->report, FINDING_WARNING, CONTROL_CHECK,
			"%s, line %u: only the lines below keep a wrong code from letting in: "
			"the control is %s",
			line->file, line->number, line->control);
		finding_why(&doctor->report, finding,
			"A change of those lines would switch the codes off without a word.");
		mend_control(doctor, finding, line, "required");
	} else {
		report_add(&doctor->report, FINDING_OK, CONTROL_CHECK,
			"a wrong code lets nobody in");
	}
}

/* Below the line of the service's own file by which the skipping line came. */
static void mend_by_moving(
	struct doctor *doctor, struct finding *finding, const struct pam_line *skipper)
{
	const struct pam_line_change none = PAM_LINE_CHANGE_NONE;
	struct text text = TEXT_INIT;

	if (pam_line_text(&text, doctor->line, &none) == 0)
		finding_mend(&doctor->report, finding, MEND_ADD, doctor->stack.files[0],
			skipper->top, "%s", text.data);
	else
		doctor->report.out_of_memory = true;
	text_free(&text);
}

/* How many modules the line may jump over and still end at the module's. */
static unsigned int modules_between(const struct doctor *doctor, size_t skipper)
{
	unsigned int level = doctor->trials[skipper].line->level;
	unsigned int count = 0;

	for (size_t i = skipper + 1; !doctor->trials[i].watched; i++)
		if (doctor->trials[i].line->level == level)
			count++;
	return count;
}

static void mend_by_shorter_jump(struct doctor *doctor, struct finding *finding, size_t skipper)
{
	const struct pam_line *line = doctor->trials[skipper].line;
	unsigned int modules = modules_between(doctor, skipper);
	struct text control = TEXT_INIT;

	if (!line->bracketed && modules == 0)
		mend_control(doctor, finding, line, "requisite");
	else if (pam_line_shorter_jump(&control, line, modules) == 0)
		mend_control(doctor, finding, line, control.data);
	else
		doctor->report.out_of_memory = true;
	text_free(&control);
}

/* `user ingroup staff` and a jump do what group= does. */
static void mend_by_group(struct doctor *doctor, struct finding *finding,
	const struct pam_line *gate, bool exempt)
{
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;
	struct text option = TEXT_INIT;
	const char *group = NULL;

	for (int i = 0; i + 1 < gate->argument_count; i++)
		if (strcmp(gate->arguments[i], "ingroup") == 0)
			group = gate->arguments[i + 1];
	if (doctor->module.group != NULL || group == NULL)
		return;
	if (text_append_format(&option, "group=%s%s", exempt ? "!" : "", group) == 0) {
		change.more = option.data;
		doctor_mend_line(doctor, finding, doctor->line, &change);
	}
	text_free(&option);
}

static void report_gate(struct doctor *doctor, const struct pam_line *line, bool exempt)
{
	struct finding *finding = report_add(&doctor->report, FINDING_WARNING, SKIPPED_CHECK,
		"%s, line %u: %s exempts some from the code", line->file, line->number,
		line->module);

	finding_why(&doctor->report, finding,
		"A jump over lines breaks when a line is added, and an error of the lookup "
		"exempts too. The option group= does neither; remove line %u then.",
		line->number);
	mend_by_group(doctor, finding, line, exempt);
}

static void report_skipper(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_line *line = doctor->trials[paths->skipper].line;
	struct finding *finding;

	if (doctor_is_gate(line)) {
		report_gate(doctor, line, paths->skipping_result == 0);
		return;
	}
	finding = report_add(&doctor->report, FINDING_PROBLEM, SKIPPED_CHECK,
		"%s, line %u: %s lets in before the code is asked for", line->file,
		line->number, line->module);
	finding_why(&doctor->report, finding,
		"When that line succeeds, PAM does not come to %s, line %u.",
		doctor->line->file, doctor->line->number);
	if (line->level > 0)
		mend_by_moving(doctor, finding, line);
	else
		mend_by_shorter_jump(doctor, finding, paths->skipper);
}

/* So that the next search finds another one. */
static void take_out_skipper(struct pam_trial *trials, const struct pam_paths *paths)
{
	struct pam_trial *trial = &trials[paths->skipper];

	trial->results &= ~PAM_RESULT(paths->skipping_result);
	for (unsigned int i = 0; i < PAM_CONTROL_RESULTS; i++)
		if (trial->line->actions[i] > 0 || trial->line->actions[i] == PAM_ACTION_DONE)
			trial->results &= ~PAM_RESULT(i);
}

/* There may be several, and a harmless one must not hide another. */
static void check_skipped(struct doctor *doctor, const struct pam_paths *first)
{
	struct pam_trial *trials = copy_trials(doctor);
	struct pam_paths paths = *first;

	if (!paths.succeeds[PAM_WATCHED_NOT_RUN])
		report_add(&doctor->report, FINDING_OK, SKIPPED_CHECK,
			"no line lets in before the code is asked for");
	while (trials != NULL && paths.succeeds[PAM_WATCHED_NOT_RUN]) {
		report_skipper(doctor, &paths);
		take_out_skipper(trials, &paths);
		if (pam_paths_find(&paths, trials, doctor->trial_count) == 0)
			continue;
		doctor->report.out_of_memory = true;
		break;
	}
	free(trials);
}

static void check_exempt(struct doctor *doctor, const struct pam_paths *paths)
{
	bool exempts = (doctor->trials[index_of(doctor, doctor->line)].results &
			       PAM_RESULTS_IGNORE) != 0;
	struct finding *finding;

	if (!exempts || paths->succeeds[PAM_WATCHED_IGNORED])
		return;
	finding = report_add(&doctor->report, FINDING_PROBLEM, EXEMPT_CHECK,
		"%s, line %u: whom the module does not ask cannot log in", doctor->line->file,
		doctor->line->number);
	finding_why(&doctor->report, finding,
		"The module says neither yes nor no then, and PAM refuses where nobody says "
		"yes.");
	finding_mend(&doctor->report, finding, MEND_ADD, doctor->line->file,
		doctor->line->number, "auth required pam_permit.so");
}

static void check_good_code(struct doctor *doctor, const struct pam_paths *paths)
{
	struct finding *finding;

	/* Where the module is passed over, that comes first. */
	if (paths->succeeds[PAM_WATCHED_SUCCEEDED] || paths->succeeds[PAM_WATCHED_NOT_RUN])
		return;
	finding = report_add(&doctor->report, FINDING_PROBLEM, REFUSED_CHECK,
		"%s: nobody can log in, not with a right code either", doctor->service);
	finding_why(&doctor->report, finding,
		"The lines refuse, or none of them says yes, whatever the modules answer.");
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (pam_line_names(doctor->trials[i].line, "pam_deny.so")) {
			doctor_mend_by_removal(doctor, finding, doctor->trials[i].line);
			return;
		}
	mend_control(doctor, finding, doctor->line, "required");
}

/* Without what would refuse, except by the one line. */
static uint32_t only_culprit_refuses(
	const struct pam_trial *trial, const struct pam_line *culprit)
{
	uint32_t results = trial->results;

	for (unsigned int i = 0; trial->line != culprit && i < PAM_CONTROL_RESULTS; i++)
		if (trial->line->actions[i] == PAM_ACTION_BAD ||
			trial->line->actions[i] == PAM_ACTION_DIE)
			results &= ~PAM_RESULT(i);
	return results;
}

/* Whether the code is asked for after that line has refused. */
static bool asks_after_refusal(struct doctor *doctor, const struct pam_line *culprit)
{
	struct pam_trial *trials = copy_trials(doctor);
	struct pam_paths paths = {.reached_refused = false};

	if (trials == NULL)
		return false;
	for (size_t i = 0; i < doctor->trial_count; i++)
		trials[i].results = only_culprit_refuses(&trials[i], culprit);
	if (pam_paths_find(&paths, trials, doctor->trial_count) != 0)
		doctor->report.out_of_memory = true;
	free(trials);
	return paths.reached_refused;
}

/* In a substack nothing can end the stack itself, and so no word helps. */
static bool could_end_earlier(const struct pam_line *line)
{
	return line->level == 0 && has_control(line, "required") &&
	       (doctor_asks_password(line) || pam_line_names(line, "pam_deny.so"));
}

static void check_order(struct doctor *doctor)
{
	struct finding *finding;

	for (size_t i = 0; !doctor->trials[i].watched; i++) {
		const struct pam_line *line = doctor->trials[i].line;

		if (!could_end_earlier(line) || !asks_after_refusal(doctor, line))
			continue;
		finding = report_add(&doctor->report, FINDING_WARNING, ORDER_CHECK,
			"%s, line %u: who gets the password wrong is asked for a code all the "
			"same",
			line->file, line->number);
		finding_why(&doctor->report, finding,
			"Unknown users are asked too, and users who need no code are not: so "
			"strangers can tell them apart. And they can use up the attempts of "
			"others.");
		mend_control(doctor, finding, line, "requisite");
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
