/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each call of a run fails in turn, with each error that it can give, once or from there on:
 *
 *     total = a run in which no call fails
 *     for (struct sweep sweep = sweep_begin(total, SWEEP_BOTH); sweep_next(&sweep);)
 *         a run with sweep.at, sweep.fail_for, sweep.error
 *
 * Without TOTPGROUP_LONG each call fails with some of its errors, drawn at random.
 */
#ifndef TOTPGROUP_TESTS_SWEEP_H
#define TOTPGROUP_TESTS_SWEEP_H

#include "call_errors.h"
#include "module_calls.h"

#define SWEEP_SAMPLE  2
#define SWEEP_FOREVER 1000000

enum sweep_duration {
	SWEEP_ONCE = 1,
	SWEEP_LASTING = 2,
	SWEEP_BOTH = 3,
};

struct sweep {
	unsigned int at, fail_for; /* the call that fails, from 1, and how many from there on */
	int error;
	unsigned int runs; /* so far */
	unsigned int total, error_number;
	bool both;
	const char *names[CALLS_MAX];
};

static struct test_random sweep_numbers;

static inline struct sweep sweep_begin(unsigned int total, enum sweep_duration duration)
{
	struct sweep sweep = {.at = 1, .total = total, .both = duration == SWEEP_BOTH};

	assert_in_range(total, 1, CALLS_MAX);
	if (sweep_numbers.state == 0)
		sweep_numbers = test_random_begin();
	sweep.fail_for = duration == SWEEP_LASTING ? SWEEP_FOREVER : 1;
	memcpy(sweep.names, calls.names, sizeof sweep.names);
	return sweep;
}

/* The next error of the call; false where all were tried that are to be. */
static inline bool sweep_take_error(struct sweep *sweep)
{
	unsigned int count = 0;
	const int *errors = errors_of(sweep->names[sweep->at - 1], &count);
	bool every = getenv("TOTPGROUP_LONG") != NULL || count <= SWEEP_SAMPLE;

	if (sweep->error_number == (every ? count : SWEEP_SAMPLE))
		return false;
	sweep->error =
		errors[every ? sweep->error_number : test_random_below(&sweep_numbers, count)];
	sweep->error_number++;
	sweep->runs++;
	return true;
}

static inline bool sweep_next(struct sweep *sweep)
{
	while (sweep->at <= sweep->total) {
		if (sweep_take_error(sweep))
			return true;
		sweep->error_number = 0;
		if (sweep->both && sweep->fail_for == 1) {
			sweep->fail_for = SWEEP_FOREVER;
			continue;
		}
		sweep->fail_for = sweep->both ? 1 : sweep->fail_for;
		sweep->at++;
	}
	return false;
}

/* Whether the caller makes the call again after this error, with more room, behind a link that
 * is followed, or with another name of a new file: it succeeds then. */
static inline bool sweep_is_repeated(const struct sweep *sweep)
{
	return sweep->fail_for == 1 &&
	       (sweep->error == EINTR || sweep->error == EAGAIN || sweep->error == ERANGE ||
		       sweep->error == ELOOP || sweep->error == EEXIST);
}

/* Whether the call did not fail, but answered: there is no such file. */
static inline bool sweep_is_answer(const struct sweep *sweep)
{
	static const char names[] = " openat open stat fstatat faccessat readlinkat ";
	char word[64];

	snprintf(word, sizeof word, " %s ", sweep->names[sweep->at - 1]);
	return (sweep->error == ENOENT || sweep->error == ENOTDIR) &&
	       strstr(names, word) != NULL;
}

#endif
