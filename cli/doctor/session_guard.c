/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The session guard: the module's session line, which refuses a session over SSH if the
 * login was never asked for a code. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "config/configuration.h"

#define CHECK "session-guard"

/* clang-format off */
#define STRING(field) { #field, offsetof(struct options, field) }
/* clang-format on */

/* The options that decide whether a user must give a code. */
static const struct {
	const char *name;
	size_t offset;
} deciding_strings[] = {STRING(services), STRING(group), STRING(skip_net), STRING(skip_after),
	STRING(secret), STRING(user), STRING(state), {NULL, 0}};

static bool is_session_line_of(const struct pam_line *line, const char *module)
{
	return line->type == PAM_TYPE_SESSION && pam_line_names(line, module);
}

static const struct pam_line *find_guard(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->stack.count; i++)
		if (is_session_line_of(&doctor->stack.lines[i], DOCTOR_MODULE))
			return &doctor->stack.lines[i];
	return NULL;
}

/* The line of the service's own file that has or includes the first session line; 0 if
 * there is none. */
static unsigned int first_session(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->stack.count; i++)
		if (doctor->stack.lines[i].type == PAM_TYPE_SESSION)
			return doctor->stack.lines[i].top;
	return 0;
}

/* The guard goes before the first session line. Without one, any line after the auth
 * lines will do. */
void doctor_mend_by_guard(struct doctor *doctor, struct finding *finding)
{
	char control[] = "required";
	unsigned int session = first_session(doctor);
	struct pam_line guard = *doctor->line;

	guard.type = PAM_TYPE_SESSION;
	guard.control = control;
	guard.bracketed = false;
	guard.file = doctor->stack.files[0];
	guard.number = session > 0 ? session - 1 : doctor->line->top;
	finding_mend_line(finding, MEND_ADD, &guard, NULL);
}

/* Whether every session that the guard refuses is refused by the stack; false too if
 * memory is out. */
static bool refuses(struct doctor *doctor)
{
	struct pam_trial *trials = calloc(doctor->stack.count, sizeof(*trials));
	struct pam_paths paths = {.succeeds = {true}};
	size_t count = 0;
	bool found;

	for (size_t i = 0; trials != NULL && i < doctor->stack.count; i++) {
		const struct pam_line *line = &doctor->stack.lines[i];

		if (line->type == PAM_TYPE_SESSION)
			trials[count++] = (struct pam_trial){
				.line = line,
				.results = PAM_RESULTS_ALL,
				.watched = pam_line_names(line, DOCTOR_MODULE),
			};
	}
	found = trials != NULL && pam_paths_find(&paths, trials, count) == 0;
	if (!found)
		doctor->report.out_of_memory = true;
	free(trials);
	return found && !paths.succeeds[PAM_WATCHED_FAILED] &&
	       !paths.succeeds[PAM_WATCHED_NOT_RUN];
}

static void report_passable(struct doctor *doctor)
{
	const struct pam_line *guard = doctor->guard;
	const struct pam_line_change change = {.control = "required", .argument = -1};
	struct finding *finding = report_add(&doctor->report, FINDING_WARNING, CHECK,
		"%s, line %u: the session guard can be passed: the control is %s", guard->file,
		guard->number, guard->control);

	finding_why(finding,
		"It must be able to refuse a session, and no line before it may end the "
		"stack.");
	if (guard->bracketed || strcmp(guard->control, change.control) != 0)
		finding_mend_line(finding, MEND_REPLACE, guard, &change);
	else
		doctor_mend_by_guard(doctor, finding);
}

static const char *string_at(const struct options *options, size_t offset)
{
	const char *string = *(const char *const *)((const char *)options + offset);

	return string != NULL ? string : "";
}

/* The name of an option in which the two lines differ, or NULL. */
static const char *find_difference(const struct options *one, const struct options *other)
{
	for (size_t i = 0; deciding_strings[i].name != NULL; i++)
		if (strcmp(string_at(one, deciding_strings[i].offset),
			    string_at(other, deciding_strings[i].offset)) != 0)
			return deciding_strings[i].name;
	if (one->nullok != other->nullok)
		return "nullok";
	if (one->nullok_until != other->nullok_until)
		return "nullok_until";
	return one->nullok_for != other->nullok_for ? "nullok_for" : NULL;
}

static void report_difference(struct doctor *doctor, const char *option)
{
	struct pam_line mended = *doctor->guard;
	struct finding *finding = report_add(&doctor->report, FINDING_WARNING, CHECK,
		"%s, line %u: %s is not what the auth line says: %s, line %u",
		doctor->guard->file, doctor->guard->number, option, doctor->line->file,
		doctor->line->number);

	finding_why(finding,
		"The two lines disagree on who has to give a code, so the guard refuses, or "
		"lets pass, other users than it should.");
	mended.arguments = doctor->line->arguments;
	mended.argument_count = doctor->line->argument_count;
	finding_mend_line(finding, MEND_REPLACE, &mended, NULL);
}

/* doctor_check_line() has reported a line that cannot be read. */
static bool check_options(struct doctor *doctor)
{
	const struct pam_line *guard = doctor->guard;
	struct configuration configuration = CONFIGURATION_INIT;
	struct error error = ERROR_INIT;
	const char *option = NULL;

	if (configuration_load(&configuration, guard->argument_count,
		    (const char *const *)guard->arguments, &error) == 0)
		option = find_difference(doctor->module, &configuration.options);
	if (option != NULL)
		report_difference(doctor, option);
	configuration_free(&configuration);
	return option == NULL;
}

static bool reads_user_file(const struct pam_line *line)
{
	if (!is_session_line_of(line, "pam_env.so"))
		return false;
	for (int i = 0; i < line->argument_count; i++)
		if (strcmp(line->arguments[i], "user_readenv=1") == 0)
			return true;
	return false;
}

/* The lines are in the order in which PAM reads them. */
static bool check_order(struct doctor *doctor)
{
	const struct pam_line *guard = doctor->guard;
	struct finding *finding;

	for (const struct pam_line *line = doctor->stack.lines; line != guard; line++) {
		if (!reads_user_file(line))
			continue;
		finding = report_add(&doctor->report, FINDING_WARNING, CHECK,
			"%s, line %u: the session guard comes after pam_env.so with "
			"user_readenv=1: %s, line %u",
			guard->file, guard->number, line->file, line->number);
		finding_why(finding,
			"The user's own file can change the variables from which the guard "
			"learns how the user logged in. Put the guard first, and remove the "
			"later line.");
		doctor_mend_by_guard(doctor, finding);
		return false;
	}
	return true;
}

void doctor_check_guard(struct doctor *doctor)
{
	bool good;

	doctor->guard = find_guard(doctor);
	if (doctor->line == NULL || doctor->guard == NULL)
		return;
	doctor->guard_holds = refuses(doctor);
	if (!doctor->guard_holds)
		report_passable(doctor);
	good = check_options(doctor) && doctor->guard_holds;
	if (check_order(doctor) && good)
		report_add(&doctor->report, FINDING_OK, CHECK,
			"a session that no code was asked for is refused: %s, line %u",
			doctor->guard->file, doctor->guard->number);
}
