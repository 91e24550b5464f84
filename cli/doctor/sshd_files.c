/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the files of sshd's configuration, as sshd includes them. */

#include "config.h"

#include "cli/doctor/sshd_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/lines.h"
#include "message/translate.h"
#include "totpgroup.h"

#define SSHD_FOLDER   "/etc/ssh"
#define DEPTH_MAXIMUM 16
#define FILES_MAXIMUM 256
#define FILE_MAXIMUM  (1024 * 1024)
#define BLANKS	      " \t\r\f"
#define DROP_IN	      "10-totpgroup.conf"

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}

static int read_text(struct text *text, const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char buffer[1024];
	ssize_t n = 0;

	if (fd < 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, translate("cannot open %s"), path);
	while (text->length <= FILE_MAXIMUM && (n = read(fd, buffer, sizeof buffer)) > 0 &&
		text_append(text, buffer, (size_t)n) == 0)
		;
	if (n < 0)
		error_set_system(error, TOTPGROUP_ESYSTEM, translate("cannot read %s"), path);
	close(fd);
	if (n > 0)
		return text->status != 0 ? out_of_memory(error)
					 : error_set(error, TOTPGROUP_EFORMAT,
						   translate("%s is too large"), path);
	return n < 0 ? TOTPGROUP_ESYSTEM : 0;
}

static bool find_file(const struct sshd_files *files, const char *path, size_t *found)
{
	for (*found = 0; *found < files->file_count; (*found)++)
		if (strcmp(files->files[*found].path, path) == 0)
			return true;
	return false;
}

/* The index of the file, whose text is read where it is new. */
static int add_file(struct sshd_files *files, const char *path, bool missing, size_t *index,
	struct error *error)
{
	struct sshd_file *file;
	void *longer;

	if (find_file(files, path, index))
		return 0;
	if (files->file_count == FILES_MAXIMUM)
		return error_set(
			error, TOTPGROUP_EFORMAT, translate("sshd's files include too many"));
	longer = reallocarray(files->files, files->file_count + 1, sizeof *file);
	if (longer == NULL)
		return out_of_memory(error);
	files->files = longer;
	file = &files->files[files->file_count++];
	*file = (struct sshd_file){.path = strdup(path), .missing = missing};
	if (file->path == NULL)
		return out_of_memory(error);
	return missing ? 0 : read_text(&file->text, path, error);
}

bool sshd_line_sets(const struct sshd_line *line, const char *keyword)
{
	size_t length = strlen(keyword);

	return line->length > length && strncasecmp(line->text, keyword, length) == 0 &&
	       strchr(BLANKS "=", line->text[length]) != NULL;
}

char *sshd_word_take(const char **rest, size_t *length)
{
	const char *start = *rest, *end = start + *length;
	bool quoted;
	char *word;

	while (start < end && strchr(BLANKS "=", *start) != NULL)
		start++;
	if (start == end || *start == '#')
		return NULL;
	quoted = *start == '"';
	start += quoted;
	for (*rest = start; *rest < end; (*rest)++)
		if (quoted ? **rest == '"' : strchr(BLANKS, **rest) != NULL)
			break;
	word = strndup(start, (size_t)(*rest - start));
	*rest += quoted && *rest < end;
	*length = (size_t)(end - *rest);
	return word;
}

static int read_lines(struct sshd_files *files, size_t file, size_t block, unsigned int depth,
	struct error *error);

static int include(struct sshd_files *files, const struct sshd_line *line, const char *path,
	bool missing, unsigned int depth, struct error *error)
{
	size_t target = 0;
	void *longer;
	int status = add_file(files, path, missing, &target, error);

	if (status != 0)
		return status;
	longer = reallocarray(
		files->includes, files->include_count + 1, sizeof *files->includes);
	if (longer == NULL)
		return out_of_memory(error);
	files->includes = longer;
	files->includes[files->include_count++] =
		(struct sshd_include){line->file, line->number, target};
	return read_lines(files, target, line->block, depth + 1, error);
}

/* Settings of our own belong into the first folder of drop-ins. The caller frees the path. NULL
 * where the pattern means no such folder. */
static char *own_drop_in(
	const struct sshd_files *files, const struct sshd_line *line, const char *pattern)
{
	const char *slash = strrchr(pattern, '/');
	char *path = NULL, *folder;

	if (files->drop_in != 0 || line->file != 0 || line->block != SSHD_NO_BLOCK ||
		strcmp(slash, "/*.conf") != 0)
		return NULL;
	folder = strndup(pattern, (size_t)(slash - pattern));
	if (folder != NULL && access(folder, F_OK) == 0 &&
		asprintf(&path, "%s/" DROP_IN, folder) < 0)
		path = NULL;
	free(folder);
	return path;
}

/* Includes the files that the pattern means, in the order of their names, and with them the
 * one that does not exist yet. */
static int include_found(struct sshd_files *files, const struct sshd_line *line,
	const glob_t *found, const char *own, unsigned int depth, struct error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i <= found->gl_pathc; i++) {
		const char *next = i < found->gl_pathc ? found->gl_pathv[i] : NULL;
		int order = own == NULL ? 1 : next == NULL ? -1 : strcmp(own, next);

		if (order <= 0) {
			files->drop_in = files->file_count;
			status = include(files, line, own, order != 0, depth, error);
			own = NULL;
		}
		if (status == 0 && next != NULL && order != 0)
			status = include(files, line, next, false, depth, error);
	}
	return status;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* sshd knows no locale: the order of paths is that of their bytes. */
static int include_pattern(struct sshd_files *files, const struct sshd_line *line,
	const char *pattern, unsigned int depth, struct error *error)
{
	char *own = own_drop_in(files, line, pattern);
	glob_t found = {.gl_pathc = 0};
	int status;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		found.gl_pathc = 0;
	if (found.gl_pathc > 0)
		qsort(found.gl_pathv, found.gl_pathc, sizeof found.gl_pathv[0], compare_paths);
	status = include_found(files, line, &found, own, depth, error);
	free(own);
	globfree(&found);
	return status;
}

static int read_include(struct sshd_files *files, const struct sshd_line *line,
	unsigned int depth, struct error *error)
{
	const char *rest = line->text + strlen("include");
	size_t length = line->length - strlen("include");
	int status = 0;
	char *word;

	while (status == 0 && (word = sshd_word_take(&rest, &length)) != NULL) {
		char *pattern = NULL;

		if (asprintf(&pattern, "%s%s", word[0] == '/' ? "" : SSHD_FOLDER "/", word) < 0)
			status = out_of_memory(error);
		else
			status = include_pattern(files, line, pattern, depth, error);
		free(pattern);
		free(word);
	}
	return status;
}

static int add_line(struct sshd_files *files, struct sshd_line line, struct error *error)
{
	void *longer = reallocarray(files->lines, files->line_count + 1, sizeof *files->lines);

	if (longer == NULL)
		return out_of_memory(error);
	files->lines = longer;
	files->lines[files->line_count++] = line;
	return 0;
}

/* A Match block ends with the file that it is in. */
static int read_lines(struct sshd_files *files, size_t file, size_t block, unsigned int depth,
	struct error *error)
{
	/* The array of files may move meanwhile, and their texts do not. */
	struct lines lines = {
		.text = files->files[file].text.data, .length = files->files[file].text.length};
	struct sshd_line line = {.file = file, .block = block};
	int status = 0;

	if (depth > DEPTH_MAXIMUM)
		return error_set(
			error, TOTPGROUP_EFORMAT, translate("sshd's files include too deeply"));
	while (status == 0 && lines_next(&lines, &line.text, &line.length)) {
		line.number = lines.number;
		while (line.length > 0 && strchr(BLANKS, *line.text) != NULL)
			line.text++, line.length--;
		while (line.length > 0 && strchr(BLANKS, line.text[line.length - 1]) != NULL)
			line.length--;
		if (line.length == 0 || *line.text == '#')
			continue;
		if (sshd_line_sets(&line, "match"))
			line.block = files->line_count;
		status = add_line(files, line, error);
		if (status == 0 && sshd_line_sets(&line, "include"))
			status = read_include(files, &line, depth, error);
	}
	return status;
}

int sshd_files_read(struct sshd_files *files, const char *path, struct error *error)
{
	size_t first;
	int status = add_file(files, path, false, &first, error);

	return status != 0 ? status : read_lines(files, first, SSHD_NO_BLOCK, 0, error);
}
