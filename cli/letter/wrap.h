/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines of a letter as mail has them. */
#ifndef TOTPGROUP_CLI_LETTER_WRAP_H
#define TOTPGROUP_CLI_LETTER_WRAP_H

#include "base/text.h"

#define LETTER_WRAP_COLUMNS 72

/* Appends UTF-8, its lines broken at blanks so that none has more columns; what follows
 * is indented as the line is, or as what stands behind "1. " or "- ". A word that is
 * longer stays whole. 0 or TOTPGROUP_EMEMORY. */
int letter_wrap(const struct text *lines, struct text *text);

#endif
