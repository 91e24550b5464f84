/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The text that a person typed, and the code at its end. */
#ifndef TOTPGROUP_CORE_TYPED_H
#define TOTPGROUP_CORE_TYPED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/emergency_hash.h"

/* Only the end of a longer text is kept, because only that can be a code. */
#define TYPED_MAX 64

/* Holds a secret: the owner wipes it. */
struct typed {
	char text[TYPED_MAX + 1]; /* NUL-terminated */
	size_t length;
	size_t cut;		   /* bytes before those in text */
	bool password_before_code; /* else the text is a code alone */
};

/* Reads a NUL-terminated text. Drops blanks (utf8_blank_length()), which phones show in the
 * middle of a code, unless they may belong to a password. */
void typed_read(struct typed *typed, const char *text, bool password_before_code);

/* The code of that many digits at the end, inside typed and NUL-terminated. NULL where
 * there is none, and where anything but a password stands before it. */
const char *typed_digits(const struct typed *typed, size_t digits);

/* The first of two codes of that many digits each, behind which is the other one. NULL where the
 * text is anything else, or may have a password before them. */
const char *typed_pair(const struct typed *typed, size_t digits);

/* Reads a hashed emergency code (emergency_hash.h), which is all of the text or, behind a password,
 * its end in the written form, because a password may end with anything. *length is how many bytes
 * of the text it is. False, with code wiped, for any other text. */
bool typed_hashed_code(
	const struct typed *typed, char code[EMERGENCY_HASH_LENGTH + 1], size_t *length);

/* Whether there is a code of any possible length. */
bool typed_holds_code(const struct typed *typed);

/* The end of a text, inside it, that may be a code of any kind behind a password: as many
 * digits as there are, at most OTP_DIGITS_MAX, or an emergency code in its written form.
 * NULL where the text ends with none, so that all of it is a password. */
const char *typed_end(const char *text);

#endif
