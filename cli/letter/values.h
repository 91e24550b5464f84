/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a template of letters can ask for. */
#ifndef TOTPGROUP_CLI_LETTER_VALUES_H
#define TOTPGROUP_CLI_LETTER_VALUES_H

#include <stdbool.h>

#include "cli/letter/letter.h"

enum letter_value_kind {
	LETTER_VALUE_WORDS,
	LETTER_VALUE_LIST,   /* lines: items of HTML, or one below the other */
	LETTER_VALUE_MARKUP, /* HTML that goes in as it is, and so not for a text */
};

/* A row of the table. The functions of one that is the same for everybody get no
 * letter. */
struct letter_value {
	const char *name;
	/* Appends it, not escaped. 0 or a TOTPGROUP_E... NULL for what is a condition
	 * alone. */
	int (*append)(const struct letter *letter, struct text *text);
	/* Whether a section of that name is in the letter. NULL for what is none. */
	bool (*holds)(const struct letter *letter);
	enum letter_value_kind kind;
	bool common; /* the same for everybody */
};

/* Ended by a row whose name is NULL. */
extern const struct letter_value letter_values[];

/* NULL where length bytes name none. */
const struct letter_value *letter_value_find(const char *name, size_t length);

#endif
