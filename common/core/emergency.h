/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Emergency codes: eight digits, one on a line below the secret, each good
 * once. google-authenticator calls them scratch codes. */
#ifndef TOTPGROUP_CORE_EMERGENCY_H
#define TOTPGROUP_CORE_EMERGENCY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/credential.h"

#define EMERGENCY_CODE_LENGTH 8

/* One emergency code as a place in the text. Begins as {0, 0, 0}. */
struct emergency_line {
	size_t start;  /* of the line, and of blank ones before it */
	size_t digits; /* where its eight digits begin */
	size_t next;   /* behind its line end */
};

/* Finds the next emergency code; false, with line as it was, behind the last. */
bool emergency_code_next(const totpgroup_credential *credential, struct emergency_line *line);

/*
 * Looks for code, EMERGENCY_CODE_LENGTH digits, comparing it with every
 * emergency code in constant time, and removes the line of the first that
 * matches. Returns 0 with *found, or TOTPGROUP_EMEMORY with it false.
 */
int emergency_code_spend(totpgroup_credential *credential, const char *code, bool *found);

/* How many emergency codes are left, these and hashed ones (emergency_hash.h). */
unsigned int emergency_codes_left(const totpgroup_credential *credential);

/*
 * Removes all emergency codes of both kinds and puts length bytes in their
 * place: whole lines of new ones, which are good there whatever else is in the
 * credential. All other bytes stay, but a last line without its end gets one.
 * Returns 0, or TOTPGROUP_EMEMORY with the credential unfit for use.
 */
int emergency_codes_replace(totpgroup_credential *credential, const char *lines, size_t length);

#endif
