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

static bool same_arguments(const struct pam_line *one, const struct pam_line *other)
{
	if (one->argument_count != other->argument_count)
		return false;
	for (int i = 0; i < one->argument_count; i++)
		if (strcmp(one->arguments[i], other->arguments[i]) != 0)
			return false;
	return true;
}

bool doctor_say_the_same(const struct pam_trial *one, const struct pam_trial *other)
{
	bool gate = one->line->module != NULL && doctor_is_gate(one->line);

	return one->line->module != NULL && other->line->module != NULL &&
	       (gate || one->role != PAM_ROLE_NONE) && one->role == other->role &&
	       strcmp(one->line->module, other->line->module) == 0 &&
	       (!gate || same_arguments(one->line, other->line));
}

/* The first line of each module that identifies users, and of each that judges them on several
 * lines. */
struct modules {
	const struct pam_trial *lines[MODULES_MAXIMUM];
	unsigned int count;
};

static unsigned int number_of(const struct modules *modules, const struct pam_trial *trial)
{
	unsigned int i = 0;

	while (i < modules->count && !doctor_say_the_same(modules->lines[i], trial))
		i++;
	return i;
}

static bool comes_again(const struct pam_trial *trials, size_t at, size_t count)
{
	for (size_t i = at + 1; i < count; i++)
		if (doctor_say_the_same(&trials[at], &trials[i]))
			return true;
	return false;
}

static void collect(struct modules *modules, const struct pam_trial *trials, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((trials[i].role != PAM_ROLE_NONE || comes_again(trials, i, count)) &&
			modules->count < MODULES_MAXIMUM &&
			number_of(modules, &trials[i]) == modules->count)
			modules->lines[modules->count++] = &trials[i];
}

/* A bit of answers is set where that module says yes. */
static void answer(const struct modules *modules, unsigned int answers,
	struct pam_trial *trials, size_t count)
{
	const uint32_t no = ~(PAM_RESULTS_SUCCESS | PAM_RESULTS_EXPIRED);

	for (size_t i = 0; i < count; i++) {
		unsigned int number = number_of(modules, &trials[i]);

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
