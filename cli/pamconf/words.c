/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/pamconf/words.h"

#include <stdlib.h>
#include <string.h>

#include "totpgroup.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts off the comment, and says whether there was one: a backslash does not
 * continue a line that ends in one. */
static bool cut_comment(const char *line, size_t *length)
{
	const char *comment = memchr(line, '#', *length);

	if (comment == NULL)
		return false;
	*length = (size_t)(comment - line);
	return true;
}

static void trim(const char **line, size_t *length)
{
	while (*length > 0 && is_blank((*line)[0])) {
		(*line)++;
		(*length)--;
	}
	while (*length > 0 && is_blank((*line)[*length - 1]))
		(*length)--;
}

static void begin(struct text *line)
{
	text_free(line);
	*line = (struct text)TEXT_INIT;
}

int pam_words_line(struct lines *lines, struct text *line, unsigned int *number)
{
	const char *piece;
	size_t length;

	begin(line);
	while (lines_next(lines, &piece, &length)) {
		bool commented = cut_comment(piece, &length);
		bool continued;

		trim(&piece, &length);
		/* Empty lines and comments do not end a line that goes on. */
		if (length == 0)
			continue;
		if (line->length == 0)
			*number = lines->number;
		continued = !commented && piece[length - 1] == '\\';
		if (text_append(line, piece, length - continued) != 0 ||
			text_append(line, " ", 1) != 0)
			return TOTPGROUP_EMEMORY;
		if (!continued)
			return 1;
	}
	return line->length > 0;
}

/* *rest begins with the opening bracket. */
static int take_brackets(const char **rest, char **word)
{
	const char *from = *rest + 1;
	char *to = malloc(strlen(from) + 1);

	*word = to;
	if (to == NULL)
		return TOTPGROUP_EMEMORY;
	for (; *from != ']'; from++) {
		if (*from == '\0') {
			free(*word);
			*word = NULL;
			return TOTPGROUP_EFORMAT;
		}
		if (from[0] == '\\' && from[1] == ']')
			from++;
		*to++ = *from;
	}
	*to = '\0';
	*rest = from + 1;
	return 1;
}

int pam_words_take(const char **rest, char **word, bool *bracketed)
{
	size_t length;

	*word = NULL;
	while (is_blank(**rest))
		(*rest)++;
	if (**rest == '\0')
		return 0;
	*bracketed = **rest == '[';
	if (*bracketed)
		return take_brackets(rest, word);
	length = strcspn(*rest, " \t\r");
	*word = strndup(*rest, length);
	*rest += length;
	return *word != NULL ? 1 : TOTPGROUP_EMEMORY;
}
