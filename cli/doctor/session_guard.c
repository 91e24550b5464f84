/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The session guard: the module's session line, which refuses a session over SSH if the
 * login was never asked for a code. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "config/configuration.h"

#define CHECK "session-guard"

/* The first session line, of that module unless it is NULL; or NULL. */
static const struct pam_line *find_session_line(const struct doctor *doctor, const char *module)
{
	for (size_t i = 0; i < doctor->stack.count; i++) {
		const struct pam_line *line = &doctor->stack.lines[i];

		if (line->type == PAM_TYPE_SESSION &&
			(module == NULL || pam_line_names(line, module)))
			return line;
	}
	return NULL;
}

/* The guard goes before the line of the service's own file that has or includes the first
 * session line. Without one, any line after the auth lines will do. */
void doctor_mend_by_guard(struct doctor *doctor, struct finding *finding)
{
	char control[] = "required";
	const struct pam_line *first = find_session_line(doctor, NULL);
	struct pam_line guard = *doctor->line;

	guard.type = PAM_TYPE_SESSION;
	guard.control = control;
	guard.bracketed = false;
	guard.file = doctor->stack.files[0];
	guard.number = first != NULL ? first->top - 1 : doctor->line->top;
	finding_mend_line(finding, MEND_ADD, &guard, NULL);
}

/* Whether every session that the guard refuses is refused by the stack; false too if
 * memory is out. */
static bool can_refuse(struct doctor *doctor)
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
	struct finding *finding = report_add(doctor, FINDING_WARNING, CHECK,
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

static bool differ(const char *one, const char *other)
{
	return strcmp(one != NULL ? one : "", other != NULL ? other : "") != 0;
}

/* The name of an option that decides whether a user must give a code, and in which the
 * two lines differ; or NULL. */
static const char *find_difference(const struct options *auth, const struct options *guard)
{
	const struct {
		const char *name;
		bool different;
	} options[] = {
		{"services", differ(auth->services, guard->services)},
		{"group", differ(auth->group, guard->group)},
		{"skip_net", differ(auth->skip_net, guard->skip_net)},
		{"skip_after", differ(auth->skip_after, guard->skip_after)},
		{"secret", differ(auth->secret, guard->secret)},
		{"user", differ(auth->user, guard->user)},
		{"state", differ(auth->state, guard->state)},
		{"nullok", auth->nullok != guard->nullok},
		{"nullok_until", auth->nullok_until != guard->nullok_until},
		{"nullok_for", auth->nullok_for != guard->nullok_for},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].different)
			return options[i].name;
	return NULL;
}

static void report_difference(struct doctor *doctor, const char *option)
{
	struct pam_line mended = *doctor->guard;
	struct finding *finding = report_add(doctor, FINDING_WARNING, CHECK,
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
const char *doctor_find_difference(const struct doctor *doctor, const struct pam_line *line)
{
	struct configuration configuration = CONFIGURATION_INIT;
	struct error error = ERROR_INIT;
	const char *option = NULL;

	if (doctor_load_configuration(doctor, line, &configuration, &error) == 0) {
		options_leave_to_daemon(&configuration.options);
		option = find_difference(doctor->module, &configuration.options);
	}
	configuration_free(&configuration);
	return option;
}

static bool check_options(struct doctor *doctor)
{
	const char *option = doctor_find_difference(doctor, doctor->guard);

	if (option != NULL)
		report_difference(doctor, option);
	return option == NULL;
}

static bool reads_user_file(const struct pam_line *line)
{
	if (line->type != PAM_TYPE_SESSION || !pam_line_names(line, "pam_env.so"))
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
		finding = report_add(doctor, FINDING_WARNING, CHECK,
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

	doctor->guard = find_session_line(doctor, DOCTOR_MODULE);
	if (doctor->line == NULL || doctor->guard == NULL)
		return;
	doctor->guard_holds = can_refuse(doctor);
	if (!doctor->guard_holds)
		report_passable(doctor);
	good = check_options(doctor) && doctor->guard_holds;
	if (check_order(doctor) && good)
		report_add(doctor, FINDING_OK, CHECK,
			"a session that no code was asked for is refused: %s, line %u",
			doctor->guard->file, doctor->guard->number);
}
