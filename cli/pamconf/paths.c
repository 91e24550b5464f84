/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A search over all states in which libpam can reach each line. The rules are those of
 * libpam's dispatcher, which test_pam_paths compares with it. */

#include "config.h"

#include <stdlib.h>

#include "cli/pamconf/pamconf.h"
#include "totpgroup.h"

/* What libpam keeps between two lines, with its names. */
enum impression { UNDECIDED, POSITIVE, NEGATIVE, IMPRESSIONS };

struct state {
	enum impression impression;
	bool success; /* the result so far is PAM_SUCCESS */
	enum pam_watched watched;
	enum pam_identified identified;
};

#define STATES (IMPRESSIONS * 2 * PAM_WATCHED_COUNT * PAM_IDENTIFIED_COUNT)

/* Whether a state can be reached before a line, and the last step of a way to it. */
struct arrival {
	bool reached;
	size_t from;
	unsigned int from_state;
	unsigned int result;
};

struct search {
	const struct pam_trial *trials;
	size_t count;
	struct arrival (*arrivals)[STATES]; /* count + 1 of them; the last one is the end */
};

static unsigned int pack(const struct state *state)
{
	unsigned int said = (unsigned int)state->identified * PAM_WATCHED_COUNT +
			    (unsigned int)state->watched;

	return (said * IMPRESSIONS + (unsigned int)state->impression) * 2 + state->success;
}

static struct state unpack(unsigned int number)
{
	return (struct state){
		.success = number % 2 != 0,
		.impression = (enum impression)(number / 2 % IMPRESSIONS),
		.watched = (enum pam_watched)(number / 2 / IMPRESSIONS % PAM_WATCHED_COUNT),
		.identified =
			(enum pam_identified)(number / 2 / IMPRESSIONS / PAM_WATCHED_COUNT),
	};
}

static unsigned int level_of(const struct search *search, size_t at)
{
	return search->trials[at].line->level;
}

static bool goes_on(const struct search *search, size_t at, unsigned int level)
{
	return at + 1 < search->count && level_of(search, at + 1) >= level;
}

/* The position after the last line of the line's substack, or of the stack. */
static size_t after_level(const struct search *search, size_t at)
{
	unsigned int level = level_of(search, at);

	while (goes_on(search, at, level))
		at++;
	return at + 1;
}

/* A substack counts as one module. False if fewer modules follow. */
static bool jump_over(const struct search *search, size_t at, int modules, size_t *to)
{
	unsigned int level = level_of(search, at);

	for (; modules > 0 && goes_on(search, at, level); modules--) {
		at++;
		while (goes_on(search, at, level + 1))
			at++;
	}
	*to = at + 1;
	return modules == 0;
}

static void arrive(
	struct search *search, size_t at, const struct state *state, const struct arrival *how)
{
	struct arrival *arrival = &search->arrivals[at][pack(state)];

	if (!arrival->reached)
		*arrival = *how;
}

static void note_refusal(struct state *state)
{
	if (state->impression != NEGATIVE)
		state->success = false;
	state->impression = NEGATIVE;
}

static void note_success(struct state *state, unsigned int result)
{
	bool open = state->impression == UNDECIDED ||
		    (state->impression == POSITIVE && state->success);

	if (!open)
		return;
	state->impression = POSITIVE;
	state->success = PAM_RESULT(result) == PAM_RESULTS_SUCCESS;
}

/* Goes back to the states in which the substack, or the stack, began. */
static void reset_state(
	struct search *search, size_t at, const struct state *state, const struct arrival *how)
{
	struct state before = {.impression = UNDECIDED,
		.watched = state->watched,
		.identified = state->identified};
	unsigned int level = level_of(search, at);
	size_t entry = at;

	if (level == 0) {
		arrive(search, at + 1, &before, how);
		return;
	}
	while (entry > 0 && level_of(search, entry) >= level)
		entry--;
	for (unsigned int i = 0; i < STATES; i++) {
		if (!search->arrivals[entry][i].reached)
			continue;
		before = unpack(i);
		before.watched = state->watched;
		before.identified = state->identified;
		arrive(search, at + 1, &before, how);
	}
}

static size_t apply_action(
	struct search *search, size_t at, int action, unsigned int result, struct state *state)
{
	size_t to = at + 1;

	switch (action) {
	case PAM_ACTION_IGNORE:
		return to;
	case PAM_ACTION_OK:
	case PAM_ACTION_DONE:
		note_success(state, result);
		return action == PAM_ACTION_DONE && state->impression == POSITIVE
			       ? after_level(search, at)
			       : to;
	case PAM_ACTION_BAD:
		note_refusal(state);
		return to;
	case PAM_ACTION_DIE:
		note_refusal(state);
		return after_level(search, at);
	default:
		if (!jump_over(search, at, action, &to))
			note_refusal(state);
		return to;
	}
}

static enum pam_watched add_watched(enum pam_watched before, unsigned int result)
{
	enum pam_watched now = PAM_WATCHED_FAILED;

	if (PAM_RESULT(result) == PAM_RESULTS_SUCCESS)
		now = PAM_WATCHED_SUCCEEDED;
	else if (PAM_RESULT(result) == PAM_RESULTS_IGNORE)
		now = PAM_WATCHED_IGNORED;
	return now > before ? now : before;
}

static enum pam_identified add_identified(
	enum pam_identified before, enum pam_role role, unsigned int result)
{
	bool yes = (PAM_RESULT(result) & (PAM_RESULTS_SUCCESS | PAM_RESULTS_EXPIRED)) != 0;
	enum pam_identified now = PAM_IDENTIFIED_NOT_RUN;

	if (role == PAM_ROLE_PASSWORD)
		now = yes ? PAM_IDENTIFIED_PASSWORD : PAM_IDENTIFIED_WRONG;
	else if (role == PAM_ROLE_FACTOR && yes)
		now = PAM_IDENTIFIED_OTHERWISE;
	return now > before ? now : before;
}

static void try_result(
	struct search *search, size_t at, unsigned int state_number, unsigned int result)
{
	const struct pam_trial *trial = &search->trials[at];
	const struct arrival how = {
		.reached = true, .from = at, .from_state = state_number, .result = result};
	struct state state = unpack(state_number);
	int action = trial->line->actions[result];
	size_t to;

	if (trial->watched)
		state.watched = add_watched(state.watched, result);
	state.identified = add_identified(state.identified, trial->role, result);
	if (action == PAM_ACTION_RESET) {
		reset_state(search, at, &state, &how);
		return;
	}
	to = apply_action(search, at, action, result, &state);
	arrive(search, to, &state, &how);
}

static void try_line(struct search *search, size_t at, unsigned int state_number)
{
	const struct pam_trial *trial = &search->trials[at];
	const struct arrival how = {.reached = true, .from = at, .from_state = state_number};
	const struct state state = unpack(state_number);

	/* The line that begins a substack does nothing by itself. */
	if (trial->line->module == NULL) {
		arrive(search, at + 1, &state, &how);
		return;
	}
	for (unsigned int result = 0; result < PAM_CONTROL_RESULTS; result++)
		if ((trial->results & PAM_RESULT(result)) != 0)
			try_result(search, at, state_number, result);
}

static bool is_watched(const struct pam_trial *trial)
{
	return trial->watched;
}

static bool is_password(const struct pam_trial *trial)
{
	return trial->role == PAM_ROLE_PASSWORD;
}

static bool passes_over(const struct search *search, size_t from, size_t to,
	bool (*wanted)(const struct pam_trial *trial))
{
	for (size_t i = from + 1; i < to; i++)
		if (wanted(&search->trials[i]))
			return true;
	return false;
}

/* Follows the steps back from the end to the one that passed over a line that is wanted.
 * Returns PAM_PATHS_NONE if none did. */
static size_t find_step(const struct search *search, unsigned int state_number,
	bool (*wanted)(const struct pam_trial *trial), unsigned int *result)
{
	size_t at = search->count;

	while (at > 0) {
		const struct arrival *arrival = &search->arrivals[at][state_number];

		if (passes_over(search, arrival->from, at, wanted)) {
			*result = arrival->result;
			return arrival->from;
		}
		at = arrival->from;
		state_number = arrival->from_state;
	}
	return PAM_PATHS_NONE;
}

static void judge_end(const struct search *search, struct pam_paths *paths)
{
	for (unsigned int i = 0; i < STATES; i++) {
		struct state state = unpack(i);

		if (!search->arrivals[search->count][i].reached || !state.success ||
			state.impression != POSITIVE)
			continue;
		paths->succeeds[state.watched] = true;
		paths->succeeds_as[state.watched][state.identified] = true;
		if (state.watched == PAM_WATCHED_NOT_RUN && paths->skipper == PAM_PATHS_NONE) {
			paths->skipper =
				find_step(search, i, is_watched, &paths->skipping_result);
			paths->skipper_identified = state.identified;
		}
		if (state.identified == PAM_IDENTIFIED_NOT_RUN &&
			paths->passer == PAM_PATHS_NONE)
			paths->passer =
				find_step(search, i, is_password, &paths->passing_result);
	}
}

static void note_reached(struct pam_paths *paths, struct state state)
{
	if (state.impression == NEGATIVE)
		paths->reached_refused = true;
	if (state.identified == PAM_IDENTIFIED_WRONG)
		paths->reached_wrong = true;
	if (state.identified == PAM_IDENTIFIED_NOT_RUN)
		paths->reached_first = true;
}

int pam_paths_find(struct pam_paths *paths, const struct pam_trial *trials, size_t count)
{
	const struct state beginning = {.impression = UNDECIDED};
	struct search search = {.trials = trials, .count = count};

	*paths = (struct pam_paths){.skipper = PAM_PATHS_NONE, .passer = PAM_PATHS_NONE};
	search.arrivals = calloc(count + 1, sizeof(*search.arrivals));
	if (search.arrivals == NULL)
		return TOTPGROUP_EMEMORY;
	search.arrivals[0][pack(&beginning)].reached = true;
	for (size_t at = 0; at < count; at++) {
		for (unsigned int i = 0; i < STATES; i++) {
			if (!search.arrivals[at][i].reached)
				continue;
			if (trials[at].watched)
				note_reached(paths, unpack(i));
			try_line(&search, at, i);
		}
	}
	judge_end(&search, paths);
	free(search.arrivals);
	return 0;
}
