/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines for people, broken at blanks. */
#ifndef TOTPGROUP_CLI_UI_WRAPPED_TEXT_H
#define TOTPGROUP_CLI_UI_WRAPPED_TEXT_H

#include <stddef.h>

#include "base/text.h"

/* How wide a line may be: what the terminal says, 80 where there is none, and
 * never fewer than 40. */
size_t wrapped_text_width(void);

/*
 * Appends words, and the end of the line. The first line begins at the column
 * already, the others get as many blanks, and no line is wider than width
 * unless one word is; width is greater than column. 0 or TOTPGROUP_EMEMORY.
 */
int wrapped_text_append(struct text *text, const char *words, size_t column, size_t width);

#endif
