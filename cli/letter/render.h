/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A template with one user's values in it. */
#ifndef TOTPGROUP_CLI_LETTER_RENDER_H
#define TOTPGROUP_CLI_LETTER_RENDER_H

#include "cli/letter/markup.h"

/* Appends the nodes from one to before another. letter may be NULL for what lies
 * outside the page. 0 or a TOTPGROUP_E... of the values. */
int letter_render(const struct letter_markup *markup, size_t from, size_t end,
	const struct letter *letter, struct text *text);

#endif
