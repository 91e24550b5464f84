/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists that are separated by commas: the values of options. */
#ifndef TOTPGROUP_GATE_COMMA_LIST_H
#define TOTPGROUP_GATE_COMMA_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Begins as {text}, a string that must outlive it. */
struct comma_list {
	const char *rest; /* NULL after the last entry */
	size_t number;	  /* of the current entry, counted from 1 */
};

/*
 * Gives the next entry without the blanks and tabs around it; false at the end. There
 * is one entry more than there are commas. Each may be empty; the caller decides what
 * an empty entry means.
 */
bool comma_list_next(struct comma_list *list, const char **entry, size_t *length);

/* The number of entries in a text: at least one. */
size_t comma_list_count(const char *text);

/* Takes blanks and tabs off both ends. */
void comma_list_trim(const char **text, size_t *length);

/* Records TOTPGROUP_ECONFIG, and returns it: "OPTION= holds ENTRY, PROBLEM". A long
 * entry is cut. */
int comma_list_refuse(const char *option, const char *entry, size_t length, const char *problem,
	struct error *error);

#endif
