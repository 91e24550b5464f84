/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The text of a pam.d file as PAM takes it apart: lines that may go on over
 * several, and words that may stand in brackets. */
#ifndef TOTPGROUP_CLI_PAMCONF_WORDS_H
#define TOTPGROUP_CLI_PAMCONF_WORDS_H

#include <stdbool.h>

#include "base/lines.h"
#include "base/text.h"

/*
 * Gives the next line that holds anything, without its comment, and with the
 * lines that a backslash at the end adds to it; *number is that of its first.
 * 1, 0 at the end, TOTPGROUP_EMEMORY. The line must be TEXT_INIT at first, and
 * is the caller's to text_free().
 */
int pam_words_line(struct lines *lines, struct text *line, unsigned int *number);

/*
 * Takes the next word off the front of the rest of a line. What begins with a
 * bracket goes to the closing one, and is given without both; a backslash
 * before a closing bracket keeps it. Returns 1 with a word, which the caller frees, 0 where
 * there is none, TOTPGROUP_EFORMAT for a bracket that is not closed,
 * TOTPGROUP_EMEMORY.
 */
int pam_words_take(const char **rest, char **word, bool *bracketed);

#endif
