/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Arguments that were meant to be one: blanks around '=', or in a path, which PAM takes as their
 * end. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "config/options.h"

/* The longest option that can be torn: name, '=' and value. */
#define PIECES_MAXIMUM 3

static bool is_option(const char *text)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	return options_read(&options, text, &error) == 0;
}

/* Whether the pieces are torn at the '='. */
static bool is_torn(const struct pam_line *line, int first, int count)
{
	const char *name = line->arguments[first];
	const char *next = line->arguments[first + 1];

	if (count == PIECES_MAXIMUM)
		return strchr(name, '=') == NULL && strcmp(next, "=") == 0;
	return (next[0] == '=' && next[1] != '\0' && strchr(name, '=') == NULL) ||
	       (name[0] != '\0' && name[strlen(name) - 1] == '=');
}

/* Whether the pieces are a path with a blank in it. */
static bool is_path(const struct pam_line *line, int first, int count)
{
	return count == 2 && strstr(line->arguments[first], "=/") != NULL &&
	       strchr(line->arguments[first + 1], '/') != NULL;
}

/* The pieces as one option; NULL if they are none. */
static char *join(const struct pam_line *line, int first, int count)
{
	bool torn = is_torn(line, first, count);
	struct text text = TEXT_INIT;

	if (!torn && !is_path(line, first, count))
		return NULL;
	for (int i = first; i < first + count; i++)
		text_append_format(
			&text, "%s%s", i > first && !torn ? " " : "", line->arguments[i]);
	if (text.status == 0 && is_option(text.data))
		return text.data;
	text_free(&text);
	return NULL;
}

/* Proposes the line with that option in place of its pieces. */
static void propose_joined(struct doctor *doctor, struct finding *finding,
	const struct pam_line *line, char *option, int first, int count)
{
	struct pam_line joined = *line;
	const size_t left = (size_t)(line->argument_count - first - count);

	joined.arguments = calloc((size_t)line->argument_count, sizeof(*joined.arguments));
	if (joined.arguments == NULL) {
		doctor->report.out_of_memory = true;
		return;
	}
	memcpy(joined.arguments, line->arguments, (size_t)first * sizeof(char *));
	joined.arguments[first] = option;
	memcpy(joined.arguments + first + 1, line->arguments + first + count,
		left * sizeof(char *));
	joined.argument_count = line->argument_count - count + 1;
	finding_mend_line(finding, MEND_REPLACE, &joined, NULL);
	free(joined.arguments);
}

bool doctor_mend_blanks(
	struct doctor *doctor, struct finding *finding, const struct pam_line *line, int wrong)
{
	for (int first = wrong > 0 ? wrong - 1 : 0; first <= wrong; first++)
		for (int count = PIECES_MAXIMUM; count > 1; count--) {
			char *option = NULL;

			if (first + count <= line->argument_count)
				option = join(line, first, count);
			if (option == NULL)
				continue;
			propose_joined(doctor, finding, line, option, first, count);
			free(option);
			return true;
		}
	return false;
}
