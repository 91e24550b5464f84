/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How wide lines for people may be, and words quoted for a shell. */
#ifndef TOTPGROUP_CLI_UI_WORDS_H
#define TOTPGROUP_CLI_UI_WORDS_H

#include <stddef.h>

/* How many columns a line may have: as many as the terminal has, but at least 40; 80 where
 * standard output is no terminal. */
size_t wrapped_text_width(void);

/* Quotes a word for the shell if it needs that. The caller frees it. NULL where memory is
 * out. */
char *shell_word(const char *word);

#endif
