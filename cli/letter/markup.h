/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A template of letters, read once: totpgroup-letter(5) has the syntax. */
#ifndef TOTPGROUP_CLI_LETTER_MARKUP_H
#define TOTPGROUP_CLI_LETTER_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/letter/values.h"

/* Sections within sections. */
#define LETTER_MARKUP_DEPTH_MAX 8

enum markup_kind {
	MARKUP_LITERAL,
	MARKUP_VALUE,
	MARKUP_SENTENCE,
	MARKUP_SECTION,
};

struct markup_node {
	enum markup_kind kind;
	const char *literal; /* in the source */
	size_t length;
	char *sentence;			  /* owned; blanks and line ends are one blank each */
	const struct letter_value *value; /* of a value and a section */
	bool inverted;			  /* the section is for when it does not hold */
	size_t end;			  /* of a section: the node behind it */
};

/* Begins as LETTER_MARKUP_INIT, ends with letter_markup_free(). */
struct letter_markup {
	struct text source;
	bool html; /* values are escaped; else it is plain text */
	struct markup_node *nodes;
	size_t count;
	size_t capacity;
	/* What each user gets lies from page to page_end, and everything else is the
	 * same for all. */
	size_t page;
	size_t page_end;
};

#define LETTER_MARKUP_INIT                                                                     \
	{                                                                                      \
		.source = TEXT_INIT                                                            \
	}

/*
 * Reads markup->source. name is what messages call it.
 *
 * TOTPGROUP_ECONFIG for a placeholder that is unknown or malformed, for sections that
 * are not closed or cross each other, and in HTML for no page, for two, and for what
 * depends on the user outside the page. TOTPGROUP_EMEMORY.
 */
int letter_markup_parse(struct letter_markup *markup, const char *name, struct error *error);

/* Takes the next {name} off a sentence: gives what stands before it, and the value; at
 * the end gives the rest and NULL. False where there is no such value; *before and
 * *before_length are then what stands in the braces. */
bool letter_markup_next(const char **sentence, const char **before, size_t *before_length,
	const struct letter_value **value);

void letter_markup_free(struct letter_markup *markup);

#endif
