/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* pam.d(5): lines, words and control fields, read and written. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/number.h"
#include "cli/pamconf/pamconf.h"
#include "totpgroup.h"

#define JUMP_MAXIMUM 1000
/* The action of a result that no word has named yet. */
#define UNNAMED 1001

/* In the order of their numbers. */
static const char *const result_names[PAM_CONTROL_RESULTS] = {"success", "open_err",
	"symbol_err", "service_err", "system_err", "buf_err", "perm_denied", "auth_err",
	"cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries", "new_authtok_reqd",
	"acct_expired", "session_err", "cred_unavail", "cred_expired", "cred_err",
	"no_module_data", "conv_err", "authtok_err", "authtok_recover_err", "authtok_lock_busy",
	"authtok_disable_aging", "try_again", "ignore", "abort", "authtok_expired",
	"module_unknown", "bad_item", "conv_again", "incomplete"};

static const struct {
	const char *name;
	int action;
} action_names[] = {
	{"ignore", PAM_ACTION_IGNORE},
	{"ok", PAM_ACTION_OK},
	{"done", PAM_ACTION_DONE},
	{"bad", PAM_ACTION_BAD},
	{"die", PAM_ACTION_DIE},
	{"reset", PAM_ACTION_RESET},
};

/* The controls that are one word, written as pairs. */
static const struct {
	const char *word;
	const char *pairs;
} control_words[] = {
	{"required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad"},
	{"requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die"},
	{"sufficient", "success=done new_authtok_reqd=done default=ignore"},
	{"optional", "success=ok new_authtok_reqd=ok default=ignore"},
};

static bool read_action(const char *value, size_t length, int *action)
{
	int64_t jump;

	for (size_t i = 0; i < sizeof(action_names) / sizeof(action_names[0]); i++)
		if (ascii_is_word(value, length, action_names[i].name)) {
			*action = action_names[i].action;
			return true;
		}
	if (!number_parse(value, length, 1, JUMP_MAXIMUM, &jump))
		return false;
	*action = (int)jump;
	return true;
}

/* default sets the results that were not named before it. */
static bool store_action(
	const char *name, size_t length, int action, int actions[PAM_CONTROL_RESULTS])
{
	if (ascii_is_word(name, length, "default")) {
		for (size_t i = 0; i < PAM_CONTROL_RESULTS; i++)
			if (actions[i] == UNNAMED)
				actions[i] = action;
		return true;
	}
	for (size_t i = 0; i < PAM_CONTROL_RESULTS; i++)
		if (ascii_is_word(name, length, result_names[i])) {
			actions[i] = action;
			return true;
		}
	return false;
}

static bool read_pairs(const char *text, int actions[PAM_CONTROL_RESULTS])
{
	static const char blanks[] = " \t\n";

	text += strspn(text, blanks);
	while (*text != '\0') {
		size_t name_length = strcspn(text, "= \t\n");
		const char *value = text + name_length + strspn(text + name_length, blanks);
		size_t value_length;
		int action;

		if (*value != '=')
			return false;
		value++;
		value += strspn(value, blanks);
		value_length = strcspn(value, blanks);
		if (!read_action(value, value_length, &action) ||
			!store_action(text, name_length, action, actions))
			return false;
		text = value + value_length + strspn(value + value_length, blanks);
	}
	return true;
}

/* The control as pairs; NULL for an unknown word. */
static const char *control_pairs(const char *control, bool bracketed)
{
	if (bracketed)
		return control;
	for (size_t i = 0; i < sizeof(control_words) / sizeof(control_words[0]); i++)
		if (ascii_is_word(control, strlen(control), control_words[i].word))
			return control_words[i].pairs;
	return NULL;
}

bool pam_control_read(const char *control, bool bracketed, int actions[PAM_CONTROL_RESULTS])
{
	const char *pairs = control_pairs(control, bracketed);

	for (size_t i = 0; i < PAM_CONTROL_RESULTS; i++)
		actions[i] = UNNAMED;
	if (pairs == NULL || !read_pairs(pairs, actions))
		return false;
	for (size_t i = 0; i < PAM_CONTROL_RESULTS; i++)
		if (actions[i] == UNNAMED)
			actions[i] = PAM_ACTION_BAD;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
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

int pam_line_next(struct lines *lines, struct text *line, unsigned int *number)
{
	const char *piece;
	size_t length;

	text_free(line);
	while (lines_next(lines, &piece, &length)) {
		const char *comment = memchr(piece, '#', length);
		bool continued;

		if (comment != NULL)
			length = (size_t)(comment - piece);
		trim(&piece, &length);
		/* Empty lines and comments do not end a line that is continued. */
		if (length == 0)
			continue;
		if (line->length == 0)
			*number = lines->number;
		/* A backslash before a comment does not continue the line. */
		continued = comment == NULL && piece[length - 1] == '\\';
		text_append(line, piece, length - continued);
		if (text_append(line, " ", 1) != 0)
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

int pam_word_take(const char **rest, char **word, bool *bracketed)
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

static void append_argument(struct text *text, const char *argument)
{
	bool brackets =
		argument[0] == '[' || argument[0] == '\0' || strpbrk(argument, " \t") != NULL;

	if (!brackets) {
		text_append_format(text, " %s", argument);
		return;
	}
	text_append_string(text, " [");
	for (; *argument != '\0'; argument++) {
		if (*argument == ']')
			text_append(text, "\\", 1);
		text_append(text, argument, 1);
	}
	text_append(text, "]", 1);
}

int pam_line_text(
	struct text *text, const struct pam_line *line, const struct pam_line_change *change)
{
	static const struct pam_line_change unchanged = PAM_LINE_CHANGE_NONE;

	if (change == NULL)
		change = &unchanged;
	text_append_format(text, "%s ", pam_type_name(line->type));
	if (change->control != NULL)
		text_append_string(text, change->control);
	else
		text_append_format(text, line->bracketed ? "[%s]" : "%s", line->control);
	text_append_format(text, " %s", change->module != NULL ? change->module : line->module);
	for (int i = 0; i < line->argument_count; i++) {
		if (i != change->argument)
			append_argument(text, line->arguments[i]);
		else if (change->replacement != NULL)
			append_argument(text, change->replacement);
	}
	if (change->more != NULL)
		append_argument(text, change->more);
	return text->status;
}

static bool goes_too_far(const char *value, size_t length, unsigned int modules)
{
	int64_t jump;

	return ascii_is_word(value, length, "done") ||
	       number_parse(value, length, (int64_t)modules + 1, INT32_MAX, &jump);
}

static void append_pair(
	struct text *text, const char *pair, size_t length, unsigned int modules)
{
	const char *equals = memchr(pair, '=', length);
	size_t name = equals != NULL ? (size_t)(equals - pair) + 1 : length;

	if (!goes_too_far(pair + name, length - name, modules))
		text_append(text, pair, length);
	else if (modules == 0)
		text_append_format(text, "%.*sok", (int)name, pair);
	else
		text_append_format(text, "%.*s%u", (int)name, pair, modules);
}

int pam_line_shorter_jump(struct text *text, const struct pam_line *line, unsigned int modules)
{
	const char *rest = control_pairs(line->control, line->bracketed);
	size_t rest_length = strlen(rest);
	const char *between = "[";
	const char *pair;
	size_t length;

	while (lines_next_word(&rest, &rest_length, &pair, &length)) {
		text_append_string(text, between);
		append_pair(text, pair, length, modules);
		between = " ";
	}
	return text_append(text, "]", 1);
}
