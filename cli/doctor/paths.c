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
		doctor_propose_places(doctor, finding);
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

/* The value of group= that exempts whom the line exempts, if it judges by one group alone: `!`
 * where it exempts the group. False if it does not. */
static bool find_group(
	const struct pam_line *line, bool skips_by_yes, const char **exempt, const char **group)
{
	static const char *const flags[] = {
		"quiet", "quiet_success", "quiet_fail", "use_uid", "audit", "debug"};
	const char *words[3] = {NULL};
	size_t count = 0;
	bool in;

	for (int i = 0; i < line->argument_count; i++) {
		bool flag = false;

		for (size_t j = 0; j < sizeof flags / sizeof flags[0]; j++)
			flag = flag || strcmp(line->arguments[i], flags[j]) == 0;
		if (!flag && count == 3)
			return false;
		if (!flag)
			words[count++] = line->arguments[i];
	}
	if (count != 3 || strcmp(words[0], "user") != 0)
		return false;
	in = strcmp(words[1], "ingroup") == 0;
	if (!in && strcmp(words[1], "notingroup") != 0)
		return false;
	*exempt = in == skips_by_yes ? "!" : "";
	*group = words[2];
	return strpbrk(*group, ":,!") == NULL;
}

/* The option group= asks the same users, but that line has to be taken away for it: two
 * changes, of which no one alone is right. */
static void report_gate(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_line *line = doctor->trials[paths->skipper].line;
	const char *exempt, *group;
	struct finding *finding = report_add(doctor, FINDING_WARNING, SKIPPED_CHECK,
		"%s, line %u: %s exempts some users from the code", line->file, line->number,
		line->module);

	finding_why(finding,
		"A jump over lines breaks when a line is added, and a failed lookup "
		"exempts users too. The option group= has neither fault.");
	if (pam_line_names(line, "pam_succeed_if.so") && doctor->module->group == NULL &&
		find_group(line, paths->skipping_result == 0, &exempt, &group))
		finding_why_more(finding,
			"Take that line away, and in the same moment write group=%s%s behind "
			"the module's name in %s, line %u; then run this again.",
			exempt, group, doctor->line->file, doctor->line->number);
}

/* Something else than a code is a second factor, too, where a password comes before it. */
static void report_other_factor(struct doctor *doctor, const struct pam_line *line)
{
	finding_why(report_add(doctor, FINDING_WARNING, SKIPPED_CHECK,
			    "%s, line %u: users for whom %s says yes are asked for no code",
			    line->file, line->number, line->module),
		"That is right if it asks for something that the user has.");
}

/* True if it is a problem. */
static bool report_skipper(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_trial *trial = &doctor->trials[paths->skipper];
	const struct pam_line *line = trial->line;
	struct finding *finding;

	if (trial->role == PAM_ROLE_FACTOR &&
		paths->skipper_identified == PAM_IDENTIFIED_PASSWORD) {
		report_other_factor(doctor, line);
		return false;
	}
	if (doctor_is_gate(line)) {
		report_gate(doctor, paths);
		return false;
	}
	finding = report_add(doctor, FINDING_PROBLEM, SKIPPED_CHECK,
		"%s, line %u: %s lets in before the code is asked for", line->file,
		line->number, line->module);
	finding_why(finding, "When that line succeeds, PAM does not come to %s, line %u.",
		doctor->line->file, doctor->line->number);
	if (line->level == doctor->line->level)
		shorten_jump(doctor, finding, paths->skipper);
	doctor_propose_places(doctor, finding);
	return true;
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

/* Several lines may skip the module: a harmless one must not hide another. False if one is
 * a problem. */
static bool check_skipped(struct doctor *doctor, const struct pam_paths *first)
{
	struct pam_trial *trials = copy_trials(doctor);
	struct pam_paths paths = *first;
	bool good = true;

	if (!paths.succeeds[PAM_WATCHED_NOT_RUN])
		report_add(doctor, FINDING_OK, SKIPPED_CHECK,
			"no line lets in before the code is asked for");
	while (trials != NULL && paths.succeeds[PAM_WATCHED_NOT_RUN]) {
		good = !report_skipper(doctor, &paths) && good;
		stop_skipper(trials, &paths);
		if (!doctor_find_paths(doctor, &paths, trials))
			break;
	}
	free(trials);
	return good;
}

static bool has_password(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (doctor->trials[i].role == PAM_ROLE_PASSWORD)
			return true;
	return false;
}

/* Whether that answer of the module lets in with a right password. A way on which no password
 * is asked for is another finding. */
static bool lets_in(
	const struct doctor *doctor, const struct pam_paths *paths, enum pam_watched answer)
{
	const bool *succeeds = paths->succeeds_as[answer];

	return has_password(doctor)
		       ? succeeds[PAM_IDENTIFIED_PASSWORD] || succeeds[PAM_IDENTIFIED_NOT_RUN]
		       : paths->succeeds[answer];
}

static void check_exempt(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_trial *trial = doctor->trials;
	struct finding *finding;

	while (trial->line != doctor->line)
		trial++;
	if ((trial->results & PAM_RESULTS_IGNORE) == 0 ||
		lets_in(doctor, paths, PAM_WATCHED_IGNORED))
		return;
	finding = report_add(doctor, FINDING_PROBLEM, EXEMPT_CHECK,
		"%s, line %u: users whom the module does not ask cannot log in",
		doctor->line->file, doctor->line->number);
	finding_why(finding, "The module then says neither yes nor no, and PAM refuses a login "
			     "if no line says yes.");
	finding_mend(finding, MEND_ADD, doctor->line->file, doctor->line->number,
		"auth required pam_permit.so");
	doctor_propose_places(doctor, finding);
}

static void check_good_code(struct doctor *doctor, const struct pam_paths *paths)
{
	const struct pam_line *deny = doctor_find_auth_line(doctor, "pam_deny.so");
	struct finding *finding;

	if (lets_in(doctor, paths, PAM_WATCHED_SUCCEEDED))
		return;
	finding = report_add(doctor, FINDING_PROBLEM, REFUSED_CHECK,
		"%s: nobody whom the module asks can log in with a right password and a right "
		"code",
		doctor->service);
	if (deny != NULL)
		finding_why(finding,
			"Whatever the modules answer, a line refuses, or no line says yes. "
			"%s, line %u refuses all who come to it: it belongs before this "
			"module's line, and a line that says yes jumps over it.",
			deny->file, deny->number);
	else
		finding_why(finding,
			"Whatever the modules answer, a line refuses, or no line says yes.");
	doctor_propose_places(doctor, finding);
}

/* The ways on which the modules that have no say in it do not fail. */
static bool find_usual_paths(struct doctor *doctor, struct pam_paths *paths)
{
	struct pam_trial *trials = copy_trials(doctor);
	bool found = false;

	if (trials != NULL) {
		doctor_let_others_agree(trials, doctor->trial_count);
		found = doctor_find_paths(doctor, paths, trials);
	}
	free(trials);
	return found;
}

void doctor_check_paths(struct doctor *doctor)
{
	struct pam_paths paths;
	bool not_skipped;

	if (doctor->line == NULL || !doctor_find_paths(doctor, &paths, doctor->trials))
		return;
	check_control(doctor, &paths);
	not_skipped = check_skipped(doctor, &paths);
	if (!find_usual_paths(doctor, &paths))
		return;
	check_exempt(doctor, &paths);
	/* A line that skips the module is mended first. */
	if (not_skipped)
		check_good_code(doctor, &paths);
}
