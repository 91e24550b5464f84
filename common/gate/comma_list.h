/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text that commas separate, entry by entry. */
#ifndef TOTPGROUP_GATE_COMMA_LIST_H
#define TOTPGROUP_GATE_COMMA_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Begins as {text}, which must outlive it; text is a string, not NULL. */
struct comma_list {
	const char *rest; /* NULL after the last entry */
	size_t number;	  /* of the entry given last, counted from 1 */
};

/*
 * Gives the next entry without the blanks and tabs around it; false at the
 * end. There is one entry more than there are commas, and any may be empty:
 * what that means is the caller's to say.
 */
bool comma_list_next(struct comma_list *list, const char **entry, size_t *length);

/* How many entries comma_list_next() will give for that text: at least one. */
size_t comma_list_count(const char *text);

/* Takes blanks and tabs off both ends. */
void comma_list_trim(const char **text, size_t *length);

#endif
