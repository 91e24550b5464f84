/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/ui/terminal.h"
#include "cli/ui/words.h"

#define COLUMN 9

static const struct {
	const char *name;
	const char *colour;
} levels[FINDING_LEVELS] = {
	[FINDING_OK] = {"ok", "\033[32m"},
	[FINDING_WARNING] = {"warning", "\033[33m"},
	[FINDING_PROBLEM] = {"problem", "\033[1;31m"},
	[FINDING_UNKNOWN] = {"unknown", "\033[35m"},
};

/* One printing. */
struct printing {
	struct text text;
	bool colours;
	size_t width;
	bool failed; /* memory is out */
};

const char *finding_level_name(enum finding_level level)
{
	return levels[level].name;
}

static bool wants_colours(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || *no_color == '\0') &&
	       terminal != NULL && *terminal != '\0' && strcmp(terminal, "dumb") != 0;
}

static void put(struct printing *printing, const char *text, size_t length)
{
	if (text_append(&printing->text, text, length) != 0)
		printing->failed = true;
}

static void put_string(struct printing *printing, const char *text)
{
	put(printing, text, strlen(text));
}

static void put_blanks(struct printing *printing, size_t count)
{
	while (count-- > 0)
		put(printing, " ", 1);
}

/* The first line begins at the column already. */
static void put_wrapped(struct printing *printing, const char *words)
{
	if (wrapped_text_append(&printing->text, words, COLUMN, printing->width) != 0)
		printing->failed = true;
}

static void put_place(struct printing *printing, const struct mend *mend, bool another)
{
	const char *in = another ? "Or in" : "In";
	int status = 0;

	put_blanks(printing, COLUMN);
	switch (mend->action) {
	case MEND_NONE:
		break;
	case MEND_RUN:
		put_string(printing, another ? "Or run:\n" : "Run:\n");
		break;
	case MEND_ADD:
		if (mend->line == 0)
			status = text_append_format(
				&printing->text, "%s %s, at the top, write:\n", in, mend->file);
		else
			status = text_append_format(&printing->text,
				"%s %s, below line %u, add:\n", in, mend->file, mend->line);
		break;
	case MEND_REPLACE:
		status = text_append_format(&printing->text, "%s %s, let line %u be:\n", in,
			mend->file, mend->line);
		break;
	case MEND_REMOVE:
		status = text_append_format(&printing->text, "%s %s, remove line %u:\n", in,
			mend->file, mend->line);
		break;
	}
	printing->failed = printing->failed || status != 0;
}

/* The mending line is never broken: it is there to be copied. */
static void put_finding(struct printing *printing, const struct finding *finding)
{
	const char *name = levels[finding->level].name;

	if (printing->colours)
		put_string(printing, levels[finding->level].colour);
	put_string(printing, name);
	if (printing->colours)
		put_string(printing, "\033[0m");
	put_blanks(printing, COLUMN - strlen(name));
	put_wrapped(printing, finding->what != NULL ? finding->what : "");
	if (finding->why != NULL) {
		put_blanks(printing, COLUMN);
		put_wrapped(printing, finding->why);
	}
	for (size_t i = 0; i < FINDING_MENDS; i++) {
		if (finding->mends[i].text == NULL)
			continue;
		put_place(printing, &finding->mends[i], i > 0);
		put_blanks(printing, COLUMN + 4);
		put_string(printing, finding->mends[i].text);
		put(printing, "\n", 1);
	}
}

static void put_summary(struct printing *printing, const struct report *report)
{
	unsigned int counts[FINDING_LEVELS] = {0};

	for (size_t i = 0; i < report->count; i++)
		counts[report->findings[i]->level]++;
	if (counts[FINDING_OK] == report->count)
		put_string(printing, "\nAll is well.\n");
	else if (text_append_format(&printing->text,
			 "\nProblems: %u. Warnings: %u. Not looked at: %u.\n",
			 counts[FINDING_PROBLEM], counts[FINDING_WARNING],
			 counts[FINDING_UNKNOWN]) != 0)
		printing->failed = true;
}

static bool print(struct printing *printing)
{
	bool done = false;

	if (printing->failed)
		terminal_out_of_memory();
	else if (!terminal_print(&printing->text))
		terminal_complain("cannot write to standard output: %s", strerror(errno));
	else
		done = true;
	text_free(&printing->text);
	return done;
}

bool doctor_print_text(const struct report *report)
{
	struct printing printing = {.colours = wants_colours(), .width = wrapped_text_width()};

	for (size_t i = 0; i < report->count; i++)
		put_finding(&printing, report->findings[i]);
	put_summary(&printing, report);
	return print(&printing);
}
