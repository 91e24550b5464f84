/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A mend as a change of a file's text: what an editor would do with the words of the report. */

#include "config.h"

#include <string.h>

#include "base/lines.h"
#include "cli/doctor/proof.h"

static void put_line(struct text *copy, const char *line, size_t length)
{
	text_append(copy, line, length);
	text_append(copy, "\n", 1);
}

/* The line below which the mend's text goes in that file; -1 for none. */
static int64_t place_of(const struct mend *mend, const char *file)
{
	if (mend->action == MEND_ADD && strcmp(mend->file, file) == 0)
		return mend->line;
	if (mend->action == MEND_MOVE && strcmp(mend->to_file, file) == 0)
		return mend->to_line;
	return -1;
}

/* The line of that file that is taken away; 0 for none. */
static unsigned int removed_line(const struct mend *mend, const char *file)
{
	return mend->action != MEND_ADD && mend->action != MEND_LINE_ENDS &&
			       strcmp(mend->file, file) == 0
		       ? mend->line
		       : 0;
}

bool mend_apply(
	const struct mend *mend, const char *file, const struct text *text, struct text *copy)
{
	struct lines lines = {.text = text->data, .length = text->length};
	const unsigned int removed = removed_line(mend, file);
	const int64_t place = place_of(mend, file);
	bool found = removed == 0;
	const char *line;
	size_t length;

	if (place == 0)
		put_line(copy, mend->text, strlen(mend->text));
	while (lines_next(&lines, &line, &length)) {
		while (mend->action == MEND_LINE_ENDS && length > 0 && line[length - 1] == '\r')
			length--;
		if (lines.number != removed)
			put_line(copy, line, length);
		else if (mend->action == MEND_REPLACE)
			put_line(copy, mend->text, strlen(mend->text));
		found = found || lines.number == removed;
		if (lines.number == place)
			put_line(copy, mend->text, strlen(mend->text));
	}
	return found && (place < 0 || place <= lines.number) && copy->status == 0;
}
