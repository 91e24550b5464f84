/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the modules of a stack can say at one login: a password is right or wrong for all lines of
 * a module. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"

/* Of more modules than that, each line says what it likes. */
#define MODULES_MAXIMUM 6

bool doctor_is_idle(const struct pam_trial *trial)
{
	return trial->line->module != NULL && !trial->watched && trial->role == PAM_ROLE_NONE &&
	       !doctor_is_gate(trial->line) && !doctor_asks_other_code(trial->line) &&
	       (trial->results & PAM_RESULTS_SUCCESS) != 0;
}

void doctor_let_others_agree(struct pam_trial *trials, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (doctor_is_idle(&trials[i]))
			trials[i].results &= PAM_RESULTS_SUCCESS | PAM_RESULTS_IGNORE;
		else if (pam_line_names(trials[i].line, "pam_faillock.so"))
			trials[i].results = PAM_RESULTS_REFUSED;
}

/* The modules that identify users, each once. */
struct modules {
	const char *names[MODULES_MAXIMUM];
	unsigned int count;
};

static unsigned int number_of(const struct modules *modules, const struct pam_trial *trial)
{
	unsigned int i = 0;

	while (i < modules->count && strcmp(modules->names[i], trial->line->module) != 0)
		i++;
	return i;
}

static void collect(struct modules *modules, const struct pam_trial *trials, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (trials[i].role != PAM_ROLE_NONE && modules->count < MODULES_MAXIMUM &&
			number_of(modules, &trials[i]) == modules->count)
			modules->names[modules->count++] = trials[i].line->module;
}

/* A bit of answers is set where that module says yes. */
static void answer(const struct modules *modules, unsigned int answers,
	struct pam_trial *trials, size_t count)
{
	const uint32_t no = ~(PAM_RESULTS_SUCCESS | PAM_RESULTS_EXPIRED);

	for (size_t i = 0; i < count; i++) {
		unsigned int number;

		if (trials[i].role == PAM_ROLE_NONE)
			continue;
		number = number_of(modules, &trials[i]);
		if (number < modules->count)
			trials[i].results &=
				(answers >> number & 1) != 0 ? PAM_RESULTS_SUCCESS : no;
	}
}

static void merge(struct pam_paths *paths, const struct pam_paths *more)
{
	for (size_t i = 0; i < PAM_WATCHED_COUNT; i++) {
		paths->succeeds[i] |= more->succeeds[i];
		for (size_t j = 0; j < PAM_IDENTIFIED_COUNT; j++)
			paths->succeeds_as[i][j] |= more->succeeds_as[i][j];
	}
	if (more->skipper != PAM_PATHS_NONE &&
		(paths->skipper == PAM_PATHS_NONE ||
			more->skipper_identified < paths->skipper_identified)) {
		paths->skipper = more->skipper;
		paths->skipping_result = more->skipping_result;
		paths->skipper_identified = more->skipper_identified;
	}
	if (paths->passer == PAM_PATHS_NONE) {
		paths->passer = more->passer;
		paths->passing_result = more->passing_result;
	}
	paths->reached_refused |= more->reached_refused;
	paths->reached_wrong |= more->reached_wrong;
	paths->reached_first |= more->reached_first;
}

bool doctor_find_paths(
	struct doctor *doctor, struct pam_paths *paths, const struct pam_trial *trials)
{
	const size_t count = doctor->trial_count;
	struct pam_trial *copy = calloc(count + 1, sizeof(*copy));
	struct modules modules = {.count = 0};
	struct pam_paths more = {.skipper = PAM_PATHS_NONE};
	bool found = copy != NULL;

	*paths = (struct pam_paths){.skipper = PAM_PATHS_NONE, .passer = PAM_PATHS_NONE};
	collect(&modules, trials, count);
	for (unsigned int i = 0; found && i < 1U << modules.count; i++) {
		memcpy(copy, trials, count * sizeof(*copy));
		answer(&modules, i, copy, count);
		found = pam_paths_find(&more, copy, count) == 0;
		if (found)
			merge(paths, &more);
	}
	if (!found)
		doctor->report.out_of_memory = true;
	free(copy);
	return found;
}
