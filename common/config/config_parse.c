/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/config_parse.h"

#include <libeconf.h>
#include <libeconf_ext.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "totpgroup.h"

/* Longer than any name that means something. */
#define NAME_SIZE 80

/*
 * libeconf reads the values, but it forgives much that would change who is let
 * in: it cuts a value at a '#' even between quotes, takes a line without '='
 * for a value or for more of the one before, drops one that begins with '=',
 * stops at a NUL, splits long lines, and of a key that stands there twice
 * keeps the first. So each line is looked at here before, and only what can be
 * read in one way is asked for. A repeated key shows in the number of the line
 * that libeconf has it from; that also makes ECONF_JOIN_SAME_ENTRIES, which
 * libeconf takes from the environment, be of no effect.
 *
 * libeconf opens files by their paths. It is given the path of the descriptor
 * that was judged, so that no other file can come between. econf_errLocation()
 * is not used: what it tells is one for all threads.
 */
struct parsing {
	const struct config_file *file;
	econf_file *values;
	bool looking; /* at the lines, and no more */
	bool has_settings;
	struct config_setting setting;
	char section[NAME_SIZE];
	char key[NAME_SIZE];
	config_taker *take;
	void *context;
};

#define BLANKS	   " \t"
#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

static int refuse(const struct parsing *parsing, struct error *error, const char *problem)
{
	return error_set(error, TOTPGROUP_ECONFIG, "%s:%u: %s", parsing->setting.path,
		parsing->setting.line, problem);
}

/* A message, with the place put before it. */
static int place_error(const struct parsing *parsing, struct error *error)
{
	const struct error inner = *error;

	return error_set(error, inner.code, "%s:%u: %s", parsing->setting.path,
		parsing->setting.line, inner.message);
}

static int take(struct parsing *parsing, struct error *error)
{
	if (parsing->looking || parsing->take(parsing->context, &parsing->setting, error) == 0)
		return 0;
	return place_error(parsing, error);
}

static int no_value(const struct parsing *parsing, econf_err problem, struct error *error)
{
	if (problem == ECONF_NOMEM)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	return refuse(parsing, error, econf_errString(problem));
}

/* Whether libeconf has the key from this very line. */
static int check_line(struct parsing *parsing, struct error *error)
{
	const struct config_setting *setting = &parsing->setting;
	econf_ext_value *details = NULL;
	econf_err problem =
		econf_getExtValue(parsing->values, setting->section, setting->key, &details);
	uint64_t line;

	if (problem != ECONF_SUCCESS)
		return no_value(parsing, problem, error);
	line = details->line_number;
	econf_freeExtValue(details);
	if (line == setting->line)
		return 0;
	return error_set(error, TOTPGROUP_ECONFIG, "%s:%u: %s is set already in line %u",
		setting->path, setting->line, setting->key, (unsigned int)line);
}

static int take_value(struct parsing *parsing, struct error *error)
{
	struct config_setting *setting = &parsing->setting;
	char *value = NULL;
	econf_err problem;
	int status = check_line(parsing, error);

	if (status != 0)
		return status;
	problem = econf_getStringValue(parsing->values, setting->section, setting->key, &value);
	/* An empty value is one of these, depending on the version. */
	if (problem != ECONF_SUCCESS && problem != ECONF_KEY_HAS_NULL_VALUE)
		return no_value(parsing, problem, error);
	setting->value = value != NULL ? value : "";
	status = take(parsing, error);
	setting->value = NULL;
	free(value);
	return status;
}

/* A name, or two with one blank between them; its length, or 0. */
static size_t section_length(const char *name)
{
	size_t first = strspn(name, NAME_BYTES), second;

	if (first == 0 || name[first] != ' ')
		return first;
	second = strspn(name + first + 1, NAME_BYTES);
	return second == 0 ? 0 : first + 1 + second;
}

static int read_section(struct parsing *parsing, const char *line, struct error *error)
{
	size_t length = section_length(line + 1);

	if (length == 0 || length >= NAME_SIZE || strcmp(line + 1 + length, "]") != 0)
		return refuse(parsing, error,
			"no header of a section; write [name] or [name name], and nothing "
			"behind it");
	memcpy(parsing->section, line + 1, length);
	parsing->section[length] = '\0';
	parsing->setting.section = parsing->section;
	parsing->setting.key = NULL;
	return take(parsing, error);
}

/* Quotes go around the whole value, or are part of it. */
static bool is_quoted_half(const char *value)
{
	size_t length = strlen(value);

	return value[0] == '"' && (length < 2 || value[length - 1] != '"');
}

static int read_setting(struct parsing *parsing, const char *line, struct error *error)
{
	size_t length = strspn(line, NAME_BYTES);
	const char *rest = line + length + strspn(line + length, BLANKS);

	if (length == 0 || length >= NAME_SIZE || *rest != '=')
		return refuse(
			parsing, error, "no setting; write name=value, or # before a comment");
	rest += 1 + strspn(rest + 1, BLANKS);
	if (strchr(rest, '#') != NULL)
		return refuse(parsing, error,
			"a comment needs a line of its own, and a value cannot have # in it");
	if (is_quoted_half(rest))
		return refuse(parsing, error, "the value lacks a quotation mark at its end");
	memcpy(parsing->key, line, length);
	parsing->key[length] = '\0';
	parsing->setting.key = parsing->key;
	parsing->has_settings = true;
	return parsing->looking ? 0 : take_value(parsing, error);
}

static bool is_plain(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return false;
	return true;
}

static int read_line(
	struct parsing *parsing, const char *line, size_t length, struct error *error)
{
	char copy[CONFIG_LINE_MAX + 1];
	const char *start;

	if (length > CONFIG_LINE_MAX)
		return refuse(parsing, error, "the line is too long");
	if (!is_plain(line, length))
		return refuse(parsing, error, "there is a control character in the line");
	memcpy(copy, line, length);
	while (length > 0 && strchr(BLANKS, copy[length - 1]) != NULL)
		length--;
	copy[length] = '\0';
	start = copy + strspn(copy, BLANKS);
	if (*start == '\0' || *start == '#')
		return 0;
	return *start == '[' ? read_section(parsing, start, error)
			     : read_setting(parsing, start, error);
}

/* libeconf keeps the name of the file that it reads in a variable of its own, which it
 * frees: one thread at a time may read. The one thing here that outlives a call, and it
 * has nothing in it. */
static pthread_mutex_t one_reader = PTHREAD_MUTEX_INITIALIZER;

static econf_err read_file(econf_file **values, const char *path)
{
	econf_err problem;

	(void)pthread_mutex_lock(&one_reader);
	/* Blanks among the delimiters keep libeconf from joining lines. */
	problem = econf_readFile(values, path, "= \t", "#");
	(void)pthread_mutex_unlock(&one_reader);
	return problem;
}

static int open_values(struct parsing *parsing, struct error *error)
{
	char path[sizeof "/proc/self/fd/" + 12];
	econf_err problem;

	snprintf(path, sizeof path, "/proc/self/fd/%d", parsing->file->descriptor);
	problem = read_file(&parsing->values, path);
	if (problem == ECONF_SUCCESS)
		return 0;
	if (problem == ECONF_NOMEM)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	return error_set(error, TOTPGROUP_ECONFIG, "%s: cannot be read by way of %s: %s",
		parsing->file->path, path, econf_errString(problem));
}

static int read_lines(struct parsing *parsing, struct error *error)
{
	const struct text *text = &parsing->file->text;
	struct lines lines = {text->data, text->length, 0, 0};
	const char *line;
	size_t length;
	int status = 0;

	parsing->setting = (struct config_setting){.path = parsing->file->path};
	while (status == 0 && lines_next(&lines, &line, &length)) {
		parsing->setting.line = lines.number;
		status = read_line(parsing, line, length, error);
	}
	return status;
}

int config_parse(const struct config_file *file, config_taker *take_setting, void *context,
	struct error *error)
{
	struct parsing parsing = {
		.file = file,
		.looking = true,
		.take = take_setting,
		.context = context,
	};
	int status = read_lines(&parsing, error);

	/* A file of comments alone, as the sample is, takes libeconf long. */
	if (status == 0 && parsing.has_settings)
		status = open_values(&parsing, error);
	parsing.looking = false;
	if (status == 0)
		status = read_lines(&parsing, error);
	econf_freeFile(parsing.values);
	if (status == 0 && !config_file_is_unchanged(file))
		status = error_set(error, TOTPGROUP_ECONFIG,
			"%s: was changed while it was read; try again", file->path);
	return status;
}
