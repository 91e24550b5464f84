/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/configuration.h"

#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/similar.h"
#include "config/config_file.h"
#include "totpgroup.h"

/* No known name is longer. */
#define NAME_MAX_LENGTH 79

#define BLANKS	   " \t"
#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

/* What is known while a file is read. A line that could be understood in two ways is an
 * error. */
struct parser {
	struct configuration *configuration;
	const char *path;
	const char *section; /* NULL before the first */
	unsigned int line;
	size_t first; /* the index of the file's first value */
};

static const struct {
	const char *name;
} section_names[] = {{CONFIGURATION_ENROLL}, {CONFIGURATION_DAEMON}, {CONFIGURATION_STORE},
	{"verify"}, {NULL}};

/* Only totp-verifyd, and what else asks a shared store itself, checks these sections. */
static bool is_for_daemon(const char *section)
{
	return section != NULL && (strcmp(section, CONFIGURATION_DAEMON) == 0 ||
					  strcmp(section, CONFIGURATION_STORE) == 0 ||
					  strncmp(section, CONFIGURATION_VERIFY,
						  strlen(CONFIGURATION_VERIFY)) == 0);
}

static int check_section(const char *section, struct error *error)
{
	const char *nearest;

	if (strcmp(section, CONFIGURATION_ENROLL) == 0 || is_for_daemon(section))
		return 0;
	if (strcmp(section, "verify") == 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"section [verify] has no name; write [verify NAME], such as [verify "
			"web]");
	nearest = similar_name(
		section_names, sizeof section_names[0], section, strcspn(section, " "));
	if (nearest != NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"unknown section [%s]; did you mean [%s]?", section, nearest);
	return error_set(error, TOTPGROUP_ECONFIG,
		"unknown section [%.*s]; totpgroup.conf(5) lists the sections",
		SIMILAR_NAME_MAXIMUM, section);
}

/* The length of a name, or of two names with one blank between them; or 0. */
static size_t section_length(const char *name)
{
	size_t first = strspn(name, NAME_BYTES), second;

	if (first == 0 || name[first] != ' ')
		return first;
	second = strspn(name + first + 1, NAME_BYTES);
	return second == 0 ? 0 : first + 1 + second;
}

static int parse_section(struct parser *parser, char *line, struct error *error)
{
	size_t length = section_length(line + 1);

	if (length == 0 || length > NAME_MAX_LENGTH || strcmp(line + 1 + length, "]") != 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"no header of a section; write [name] or [name name], and nothing "
			"behind it");
	line[1 + length] = '\0';
	parser->section = line + 1;
	return check_section(parser->section, error);
}

static bool same_section(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Two lines of one file that set the same key contradict each other. */
static int check_not_repeated(const struct parser *parser, const char *key, struct error *error)
{
	const struct configuration *configuration = parser->configuration;

	for (size_t i = configuration->count; i > parser->first; i--) {
		const struct configuration_value *value = &configuration->values[i - 1];

		if (same_section(value->section, parser->section) &&
			strcmp(value->key, key) == 0)
			return error_set(error, TOTPGROUP_ECONFIG,
				"%s is set already in line %u", key, value->line);
	}
	return 0;
}

static int apply(
	const struct parser *parser, const char *key, const char *value, struct error *error)
{
	struct configuration *configuration = parser->configuration;

	if (is_for_daemon(parser->section))
		return 0;
	if (parser->section != NULL)
		return config_key_set(enroll_definitions, parser->section,
			&configuration->enroll, key, value, error);
	if (strcmp(key, "conf") == 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"option conf is for the module's line, not for a file");
	return options_set(&configuration->options, key, strlen(key), value, error);
}

/* Makes the array one value longer, and returns that value. */
static struct configuration_value *add_value(struct configuration *configuration)
{
	if (configuration->count == configuration->capacity) {
		size_t capacity = configuration->capacity * 2 + 16;
		void *values = reallocarray(
			configuration->values, capacity, sizeof *configuration->values);

		if (values == NULL)
			return NULL;
		configuration->values = values;
		configuration->capacity = capacity;
	}
	return &configuration->values[configuration->count++];
}

static int take_setting(
	const struct parser *parser, const char *key, const char *value, struct error *error)
{
	struct configuration_value *kept;
	int status = check_not_repeated(parser, key, error);

	if (status == 0)
		status = apply(parser, key, value, error);
	if (status != 0)
		return status;
	kept = add_value(parser->configuration);
	if (kept == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	*kept = (struct configuration_value){
		.section = parser->section,
		.name = parser->section == NULL ? options_name(key) : key,
		.key = key,
		.value = value,
		.path = parser->path,
		.line = parser->line,
	};
	return 0;
}

/* Quotes go around the whole value, or are part of it. */
static char *strip_quotes(char *value)
{
	size_t length = strlen(value);

	if (value[0] != '"')
		return value;
	if (length < 2 || value[length - 1] != '"')
		return NULL;
	value[length - 1] = '\0';
	return value + 1;
}

static int parse_setting(const struct parser *parser, char *line, struct error *error)
{
	size_t length = strspn(line, NAME_BYTES);
	char *value = line + length + strspn(line + length, BLANKS);

	if (length == 0 || length > NAME_MAX_LENGTH || *value != '=')
		return error_set(error, TOTPGROUP_ECONFIG,
			"no setting; write name=value, or # before a comment");
	value += 1 + strspn(value + 1, BLANKS);
	if (strchr(value, '#') != NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"a comment needs a line of its own, and a value cannot have # in it");
	value = strip_quotes(value);
	if (value == NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"the value lacks a quotation mark at its end");
	line[length] = '\0';
	return take_setting(parser, line, value, error);
}

static bool has_control_character(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return true;
	return false;
}

/* line[length] may be overwritten: it is the end of the line, or the NUL of the text. */
static int parse_line(struct parser *parser, char *line, size_t length, struct error *error)
{
	if (length > CONFIGURATION_LINE_MAX)
		return error_set(error, TOTPGROUP_ECONFIG, "the line is too long");
	if (has_control_character(line, length))
		return error_set(
			error, TOTPGROUP_ECONFIG, "there is a control character in the line");
	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	line[length] = '\0';
	line += strspn(line, BLANKS);
	if (*line == '\0' || *line == '#')
		return 0;
	return *line == '[' ? parse_section(parser, line, error)
			    : parse_setting(parser, line, error);
}

/* Puts the file and the line before every message. */
static int parse_text(struct configuration *configuration, struct configuration_file *file,
	struct error *error)
{
	struct parser parser = {
		.configuration = configuration,
		.path = file->path,
		.first = configuration->count,
	};
	struct lines lines = {file->text.data, file->text.length, 0, 0};
	const char *line;
	size_t length;

	/* options_set() refuses repetitions within one file, not in a later one. */
	configuration->options.given = 0;
	while (lines_next(&lines, &line, &length)) {
		struct error inner = ERROR_INIT;

		parser.line = lines.number;
		if (parse_line(&parser, file->text.data + (line - file->text.data), length,
			    &inner) != 0)
			return error_set(error, inner.code, "%s:%u: %s", file->path,
				parser.line, inner.message);
	}
	return 0;
}

int configuration_add_file(struct configuration *configuration, int folder, const char *name,
	const char *path, struct error *error)
{
	size_t size = strlen(path) + 1;
	struct configuration_file *file = malloc(sizeof *file + size);
	int status;

	if (file == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	file->text = (struct text)TEXT_INIT;
	memcpy(file->path, path, size);
	status = config_file_read(&file->text, folder, name, path, error);
	if (status != 0) {
		text_free(&file->text);
		free(file);
		return status;
	}
	file->earlier = configuration->files;
	configuration->files = file;
	return parse_text(configuration, file, error);
}

const struct configuration_value *configuration_find(
	const struct configuration *configuration, const char *section, const char *name)
{
	for (size_t i = configuration->count; i > 0; i--) {
		const struct configuration_value *value = &configuration->values[i - 1];

		if (same_section(section, value->section) && strcmp(value->name, name) == 0)
			return value;
	}
	return NULL;
}

void configuration_free(struct configuration *configuration)
{
	free(configuration->values);
	while (configuration->files != NULL) {
		struct configuration_file *file = configuration->files;

		configuration->files = file->earlier;
		text_free(&file->text);
		free(file);
	}
	*configuration = (struct configuration)CONFIGURATION_INIT;
}
