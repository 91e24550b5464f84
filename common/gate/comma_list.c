/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/comma_list.h"

#include <string.h>

#include "totpgroup.h"

/* Bytes of an entry in a message. */
#define SHOWN_MAXIMUM 64

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

void comma_list_trim(const char **text, size_t *length)
{
	while (*length > 0 && is_blank((*text)[0])) {
		*text += 1;
		*length -= 1;
	}
	while (*length > 0 && is_blank((*text)[*length - 1]))
		*length -= 1;
}

bool comma_list_next(struct comma_list *list, const char **entry, size_t *length)
{
	if (list->rest == NULL)
		return false;
	*entry = list->rest;
	*length = strcspn(list->rest, ",");
	list->rest = list->rest[*length] == ',' ? list->rest + *length + 1 : NULL;
	list->number++;
	comma_list_trim(entry, length);
	return true;
}

size_t comma_list_count(const char *text)
{
	size_t count = 1;

	for (; *text != '\0'; text++)
		count += *text == ',';
	return count;
}

int comma_list_refuse(const char *option, const char *entry, size_t length, const char *problem,
	struct error *error)
{
	int shown = (int)(length < SHOWN_MAXIMUM ? length : SHOWN_MAXIMUM);

	return error_set(error, TOTPGROUP_ECONFIG, "%s= holds %.*s%s, %s", option, shown, entry,
		(size_t)shown < length ? "..." : "", problem);
}
