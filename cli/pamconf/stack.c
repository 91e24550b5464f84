/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "base/text.h"
#include "cli/pamconf/pamconf.h"
#include "message/translate.h"
#include "totpgroup.h"

/* libpam goes no deeper either. */
#define DEPTH_MAXIMUM	  16
#define FILE_SIZE_MAX	  (1024 * 1024)
#define FILES_MAXIMUM	  1000
#define LINES_MAXIMUM	  1000
#define ARGUMENTS_MAXIMUM 200

const char *const pam_stack_folders[] = {"/etc/pam.d", "/usr/lib/pam.d", NULL};

static const char *const type_names[] = {"auth", "account", "password", "session"};

/* The file that is being read, and how it came to be included. */
struct reading {
	struct pam_stack *stack;
	const char *const *folders;
	const char *file;
	unsigned int number; /* of the current line */
	const char *includer;
	unsigned int includer_number;
	unsigned int depth;
	unsigned int top;
	unsigned int level;
	unsigned int *files_left;		/* a limit for files that include each other */
	const struct pam_changed_file *changed; /* or NULL */
	const enum pam_type *only;		/* skip lines of other types; NULL: skip none */
	struct error *error;
};

static int read_file(const struct reading *reading, const char *name);

const char *pam_type_name(enum pam_type type)
{
	return type_names[type];
}

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}

static int malformed(const struct reading *reading, const char *what)
{
	return error_set(reading->error, TOTPGROUP_EFORMAT, "%s:%u: %s", reading->file,
		reading->number, what);
}

static bool read_type(const char *word, struct pam_line *line)
{
	line->silent = word[0] == '-';
	if (line->silent)
		word++;
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
		if (ascii_is_word(word, strlen(word), type_names[i])) {
			line->type = (enum pam_type)i;
			return true;
		}
	return false;
}

static void free_line(struct pam_line *line)
{
	free(line->control);
	free(line->module);
	free(line->target);
	for (int i = 0; i < line->argument_count; i++)
		free(line->arguments[i]);
	free(line->arguments);
}

/* Takes over the contents of the line; frees them on an error. */
static int add_line(const struct reading *reading, struct pam_line *line)
{
	struct pam_stack *stack = reading->stack;
	bool full = stack->count >= LINES_MAXIMUM;
	struct pam_line *lines =
		full ? NULL : reallocarray(stack->lines, stack->count + 1, sizeof(*lines));

	if (lines == NULL) {
		free_line(line);
		return full ? malformed(reading, translate("there are too many lines"))
			    : out_of_memory(reading->error);
	}
	stack->lines = lines;
	line->file = reading->file;
	line->number = reading->number;
	line->depth = reading->depth;
	line->top = reading->depth == 0 ? reading->number : reading->top;
	line->includer = reading->includer;
	line->includer_number = reading->includer_number;
	line->level = reading->level;
	lines[stack->count++] = *line;
	return 0;
}

/* Takes a word; *word is NULL at the end of the line, which is an error with that message
 * unless missing is NULL. */
static int take_word(const struct reading *reading, const char **rest, char **word,
	bool *bracketed, const char *missing)
{
	int found = pam_word_take(rest, word, bracketed);

	if (found == TOTPGROUP_EMEMORY)
		return out_of_memory(reading->error);
	if (found == TOTPGROUP_EFORMAT)
		return malformed(reading, translate("a bracket is not closed"));
	return found == 0 && missing != NULL ? malformed(reading, missing) : 0;
}

static int read_arguments(
	const struct reading *reading, const char *rest, struct pam_line *line)
{
	line->arguments = calloc(ARGUMENTS_MAXIMUM, sizeof(*line->arguments));
	if (line->arguments == NULL)
		return out_of_memory(reading->error);
	for (; line->argument_count < ARGUMENTS_MAXIMUM; line->argument_count++) {
		char **argument = &line->arguments[line->argument_count];
		bool bracketed;
		int status = take_word(reading, &rest, argument, &bracketed, NULL);

		if (status != 0 || *argument == NULL)
			return status;
	}
	return malformed(reading, translate("there are too many arguments"));
}

static int read_module(const struct reading *reading, const char *rest, struct pam_line *line)
{
	bool bracketed;
	int status = take_word(
		reading, &rest, &line->module, &bracketed, translate("the module is missing"));

	if (status == 0)
		status = read_arguments(reading, rest, line);
	if (status == 0 && !pam_control_read(line->control, line->bracketed, line->actions))
		status = malformed(reading, translate("the control field is malformed"));
	if (status == 0)
		return add_line(reading, line);
	free_line(line);
	return status;
}

/* Takes over the contents of the line, as add_line() does. */
static int add_substack(const struct reading *reading, struct pam_line *line, const char *name)
{
	line->target = strdup(name);
	if (line->target != NULL)
		return add_line(reading, line);
	free_line(line);
	return out_of_memory(reading->error);
}

/* Reads the file that the rest of the line names. line is NULL for @include; else its
 * contents are taken over. A substack begins with a line of its own. */
static int read_include(const struct reading *reading, const char *rest, struct pam_line *line)
{
	struct reading inner = *reading;
	char *name = NULL;
	bool bracketed;
	bool substack = line != NULL && pam_line_has_control(line, "substack");
	int status = take_word(
		reading, &rest, &name, &bracketed, translate("the file's name is missing"));

	inner.includer = reading->file;
	inner.includer_number = reading->number;
	inner.top = reading->depth == 0 ? reading->number : reading->top;
	inner.depth++;
	inner.level += substack;
	if (line != NULL)
		inner.only = &line->type;
	if (status == 0 && substack)
		status = add_substack(reading, line, name);
	else if (line != NULL)
		free_line(line);
	if (status == 0)
		status = read_file(&inner, name);
	free(name);
	return status;
}

static int read_line(const struct reading *reading, const char *rest)
{
	struct pam_line line = {.file = NULL};
	char *word = NULL;
	bool bracketed;
	bool at_include;
	bool known;
	int status =
		take_word(reading, &rest, &word, &bracketed, translate("the line is empty"));

	if (status != 0)
		return status;
	at_include = ascii_is_word(word, strlen(word), "@include");
	known = at_include || read_type(word, &line);
	free(word);
	if (at_include)
		return read_include(reading, rest, NULL);
	if (!known)
		return malformed(
			reading, translate("a line begins with auth, account, password or "
					   "session"));
	if (reading->only != NULL && *reading->only != line.type)
		return 0;
	status = take_word(reading, &rest, &line.control, &line.bracketed,
		translate("the control field is missing"));
	if (status != 0)
		return status;
	if (pam_line_has_control(&line, "include") || pam_line_has_control(&line, "substack"))
		return read_include(reading, rest, &line);
	return read_module(reading, rest, &line);
}

/* The first line with a CR that is not in a comment; 0 if there is none. PAM takes it as a part of
 * a word, so that no module of that name is found. */
static unsigned int find_carriage_return(const struct text *text)
{
	unsigned int number = 1;
	bool comment = false;

	for (size_t i = 0; i < text->length; i++) {
		if (text->data[i] == '\r' && !comment)
			return number;
		comment = text->data[i] == '#' || (comment && text->data[i] != '\n');
		number += text->data[i] == '\n';
	}
	return 0;
}

static int read_lines(struct reading *reading, const struct text *text)
{
	struct lines lines = {.text = text->data, .length = text->length};
	struct text line = TEXT_INIT;
	int found = 0;
	int status = 0;

	reading->number = find_carriage_return(text);
	if (reading->number != 0)
		return malformed(reading, PAM_STACK_CARRIAGE_RETURN);
	while (status == 0 && (found = pam_line_next(&lines, &line, &reading->number)) == 1)
		status = read_line(reading, line.data);
	if (found < 0)
		status = out_of_memory(reading->error);
	text_free(&line);
	return status;
}

/* Returns the path as the stack keeps it, or NULL if memory is out. */
static const char *remember_file(struct pam_stack *stack, const char *path)
{
	char **files;

	for (size_t i = 0; i < stack->file_count; i++)
		if (strcmp(stack->files[i], path) == 0)
			return stack->files[i];
	files = reallocarray(stack->files, stack->file_count + 1, sizeof(*files));
	if (files == NULL)
		return NULL;
	stack->files = files;
	files[stack->file_count] = strdup(path);
	if (files[stack->file_count] == NULL)
		return NULL;
	return files[stack->file_count++];
}

static int read_whole(int fd, const char *path, struct text *text, struct error *error)
{
	char buffer[1024];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_system(
				error, TOTPGROUP_ESYSTEM, translate("cannot read %s"), path);
		if (text->length + (size_t)n > FILE_SIZE_MAX)
			return error_set(
				error, TOTPGROUP_EFORMAT, translate("%s is too large"), path);
		if (text_append(text, buffer, (size_t)n) != 0)
			return out_of_memory(error);
	}
	return 0;
}

int pam_file_read(struct text *text, const char *path, struct error *error)
{
	struct stat file;
	int status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return TOTPGROUP_ENOTFOUND;
	if (fd < 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, translate("cannot open %s"), path);
	if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
		status = error_set(
			error, TOTPGROUP_EFORMAT, translate("%s is not a regular file"), path);
	else
		status = read_whole(fd, path, text, error);
	close(fd);
	return status;
}

/* The file's text; that of the list of changes, if it is there. */
static int read_text(const struct reading *reading, const char *path, struct text *text)
{
	const struct pam_changed_file *changed = reading->changed;

	for (; changed != NULL && changed->path != NULL; changed++)
		if (strcmp(changed->path, path) == 0)
			return text_append(text, changed->text, changed->length) == 0
				       ? 0
				       : out_of_memory(reading->error);
	return pam_file_read(text, path, reading->error);
}

static int read_path(const struct reading *reading, const char *path)
{
	struct reading inner = *reading;
	struct text text = TEXT_INIT;
	int status = read_text(reading, path, &text);

	if (status == 0) {
		inner.file = remember_file(reading->stack, path);
		status = inner.file != NULL ? read_lines(&inner, &text)
					    : out_of_memory(reading->error);
	}
	text_free(&text);
	return status;
}

static int read_in_folders(const struct reading *reading, const char *name)
{
	int status = TOTPGROUP_ENOTFOUND;
	char *path;

	for (const char *const *folder = reading->folders;
		*folder != NULL && status == TOTPGROUP_ENOTFOUND; folder++) {
		if (asprintf(&path, "%s/%s", *folder, name) < 0)
			return out_of_memory(reading->error);
		status = read_path(reading, path);
		free(path);
	}
	return status;
}

static int read_file(const struct reading *reading, const char *name)
{
	int status;

	if (reading->depth >= DEPTH_MAXIMUM || *reading->files_left == 0)
		return malformed(
			reading, translate("files include each other too deeply or too often"));
	--*reading->files_left;
	status = name[0] == '/' ? read_path(reading, name) : read_in_folders(reading, name);
	if (status != TOTPGROUP_ENOTFOUND || reading->depth == 0)
		return status;
	return error_set(reading->error, TOTPGROUP_EFORMAT,
		translate("%s:%u: there is no file %s to include"), reading->file,
		reading->number, name);
}

int pam_stack_read(struct pam_stack *stack, const char *const *folders, const char *service,
	struct error *error)
{
	return pam_stack_read_changed(stack, folders, service, NULL, error);
}

int pam_stack_read_changed(struct pam_stack *stack, const char *const *folders,
	const char *service, const struct pam_changed_file *changed, struct error *error)
{
	unsigned int files_left = FILES_MAXIMUM;
	const struct reading reading = {.stack = stack,
		.folders = folders,
		.files_left = &files_left,
		.changed = changed,
		.error = error};
	int status;

	*stack = (struct pam_stack){.count = 0};
	if (service[0] == '\0' || strchr(service, '/') != NULL)
		return error_set(error, TOTPGROUP_EARGUMENT,
			translate("'%s' is no name of a PAM service"), service);
	status = read_file(&reading, service);
	if (status == TOTPGROUP_ENOTFOUND)
		error_set(error, status, translate("there is no PAM service %s in %s"), service,
			folders[0]);
	if (status != 0)
		pam_stack_free(stack);
	return status;
}

bool pam_line_has_control(const struct pam_line *line, const char *word)
{
	return !line->bracketed && ascii_is_word(line->control, strlen(line->control), word);
}

bool pam_line_names(const struct pam_line *line, const char *module)
{
	const char *slash = line->module != NULL ? strrchr(line->module, '/') : NULL;

	if (line->module == NULL)
		return false;
	return strcmp(slash != NULL ? slash + 1 : line->module, module) == 0;
}

void pam_stack_free(struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		free_line(&stack->lines[i]);
	free(stack->lines);
	for (size_t i = 0; i < stack->file_count; i++)
		free(stack->files[i]);
	free(stack->files);
	*stack = (struct pam_stack){.count = 0};
}
