/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A user who is offered a secret in a login, and answers with codes of this secret. */
#ifndef TOTPGROUP_TESTS_OFFER_H
#define TOTPGROUP_TESTS_OFFER_H

#include <stdbool.h>

#include "stack.h"

/* Writes a stack with a password before the module. @D and the like are as in stack_lines(). */
void offer_options(const char *options);

/*
 * Logs in, into stack_last, and returns the result. Each letter of the script answers a prompt:
 *
 *     r  the right code of the secret in the message
 *     p  the code of the step before        n  the code of the next step
 *     q  the code of two steps ahead        o  the code of ten minutes ago
 *     b  the right code with blanks         w  a wrong code
 *     s  text that is no code               e  the empty answer
 *     F  the conversation fails             N  a response without text
 *
 * The methods, flags, rhost and lost of stack_last are used.
 */
int offer_log_in(const char *user, const char *script);

/* The parameters that right codes have; OFFER_KIND_USUAL at first. */
struct offer_kind {
	unsigned int digits;
	unsigned int period;
	int flags; /* of liboath, for the hash */
};

#define OFFER_KIND_USUAL                                                                       \
	{                                                                                      \
		6, 30, 0                                                                       \
	}

extern struct offer_kind offer_kind;

/* Called at each prompt; or NULL. */
extern void (*offer_at_prompt)(void);

/* The last secret that the last login showed, the number of its offers, and whether all of them
 * showed the same secret. */
extern char offer_secret[128];
extern unsigned int offer_count;
extern bool offer_same;

/* Checks the text of the file up to the emergency codes, and that the codes are those that were
 * shown. The spent code is so many steps from the current one. */
const char *offer_expected_file(int steps);

#endif
