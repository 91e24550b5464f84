/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Texts that are damaged at random. */
#ifndef TOTPGROUP_TESTS_MUTANT_H
#define TOTPGROUP_TESTS_MUTANT_H

#include "test_support.h"

#define MUTANT_SIZE 4096

struct mutant {
	char text[MUTANT_SIZE]; /* without a NUL at its end */
	size_t length;
};

/* Texts that are difficult for parsers. */
struct mutant_pieces {
	const char *const *piece;
	size_t count;
};

static inline size_t pick(struct test_random *random, size_t limit)
{
	return (size_t)test_random_below(random, limit);
}

/* Does nothing if there is no room. */
static inline void mutant_replace(
	struct mutant *mutant, size_t at, size_t removed, const char *with)
{
	size_t length = strlen(with);

	if (mutant->length - removed + length > MUTANT_SIZE)
		return;
	memmove(mutant->text + at + length, mutant->text + at + removed,
		mutant->length - at - removed);
	memcpy(mutant->text + at, with, length);
	mutant->length += length - removed;
}

static inline void mutant_append(struct mutant *mutant, const char *text)
{
	mutant_replace(mutant, mutant->length, 0, text);
}

/* Changes one byte, removes some or all that follow, or inserts a piece. */
static inline void mutate(
	struct mutant *mutant, const struct mutant_pieces *pieces, struct test_random *random)
{
	size_t at = pick(random, mutant->length + 1), left = mutant->length - at;
	char byte[2] = {(char)(1 + pick(random, 255)), '\0'};

	switch (pick(random, 6)) {
	case 0:
		mutant_replace(mutant, at, left > 0, byte);
		break;
	case 1:
		mutant_replace(mutant, at, pick(random, left < 8 ? left + 1 : 8), "");
		break;
	case 2:
		mutant_replace(mutant, at, pick(random, left + 1), "");
		break;
	default:
		mutant_replace(mutant, at, pick(random, left < 4 ? left + 1 : 4),
			pieces->piece[pick(random, pieces->count)]);
	}
}

#endif
