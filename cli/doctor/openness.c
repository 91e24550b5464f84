/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a change of a stack lets in anybody who was kept out before. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/proof.h"

#define LINES_MAXIMUM	16
#define ANSWERS_MAXIMUM 12
/* How many combinations of answers are tried. */
#define TRIES_MAXIMUM 20000

/* A module and the results that are tried: of those that do the same, one. */
struct variable {
	unsigned char answers[ANSWERS_MAXIMUM];
	unsigned int count;
	unsigned int chosen;
	bool password;
};

enum side { BEFORE, AFTER, WITHOUT_LINE, WITH_IDLE_LINE, SIDES };

/* The number of the variable that answers for a line. */
enum { OURS = -1, FREE = -2, IDLE = -3 };

struct comparison {
	struct trial_list sides[SIDES];	 /* lines that answer keep all results */
	struct pam_trial *trials[SIDES]; /* with the answers that are tried */
	int *variable_of[SIDES];	 /* of each line */
	struct pam_line *idle;		 /* the lines of WITH_IDLE_LINE */
	struct variable lines[LINES_MAXIMUM];
	int line_count;
	struct variable ours;
	unsigned int idle_answer; /* a number in idle_answers */
	struct openness_rules rules;
	bool has_password;
};

/* What all modules say that neither identify nor judge users. */
static const uint32_t idle_answers[] = {PAM_RESULTS_SUCCESS, PAM_RESULTS_IGNORE,
	PAM_RESULTS_FAILURE & ~PAM_RESULTS_EXPIRED, PAM_RESULTS_ALL};

#define IDLE_ANSWERS (sizeof(idle_answers) / sizeof(idle_answers[0]))

/* Whether the answers of the line's module are told apart. Those of other lines are taken as
 * they are best for the stranger, on both sides. */
static bool answers(const struct pam_trial *trial)
{
	return trial->line->module != NULL && !trial->watched &&
	       (trial->role != PAM_ROLE_NONE || doctor_is_gate(trial->line));
}

/* The number of an earlier line whose module says the same. */
static int earlier_line(const struct comparison *comparison, enum side side, size_t at)
{
	const struct pam_trial *trials = comparison->sides[side].trials;

	for (size_t i = 0; i < at; i++)
		if (comparison->variable_of[side][i] >= 0 &&
			doctor_say_the_same(&trials[i], &trials[at]))
			return comparison->variable_of[side][i];
	return FREE;
}

/* Numbers the lines of the side that answer. Returns how many there are, or -1 for too
 * many. */
static int number_lines(struct comparison *comparison, enum side side)
{
	const struct trial_list *list = &comparison->sides[side];
	int count = 0;

	for (size_t i = 0; i < list->count; i++) {
		int variable = FREE;

		if (list->trials[i].watched)
			variable = OURS;
		else if (answers(&list->trials[i]))
			variable = earlier_line(comparison, side, i);
		else if (doctor_is_idle(&list->trials[i]))
			variable = IDLE;
		if (variable == FREE && answers(&list->trials[i]))
			variable = count++;
		if (count > LINES_MAXIMUM)
			return -1;
		comparison->variable_of[side][i] = variable;
	}
	return count;
}

static const struct pam_trial *find_line(
	const struct comparison *comparison, enum side side, int variable, size_t *from)
{
	for (; *from < comparison->sides[side].count; ++*from)
		if (comparison->variable_of[side][*from] == variable)
			return &comparison->sides[side].trials[(*from)++];
	return NULL;
}

static bool may_answer(const struct comparison *comparison, int variable, unsigned int result)
{
	const struct pam_trial *trial;

	for (enum side side = BEFORE; side <= AFTER; side++)
		for (size_t from = 0;
			(trial = find_line(comparison, side, variable, &from)) != NULL;)
			if ((trial->results & PAM_RESULT(result)) != 0)
				return true;
	return false;
}

static bool do_the_same(
	const struct comparison *comparison, int variable, unsigned int one, unsigned int other)
{
	const struct pam_trial *trial;

	for (enum side side = BEFORE; side <= AFTER; side++)
		for (size_t from = 0;
			(trial = find_line(comparison, side, variable, &from)) != NULL;)
			if (trial->line->actions[one] != trial->line->actions[other])
				return false;
	return true;
}

/* Success, being not asked and failure of this module mean something different, whatever they
 * do. So do success and failure of all others. */
static bool means_the_same(int variable, unsigned int one, unsigned int other)
{
	const uint32_t single = PAM_RESULTS_SUCCESS | PAM_RESULTS_EXPIRED |
				(variable == OURS ? PAM_RESULTS_IGNORE : 0);

	return ((PAM_RESULT(one) | PAM_RESULT(other)) & single) == 0;
}

/* False if there are too many. */
static bool choose_answers(
	const struct comparison *comparison, int variable, struct variable *chosen)
{
	for (unsigned int result = 0; result < PAM_CONTROL_RESULTS; result++) {
		bool known = !may_answer(comparison, variable, result);

		for (unsigned int i = 0; !known && i < chosen->count; i++)
			known = means_the_same(variable, result, chosen->answers[i]) &&
				do_the_same(comparison, variable, result, chosen->answers[i]);
		if (known)
			continue;
		if (chosen->count == ANSWERS_MAXIMUM)
			return false;
		chosen->answers[chosen->count++] = (unsigned char)result;
	}
	/* A side without the line asks nothing. */
	if (chosen->count == 0)
		chosen->answers[chosen->count++] = 0;
	return true;
}

static bool same_module(const struct comparison *comparison, int variable)
{
	size_t before = 0;
	size_t after = 0;

	return strcmp(find_line(comparison, BEFORE, variable, &before)->line->module,
		       find_line(comparison, AFTER, variable, &after)->line->module) == 0;
}

static bool choose_all_answers(struct comparison *comparison)
{
	unsigned int tries = 1;

	for (int i = 0; i < comparison->line_count; i++) {
		struct variable *variable = &comparison->lines[i];
		size_t from = 0;

		if (!same_module(comparison, i) || !choose_answers(comparison, i, variable))
			return false;
		variable->password =
			find_line(comparison, BEFORE, i, &from)->role == PAM_ROLE_PASSWORD;
		comparison->has_password |= variable->password;
		tries *= variable->count;
		if (tries > TRIES_MAXIMUM)
			return false;
	}
	return choose_answers(comparison, OURS, &comparison->ours);
}

static unsigned int answer_of(const struct comparison *comparison, int variable)
{
	const struct variable *chosen =
		variable == OURS ? &comparison->ours : &comparison->lines[variable];

	return chosen->answers[chosen->chosen];
}

/* pam_permit says yes whatever the others say. */
static uint32_t results_of(const struct comparison *comparison, int variable, uint32_t possible)
{
	const uint32_t idle = idle_answers[comparison->idle_answer] & possible;

	if (variable == FREE)
		return possible;
	if (variable == IDLE)
		return idle != 0 ? idle : possible;
	return PAM_RESULT(answer_of(comparison, variable));
}

/* False, with *failed set, if memory is out. */
static bool succeeds(const struct comparison *comparison, enum side side, bool *failed)
{
	const struct trial_list *list = &comparison->sides[side];
	struct pam_paths paths = {.skipper = PAM_PATHS_NONE};

	for (size_t i = 0; i < list->count; i++) {
		int variable = comparison->variable_of[side][i];

		comparison->trials[side][i] = list->trials[i];
		comparison->trials[side][i].results =
			results_of(comparison, variable, list->trials[i].results);
	}
	if (pam_paths_find(&paths, comparison->trials[side], list->count) != 0)
		*failed = true;
	for (size_t i = 0; i < PAM_WATCHED_COUNT; i++)
		if (paths.succeeds[i])
			return true;
	return false;
}

static bool password_is_right(const struct comparison *comparison)
{
	bool all_agree = true;

	for (int i = 0; i < comparison->line_count; i++) {
		bool agrees = answer_of(comparison, i) == 0;

		if (comparison->lines[i].password && agrees)
			return true;
		all_agree = all_agree && agrees;
	}
	return !comparison->has_password && comparison->rules.keyed && all_agree;
}

/* Whether the answers are those of a user who may log in. */
static bool is_rightful(const struct comparison *comparison, bool *failed)
{
	const uint32_t code = PAM_RESULT(answer_of(comparison, OURS));

	if ((code & (PAM_RESULTS_SUCCESS | PAM_RESULTS_IGNORE)) == 0 ||
		!password_is_right(comparison))
		return false;
	return !comparison->has_password || succeeds(comparison, WITHOUT_LINE, failed) ||
	       succeeds(comparison, WITH_IDLE_LINE, failed);
}

static bool is_kept(const struct comparison *comparison)
{
	bool failed = false;
	bool before = succeeds(comparison, BEFORE, &failed);
	bool after = succeeds(comparison, AFTER, &failed);

	if (before && comparison->rules.part)
		return !failed;
	if (before != after && before == is_rightful(comparison, &failed))
		return false;
	return !failed;
}

/* Goes on to the next combination of answers; false after the last one. */
static bool next_answers(struct comparison *comparison)
{
	struct variable *variable = &comparison->ours;

	for (int i = 0; ++variable->chosen == variable->count; i++) {
		variable->chosen = 0;
		if (i == comparison->line_count)
			return ++comparison->idle_answer < IDLE_ANSWERS;
		variable = &comparison->lines[i];
	}
	return true;
}

/* The stack before the change, without the module's line, and with a line in its place that
 * does nothing. */
static void make_stacks_without(
	struct comparison *comparison, struct pam_trial *without, struct pam_trial *idle)
{
	const struct trial_list *before = &comparison->sides[BEFORE];
	size_t count = 0;

	for (size_t i = 0; i < before->count; i++) {
		idle[i] = before->trials[i];
		if (!before->trials[i].watched) {
			without[count++] = before->trials[i];
			continue;
		}
		comparison->idle[i] = *before->trials[i].line;
		for (size_t j = 0; j < PAM_CONTROL_RESULTS; j++)
			comparison->idle[i].actions[j] = PAM_ACTION_IGNORE;
		idle[i].line = &comparison->idle[i];
	}
	comparison->sides[WITHOUT_LINE] =
		(struct trial_list){.trials = without, .count = count};
	comparison->sides[WITH_IDLE_LINE] =
		(struct trial_list){.trials = idle, .count = before->count};
}

static bool compare(struct comparison *comparison)
{
	comparison->line_count = number_lines(comparison, BEFORE);
	if (comparison->line_count < 0)
		return false;
	for (enum side side = AFTER; side < SIDES; side++)
		if (number_lines(comparison, side) != comparison->line_count)
			return false;
	if (!choose_all_answers(comparison))
		return false;
	do
		if (!is_kept(comparison))
			return false;
	while (next_answers(comparison));
	return true;
}

bool openness_is_kept(const struct trial_list *before, const struct trial_list *after,
	const struct openness_rules *rules)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	const size_t size = (before->count > after->count ? before->count : after->count) + 1;
	struct pam_trial *trials = calloc(size * (SIDES + 2), sizeof(*trials));
	int *variables = calloc(size * SIDES, sizeof(*variables));
	struct pam_line *idle = calloc(size, sizeof(*idle));
	bool kept = false;

	if (comparison != NULL && trials != NULL && variables != NULL && idle != NULL) {
		comparison->sides[BEFORE] = *before;
		comparison->sides[AFTER] = *after;
		comparison->idle = idle;
		comparison->rules = *rules;
		for (size_t side = 0; side < SIDES; side++) {
			comparison->trials[side] = trials + size * side;
			comparison->variable_of[side] = variables + size * side;
		}
		make_stacks_without(
			comparison, trials + size * SIDES, trials + size * (SIDES + 1));
		kept = compare(comparison);
	}
	free(idle);
	free(variables);
	free(trials);
	free(comparison);
	return kept;
}
