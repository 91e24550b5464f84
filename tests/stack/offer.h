/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A person who is offered a secret in a login, and answers with its codes. */
#ifndef TOTPGROUP_TESTS_OFFER_H
#define TOTPGROUP_TESTS_OFFER_H

#include <stdbool.h>

#include "stack.h"

/* A stack in which a password was asked for before. @D and the like as in
 * stack_lines(). */
void offer_options(const char *options);

/*
 * One login, into stack_last, with a letter of script for each prompt: r the
 * right code of the secret that the message shows, p of the step before, n of
 * the next, q of two steps ahead, o of ten minutes ago, b the right one with
 * blanks, w a wrong one, s no code at all, e nothing, F no answer, N a response
 * without text. What stands in stack_last.methods, .flags, .rhost and .lost
 * counts. Returns the result.
 */
int offer_log_in(const char *user, const char *script);

/* What the letters for right codes take the secret for; OFFER_KIND_USUAL at first. */
struct offer_kind {
	unsigned int digits;
	unsigned int period;
	int flags; /* of liboath: the hash */
};

#define OFFER_KIND_USUAL                                                                       \
	{                                                                                      \
		6, 30, 0                                                                       \
	}

extern struct offer_kind offer_kind;

/* What at_prompt does besides, or NULL. */
extern void (*offer_at_prompt)(void);

/* Of the last login: the secret that was shown last, how many offers there were,
 * and whether all showed the same. */
extern char offer_secret[128];
extern unsigned int offer_count;
extern bool offer_same;

/* The file's text up to the emergency codes, and those as they were shown;
 * with so many steps between now and the code that was spent. */
const char *offer_expected_file(int steps);

#endif
