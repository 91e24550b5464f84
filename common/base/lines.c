/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/lines.h"

#include <string.h>

#include "base/ascii.h"

bool lines_next(struct lines *lines, const char **line, size_t *length)
{
	const char *end;

	if (lines->at >= lines->length)
		return false;
	*line = lines->text + lines->at;
	*length = lines->length - lines->at;
	end = memchr(*line, '\n', *length);
	if (end != NULL)
		*length = (size_t)(end - *line);
	lines->at += *length + (end != NULL);
	lines->number++;
	if (*length > 0 && (*line)[*length - 1] == '\r')
		(*length)--;
	return true;
}

bool lines_next_word(const char **rest, size_t *rest_length, const char **word, size_t *length)
{
	size_t start = 0, end;

	while (start < *rest_length && ascii_is_blank((*rest)[start]))
		start++;
	end = start;
	while (end < *rest_length && !ascii_is_blank((*rest)[end]))
		end++;
	*word = *rest + start;
	*length = end - start;
	*rest += end;
	*rest_length -= end;
	return *length > 0;
}

bool word_is(const struct word *word, const char *string)
{
	return word->length == strlen(string) && memcmp(word->start, string, word->length) == 0;
}

struct word word_take_until(struct word *rest, char separator)
{
	const char *end =
		rest->length > 0 ? memchr(rest->start, separator, rest->length) : NULL;
	size_t length = end != NULL ? (size_t)(end - rest->start) : rest->length;
	struct word taken = {rest->start, length};

	rest->start += length + (end != NULL);
	rest->length -= length + (end != NULL);
	return taken;
}
