/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The built-in letters: conf/letter.html and conf/letter.txt as they stand. */
#ifndef TOTPGROUP_CLI_LETTER_BUILT_IN_H
#define TOTPGROUP_CLI_LETTER_BUILT_IN_H

extern const char letter_built_in_html[];
extern const char letter_built_in_text[];

#endif
