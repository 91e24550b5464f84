/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Copies of sshd's files with a change, in a private folder. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/lines.h"
#include "cli/doctor/private_copy.h"
#include "cli/doctor/sshd_files.h"
#include "message/translate.h"
#include "totpgroup.h"

#define NAME_SIZE 24

static const char *name_of_copy(size_t file, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%zu", file);
	return name;
}

static const struct sshd_change *find_change(
	const struct sshd_change *changes, size_t count, size_t file, unsigned int line)
{
	for (size_t i = 0; i < count; i++)
		if (changes[i].file == file && changes[i].line == line)
			return &changes[i];
	return NULL;
}

/* An Include line of the copy names copies. False where the line includes nothing. */
static bool append_include(
	struct text *text, const struct sshd_files *files, size_t file, unsigned int number)
{
	bool found = false;

	for (size_t i = 0; i < files->include_count; i++) {
		const struct sshd_include *entry = &files->includes[i];

		if (entry->file != file || entry->number != number)
			continue;
		text_append_format(text, "%s %s/%zu", found ? "" : "Include", files->folder,
			entry->target);
		found = true;
	}
	return found;
}

static bool is_include(const char *text, size_t length)
{
	struct sshd_line line = {.text = text, .length = length};

	while (line.length > 0 && (*line.text == ' ' || *line.text == '\t'))
		line.text++, line.length--;
	return sshd_line_sets(&line, "include");
}

static int append_file(struct text *text, const struct sshd_files *files, size_t file,
	const struct sshd_change *changes, size_t count)
{
	struct lines lines = {
		.text = files->files[file].text.data, .length = files->files[file].text.length};
	const struct sshd_change *change;
	const char *line;
	size_t length;

	for (size_t i = 0; i < count; i++)
		if (changes[i].file == file && changes[i].line == 0)
			text_append_format(text, "%s\n", changes[i].text);
	while (lines_next(&lines, &line, &length)) {
		change = find_change(changes, count, file, lines.number);
		if (change != NULL && change->action == MEND_REPLACE)
			text_append_string(text, change->text);
		else if (!is_include(line, length))
			text_append(text, line, length);
		else
			append_include(text, files, file, lines.number);
		text_append_string(text, "\n");
		if (change != NULL && change->action == MEND_ADD)
			text_append_format(text, "%s\n", change->text);
	}
	return text->status;
}

static int copy_file(const struct sshd_files *files, size_t file,
	const struct sshd_change *changes, size_t count, struct error *error)
{
	struct text text = TEXT_INIT;
	char name[NAME_SIZE];
	int status;

	if (append_file(&text, files, file, changes, count) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	else
		status = private_copy_write(
			files->folder, name_of_copy(file, name), &text, error);
	text_free(&text);
	return status;
}

int sshd_files_copy(struct sshd_files *files, const struct sshd_change *changes, size_t count,
	char **config, struct error *error)
{
	int status = 0;

	*config = NULL;
	if (files->folder == NULL)
		files->folder = private_copy_folder(error);
	if (files->folder == NULL)
		return error->code;
	for (size_t i = 0; status == 0 && i < files->file_count; i++)
		status = copy_file(files, i, changes, count, error);
	if (status == 0 && asprintf(config, "%s/0", files->folder) < 0)
		status = error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	return status;
}

void sshd_files_free(struct sshd_files *files)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < files->file_count; i++) {
		if (files->folder != NULL)
			private_copy_unlink(files->folder, name_of_copy(i, name));
		free(files->files[i].path);
		text_free(&files->files[i].text);
	}
	private_copy_remove(files->folder, "0");
	free(files->files);
	free(files->lines);
	free(files->includes);
	*files = (struct sshd_files){.file_count = 0};
}
