/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Guesses what a malformed setting was meant to be. A guess counts only if the module takes it. */

#include "config.h"

#include "cli/doctor/corrections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/options.h"

#define BLANKS "\t "
#define BOM    "\xef\xbb\xbf"

/* The parts of a setting, which may be empty. They point into it. */
struct parts {
	const char *name;
	size_t name_length;
	const char *value; /* NULL without '=' */
	size_t value_length;
};

static struct parts split(const char *setting)
{
	struct parts parts = {.name = setting + strspn(setting, BLANKS)};
	const char *equals = strchr(parts.name, '=');

	parts.name_length = strcspn(parts.name, BLANKS "=");
	if (equals == NULL)
		return parts;
	parts.value = equals + 1 + strspn(equals + 1, BLANKS);
	parts.value_length = strlen(parts.value);
	while (parts.value_length > 0 &&
		strchr(BLANKS, parts.value[parts.value_length - 1]) != NULL)
		parts.value_length--;
	return parts;
}

static char *join(const struct parts *parts, const char *value, size_t length)
{
	char *text;

	return asprintf(&text, "%.*s=%.*s", (int)parts->name_length, parts->name, (int)length,
		       value) < 0
		       ? NULL
		       : text;
}

/* A guess makes a new text of the setting, or returns NULL where it has nothing to say. */
typedef char *(*guess)(const char *written, const char *problem);

static char *without_bom(const char *written, const char *problem)
{
	(void)problem;
	return strncmp(written, BOM, strlen(BOM)) == 0 ? strdup(written + strlen(BOM)) : NULL;
}

/* Blanks of word processors: U+00A0 and U+202F. */
static char *with_plain_blanks(const char *written, const char *problem)
{
	static const char *const blanks[] = {"\xc2\xa0", "\xe2\x80\xaf"};
	char *text = strdup(written), *found;
	bool changed = false;

	(void)problem;
	for (size_t i = 0; text != NULL && i < sizeof blanks / sizeof blanks[0]; i++)
		while ((found = strstr(text, blanks[i])) != NULL) {
			size_t length = strlen(blanks[i]);

			*found = ' ';
			memmove(found + 1, found + length, strlen(found + length) + 1);
			changed = true;
		}
	if (changed)
		return text;
	free(text);
	return NULL;
}

/* A comment needs a line of its own. */
static char *without_remark(const char *written, const char *problem)
{
	size_t length = strcspn(written, "#");

	(void)problem;
	if (written[length] == '\0')
		return NULL;
	while (length > 0 && strchr(BLANKS, written[length - 1]) != NULL)
		length--;
	return length > 0 ? strndup(written, length) : NULL;
}

static char *without_quotes(const char *written, const char *problem)
{
	struct parts parts = split(written);

	(void)problem;
	if (parts.value == NULL || strpbrk(parts.value, "\"'") == NULL)
		return NULL;
	while (parts.value_length > 0 && strchr("\"'", *parts.value) != NULL)
		parts.value++, parts.value_length--;
	while (parts.value_length > 0 &&
		strchr("\"'", parts.value[parts.value_length - 1]) != NULL)
		parts.value_length--;
	return join(&parts, parts.value, parts.value_length);
}

/* Words of other programs for yes and no. */
static char *with_yes_or_no(const char *written, const char *problem)
{
	static const char *const words[][2] = {{"true", "yes"}, {"on", "yes"}, {"1", "yes"},
		{"y", "yes"}, {"enable", "yes"}, {"enabled", "yes"}, {"yes", "yes"},
		{"false", "no"}, {"off", "no"}, {"0", "no"}, {"n", "no"}, {"disable", "no"},
		{"disabled", "no"}, {"no", "no"}};
	struct parts parts = split(written);

	(void)problem;
	for (size_t i = 0; parts.value != NULL && i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i][0]) == parts.value_length &&
			strncasecmp(words[i][0], parts.value, parts.value_length) == 0)
			return join(&parts, words[i][1], strlen(words[i][1]));
	return NULL;
}

/* `name value` and `name: value`. */
static char *with_equals_sign(const char *written, const char *problem)
{
	size_t start = strspn(written, BLANKS), length = strcspn(written + start, BLANKS ":=");
	const char *rest = written + start + length;
	char *text;

	(void)problem;
	rest += strspn(rest, BLANKS);
	rest += *rest == ':';
	rest += strspn(rest, BLANKS);
	if (length == 0 || *rest == '\0' || strchr(written, '=') != NULL)
		return NULL;
	return asprintf(&text, "%.*s=%s", (int)length, written + start, rest) < 0 ? NULL : text;
}

/* On the module's line, but not in a file, a name alone would be right. */
static char *with_yes(const char *written, const char *problem)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	char *text;

	(void)problem;
	if (strchr(written, '=') != NULL || options_read(&options, written, &error) != 0 ||
		asprintf(&text, "%s=yes", written) < 0)
		return NULL;
	return text;
}

static char *with_proposal(const char *written, const char *problem)
{
	return doctor_proposal(problem, written);
}

static char *with_variables(const char *written, const char *problem)
{
	(void)problem;
	return doctor_correct_variables(written);
}

static const struct {
	guess guess;
	bool in_file_only;
} guesses[] = {
	{without_bom, true},
	{with_plain_blanks, true},
	{without_remark, true},
	{with_proposal, false},
	{with_equals_sign, true},
	{without_quotes, false},
	{with_yes_or_no, false},
	{with_variables, false},
	{with_yes, true},
};

#define GUESSES (sizeof guesses / sizeof guesses[0])

/* All guesses, each on what the earlier ones made; NULL if there is none. */
static char *guess_all(const char *written, const char *problem, bool in_file)
{
	char *text = NULL;

	for (size_t i = 0; i < GUESSES; i++) {
		char *next = in_file || !guesses[i].in_file_only
				     ? guesses[i].guess(text != NULL ? text : written, problem)
				     : NULL;

		if (next == NULL)
			continue;
		free(text);
		text = next;
	}
	return text;
}

static char *judged(char *text, correction_judge judge, const void *context)
{
	if (text != NULL && judge(context, text))
		return text;
	free(text);
	return NULL;
}

char *correction_find(const char *written, const char *problem, bool in_file,
	correction_judge judge, const void *context)
{
	char *text = NULL;

	for (size_t i = 0; text == NULL && i < GUESSES; i++)
		if (in_file || !guesses[i].in_file_only)
			text = judged(guesses[i].guess(written, problem), judge, context);
	return text != NULL ? text
			    : judged(guess_all(written, problem, in_file), judge, context);
}

bool correction_may_remove(const char *setting)
{
	static const char *const needed[] = {"conf", "store", "secret", "state", "user",
		"group", "services", "first_seen", "nullok_until", "nullok_for", "strict",
		"disallow_reuse", "noskewadj", "rate_limit", "authtok_prompt", "peer",
		"peer_group", "groups", "attempts", "peer_attempts", "self_attempts"};
	struct parts parts = split(setting);

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (strlen(needed[i]) == parts.name_length &&
			memcmp(needed[i], parts.name, parts.name_length) == 0)
			return false;
	/* Without its header a section's lines would be those of another. */
	return parts.name_length > 0 && *parts.name != '[' && strchr(setting, '#') == NULL;
}

static const struct option_definition *find_option(const char *argument)
{
	size_t length = strcspn(argument, "=");

	for (const struct option_definition *row = option_definitions; row->name != NULL; row++)
		if (strlen(row->name) == length && memcmp(row->name, argument, length) == 0)
			return row;
	return NULL;
}

static bool has_text_value(const char *argument)
{
	const struct option_definition *option = find_option(argument);

	return option != NULL &&
	       (option->kind == MODULE_OPTION_STRING || option->kind == MODULE_OPTION_PROMPT ||
		       option_is_path(option));
}

/* What stood between two arguments that belong together; NULL if they do not. The rest of a path
 * has a slash, and the rest of a prompt is no option. */
static const char *find_between(const char *one, const char *next)
{
	const struct option_definition *option = find_option(one);
	size_t length = strlen(one);

	if (next[0] == '=' || next[0] == ',' || one[length - 1] == '=')
		return "";
	if (option == NULL || one[strlen(option->name)] != '=' || strchr(next, '=') != NULL)
		return NULL;
	if (one[length - 1] == ',')
		return "";
	if (strcmp(option->name, "skip_net") == 0)
		return strchr(next, '/') != NULL ? "," : NULL;
	if (option_is_path(option))
		return strchr(next, '/') != NULL ? " " : NULL;
	return option->kind == MODULE_OPTION_PROMPT && find_option(next) == NULL ? " " : NULL;
}

/* The number of arguments from `first` on that make one, or 0. */
static int count_joined(const struct pam_line *line, int first, const char **between)
{
	char *const *argument = &line->arguments[first];
	int left = line->argument_count - first;

	*between = left > 1 && argument[0][0] != '\0' ? find_between(argument[0], argument[1])
						      : NULL;
	if (*between == NULL)
		return 0;
	if (strcmp(argument[1], "=") != 0)
		return 2;
	return left > 2 ? 3 : 0;
}

/* Puts the line with the joined arguments into the text, if the module understands the new
 * argument. */
static bool join_from(struct text *text, const struct pam_line *line, int first)
{
	const char *between;
	int count = count_joined(line, first, &between);
	struct pam_line joined = *line;
	struct pam_line_change change = {.argument = first};
	struct text argument = TEXT_INIT;
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	bool good;

	for (int i = 0; i < count; i++)
		text_append_format(
			&argument, "%s%s", i > 0 ? between : "", line->arguments[first + i]);
	good = count > 0 && argument.status == 0 && has_text_value(argument.data) &&
	       options_read(&options, argument.data, &error) == 0;
	joined.arguments = calloc((size_t)line->argument_count, sizeof *joined.arguments);
	if (good && joined.arguments != NULL) {
		joined.argument_count = 0;
		for (int i = 0; i < line->argument_count; i++)
			if (i <= first || i >= first + count)
				joined.arguments[joined.argument_count++] = line->arguments[i];
		change.replacement = argument.data;
		good = pam_line_text(text, &joined, &change) == 0;
	} else {
		good = false;
	}
	free(joined.arguments);
	text_free(&argument);
	return good;
}

/* The wrong argument may be the first, the second or the third of those that belong together. */
bool correction_join(struct text *text, const struct pam_line *line, int wrong)
{
	for (int first = wrong > 1 ? wrong - 2 : 0; first <= wrong; first++) {
		const char *between;

		if (first + count_joined(line, first, &between) <= wrong)
			continue;
		if (join_from(text, line, first))
			return true;
	}
	return false;
}
