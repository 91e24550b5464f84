/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Emergency codes: lines of eight digits below the secret, each accepted once.
 * google-authenticator calls them scratch codes. */
#ifndef TOTPGROUP_CORE_EMERGENCY_H
#define TOTPGROUP_CORE_EMERGENCY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/credential.h"

#define EMERGENCY_CODE_LENGTH 8

/* Offsets of one emergency code in the text. Begins as {0, 0, 0}. */
struct emergency_line {
	size_t start;  /* of the line, and of blank lines before it */
	size_t digits; /* of the eight digits */
	size_t next;   /* behind the line end */
};

/* Finds the next emergency code; false behind the last one. line is unchanged then. */
bool emergency_code_next(const totpgroup_credential *credential, struct emergency_line *line);

/*
 * Compares a code of EMERGENCY_CODE_LENGTH digits with every emergency code, in constant
 * time, and removes the line of the first that matches. Returns 0 with *found, or
 * TOTPGROUP_EMEMORY with it false.
 */
int emergency_code_spend(totpgroup_credential *credential, const char *code, bool *found);

/* How many emergency codes are left, including hashed ones (emergency_hash.h). */
unsigned int emergency_codes_left(const totpgroup_credential *credential);

/*
 * Removes all emergency codes, including hashed ones, and inserts length bytes, the
 * lines of new ones, where they are valid. Keeps all other bytes, but ends a last line
 * that has no end. Returns 0, or TOTPGROUP_EMEMORY with the credential unfit for use.
 */
int emergency_codes_replace(totpgroup_credential *credential, const char *lines, size_t length);

#endif
