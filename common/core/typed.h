/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a person typed, and the code at its end. */
#ifndef TOTPGROUP_CORE_TYPED_H
#define TOTPGROUP_CORE_TYPED_H

#include <stdbool.h>
#include <stddef.h>

/* Longer text is cut in front: only its end can be a code. */
#define TYPED_MAX 64

/* Holds a secret: whoever has one wipes it. */
struct typed {
	char text[TYPED_MAX + 1]; /* NUL-terminated */
	size_t length;
	size_t cut;		   /* bytes in front that are not in text */
	bool password_before_code; /* else the code is all there is */
};

/* Takes in a NUL-terminated text. Phones show codes with a blank in the middle,
 * so blanks are left out, unless they may belong to a password. */
void typed_read(struct typed *typed, const char *text, bool password_before_code);

/* The code of that many digits at the end, NUL-terminated and inside typed;
 * NULL where there is none, or something stands before it that must not. */
const char *typed_digits(const struct typed *typed, size_t digits);

/* Whether there is a code of any length that there is. */
bool typed_holds_code(const struct typed *typed);

#endif
