/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Variables in the paths of options that the module does not know: those that begin with '$'
 * are refused, and those that begin with '%' are plain text, and so one file for all. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/doctor/doctor.h"
#include "config/options.h"
#include "store/secret_path.h"

#define CHECK "path-variables"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* What is meant by the variables of shells, of sshd and of systemd. */
static const struct {
	const char *name;
	const char *meant;
} known[] = {{"user", "${USER}"}, {"username", "${USER}"}, {"logname", "${USER}"},
	{"login", "${USER}"}, {"u", "${USER}"}, {"home", "${HOME}"}, {"homedir", "${HOME}"},
	{"h", "${HOME}"}};

static const char *find_meant(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strlen(known[i].name) == length &&
			strncasecmp(known[i].name, name, length) == 0)
			return known[i].meant;
	return NULL;
}

/* Appends what is meant by the variable at *at, which begins with '$' or '%', and moves *at
 * behind it. False where nobody can tell. */
static bool append_meant(struct text *text, const char **at)
{
	bool braces = (*at)[1] == '{';
	const char *name = *at + 1 + braces;
	size_t length = **at == '%' ? strnlen(name, 1) : strspn(name, LETTERS);
	const char *meant = find_meant(name, length);

	if (meant == NULL)
		return false;
	*at = name + length + (braces && name[length] == '}');
	return text_append(text, meant, strlen(meant)) == 0;
}

static bool replace_all(struct text *text, const char *path)
{
	while (*path != '\0') {
		size_t plain = strcspn(path, "$%");

		if (text_append(text, path, plain) != 0)
			return false;
		path += plain;
		if (*path != '\0' && !append_meant(text, &path))
			return false;
	}
	return text->length > 0;
}

static const struct option_definition *find_path_option(const char *name)
{
	for (const struct option_definition *row = option_definitions; row->name != NULL; row++)
		if (strcmp(row->name, name) == 0)
			return option_is_path(row) ? row : NULL;
	return NULL;
}

/* The path with what was meant in it, if the option takes it; the caller frees it. */
static char *correct_path(const char *option, const char *path)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	if (replace_all(&text, path) &&
		options_set(&options, option, strlen(option), text.data, &error) == 0)
		return text.data;
	text_free(&text);
	return NULL;
}

/* Cuts a setting into the name of an option that is a path, and the path. False where it is
 * none, or has no unknown variable. */
static bool split(char *setting, const char **option, const char **path)
{
	struct error error = ERROR_INIT;
	char *name = setting + strspn(setting, " \t");
	char *equals = strchr(name, '=');
	char *value;
	size_t length;

	if (equals == NULL)
		return false;
	name[strcspn(name, " \t=")] = '\0';
	value = equals + 1 + strspn(equals + 1, " \t\"");
	for (length = strlen(value); length > 0 && strchr(" \t\"", value[length - 1]) != NULL;)
		value[--length] = '\0';
	*option = name;
	*path = value;
	return find_path_option(name) != NULL && option_path_check(name, value, &error) != 0;
}

char *doctor_correct_variables(const char *setting)
{
	char *copy = strdup(setting);
	const char *option, *path;
	char *corrected = NULL, *text = NULL;

	if (copy != NULL && split(copy, &option, &path))
		corrected = correct_path(option, path);
	if (corrected != NULL && asprintf(&text, "%s=%s", option, corrected) < 0)
		text = NULL;
	free(corrected);
	free(copy);
	return text;
}

static void report_percent(struct doctor *doctor, const char *option)
{
	const struct option_origin origin = doctor_option_origin(doctor, option);
	char *corrected = correct_path(option, origin.text);
	struct finding *finding = report_add(doctor, FINDING_WARNING, CHECK,
		"%s, line %u: %s=%s holds a %%, which is plain text there", origin.file,
		origin.line, option, origin.text);

	finding_why(finding,
		"Only ${USER}, ${HOME} and ~ stand for something else. Without ${USER} and the "
		"home folder, the path is the same for all users.");
	if (corrected != NULL)
		doctor_mend_option(doctor, finding, option, corrected);
	free(corrected);
}

void doctor_check_variables(struct doctor *doctor)
{
	if (doctor->line == NULL)
		return;
	for (const struct option_definition *row = option_definitions; row->name != NULL;
		row++) {
		struct error error = ERROR_INIT;
		const char *path = option_is_path(row)
					   ? doctor_option_origin(doctor, row->name).text
					   : NULL;

		/* What the module refuses is reported already. */
		if (path != NULL && strchr(path, '%') != NULL &&
			option_path_check(row->name, path, &error) == 0)
			report_percent(doctor, row->name);
	}
}
