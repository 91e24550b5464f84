/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_UI_SHELL_WORD_H
#define TOTPGROUP_CLI_UI_SHELL_WORD_H

/* Quotes a word for the shell where it must be; the caller frees it. NULL
 * where memory is out. */
char *shell_word(const char *word);

#endif
