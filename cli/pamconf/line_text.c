/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/pamconf/line_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "base/number.h"

static int append_string(struct text *text, const char *string)
{
	return text_append(text, string, strlen(string));
}

static int append_control(
	struct text *text, const struct pam_line *line, const struct pam_line_change *change)
{
	if (change->control != NULL)
		return append_string(text, change->control);
	return text_append_format(text, line->bracketed ? "[%s]" : "%s", line->control);
}

static int append_argument(struct text *text, const char *argument)
{
	int status = text_append(text, " ", 1);
	bool brackets =
		argument[0] == '[' || argument[0] == '\0' || strpbrk(argument, " \t") != NULL;

	if (!brackets)
		return status == 0 ? append_string(text, argument) : status;
	if (status == 0)
		status = text_append(text, "[", 1);
	for (; *argument != '\0' && status == 0; argument++) {
		if (*argument == ']')
			status = text_append(text, "\\", 1);
		if (status == 0)
			status = text_append(text, argument, 1);
	}
	return status == 0 ? text_append(text, "]", 1) : status;
}

int pam_line_text(
	struct text *text, const struct pam_line *line, const struct pam_line_change *change)
{
	const char *module = change->module != NULL ? change->module : line->module;
	int status = text_append_format(text, "%s ", pam_type_name(line->type));

	if (status == 0)
		status = append_control(text, line, change);
	if (status == 0)
		status = text_append_format(text, " %s", module);
	for (int i = 0; i < line->argument_count && status == 0; i++) {
		if (i != change->argument)
			status = append_argument(text, line->arguments[i]);
		else if (change->replacement != NULL)
			status = append_argument(text, change->replacement);
	}
	if (status == 0 && change->more != NULL)
		status = append_argument(text, change->more);
	return status;
}

static bool goes_too_far(const char *value, size_t length, unsigned int modules)
{
	int64_t jump;

	return ascii_is_word(value, length, "done") ||
	       number_parse(value, length, (int64_t)modules + 1, INT32_MAX, &jump);
}

static int append_pair(struct text *text, const char *pair, size_t length, unsigned int modules)
{
	const char *equals = memchr(pair, '=', length);
	size_t name = equals != NULL ? (size_t)(equals - pair) + 1 : length;

	if (!goes_too_far(pair + name, length - name, modules))
		return text_append(text, pair, length);
	if (modules == 0)
		return text_append_format(text, "%.*sok", (int)name, pair);
	return text_append_format(text, "%.*s%u", (int)name, pair, modules);
}

int pam_line_shorter_jump(struct text *text, const struct pam_line *line, unsigned int modules)
{
	const char *rest = line->bracketed
				   ? line->control
				   : "success=done new_authtok_reqd=done default=ignore";
	size_t rest_length = strlen(rest);
	const char *pair;
	size_t length;
	const char *between = "[";
	int status = 0;

	while (status == 0 && lines_next_word(&rest, &rest_length, &pair, &length)) {
		status = append_string(text, between);
		if (status == 0)
			status = append_pair(text, pair, length, modules);
		between = " ";
	}
	return status == 0 ? text_append(text, "]", 1) : status;
}
