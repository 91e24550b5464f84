/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A line of a configuration file that the module refuses, as it was meant. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "cli/doctor/doctor.h"
#include "config/options.h"

static bool is_option(const char *text)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	return options_read(&options, text, &error) == 0;
}

/* The words of other programs for yes and no; else the word itself. */
static const char *yes_or_no(const char *value)
{
	static const struct {
		const char *word;
		const char *meant;
	} words[] = {{"true", "yes"}, {"on", "yes"}, {"1", "yes"}, {"false", "no"},
		{"off", "no"}, {"0", "no"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ascii_is_word(value, strlen(value), words[i].word))
			return words[i].meant;
	return value;
}

static void cut_blanks(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
		text[--length] = '\0';
}

/* A remark behind a value is part of it. */
static void cut_remark(char *text)
{
	for (char *mark = text; (mark = strchr(mark, '#')) != NULL; mark++)
		if (mark > text && (mark[-1] == ' ' || mark[-1] == '\t')) {
			*mark = '\0';
			break;
		}
	cut_blanks(text);
}

/* Some editors begin a file with this mark. */
static const char *behind_mark(const char *written)
{
	static const char mark[] = "\xef\xbb\xbf";

	return strncmp(written, mark, strlen(mark)) == 0 ? written + strlen(mark) : written;
}

char *doctor_correct_setting(const char *written)
{
	char *copy = strdup(behind_mark(written));
	char *value = copy != NULL ? strchr(copy, '=') : NULL;
	char *text = NULL;

	if (value != NULL) {
		*value++ = '\0';
		value += strspn(value, " \t");
		cut_remark(value);
		cut_blanks(copy);
		if (asprintf(&text, "%s=%s", copy, yes_or_no(value)) < 0)
			text = NULL;
	} else if (copy != NULL) {
		/* On the module's line, but not in a file, a name alone would be right. */
		cut_remark(copy);
		if (asprintf(&text, "%s=yes", copy) < 0)
			text = NULL;
		else if (!is_option(copy))
			text[0] = '\0';
	}
	free(copy);
	if (text != NULL && strcmp(text, written) != 0 && is_option(text))
		return text;
	free(text);
	return NULL;
}

/* These say who is asked, and for which secret. */
bool doctor_may_remove_setting(const char *written)
{
	static const char *const kept[] = {
		"group", "services", "secret", "state", "user", "store", NULL};
	const char *name = behind_mark(written);

	for (size_t i = 0; kept[i] != NULL; i++)
		if (strncmp(name, kept[i], strlen(kept[i])) == 0)
			return false;
	return true;
}
