/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Copies of sshd's files with a change, in a private folder. */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lines.h"
#include "cli/doctor/sshd_files.h"
#include "totpgroup.h"

static int make_folder(struct sshd_files *files, struct error *error)
{
	char *folder;

	if (files->folder != NULL)
		return 0;
	folder = strdup(P_tmpdir "/totpgroup-doctor-XXXXXX");
	if (folder == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (mkdtemp(folder) == NULL) {
		error_set_system(error, TOTPGROUP_ESYSTEM, "cannot make a folder in " P_tmpdir);
		free(folder);
		return TOTPGROUP_ESYSTEM;
	}
	files->folder = folder;
	return 0;
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
	const struct sshd_change *change = find_change(changes, count, file, 0);
	const char *line;
	size_t length;

	if (change != NULL)
		text_append_format(text, "%s\n", change->text);
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

static int write_text(const char *path, const struct text *text, struct error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t done = 0;
	ssize_t n = 0;

	while (fd >= 0 && done < text->length &&
		(n = write(fd, text->data + done, text->length - done)) > 0)
		done += (size_t)n;
	if (fd < 0 || done < text->length)
		error_set_system(error, TOTPGROUP_ESYSTEM, "cannot write %s", path);
	if (fd < 0)
		return TOTPGROUP_ESYSTEM;
	close(fd);
	return done == text->length ? 0 : TOTPGROUP_ESYSTEM;
}

int sshd_files_copy(struct sshd_files *files, const struct sshd_change *changes, size_t count,
	char **config, struct error *error)
{
	int status = make_folder(files, error);

	*config = NULL;
	for (size_t i = 0; status == 0 && i < files->file_count; i++) {
		struct text text = TEXT_INIT;
		char *path = NULL;

		if (asprintf(&path, "%s/%zu", files->folder, i) < 0 ||
			append_file(&text, files, i, changes, count) != 0)
			status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
		else
			status = write_text(path, &text, error);
		text_free(&text);
		free(path);
	}
	if (status == 0 && asprintf(config, "%s/0", files->folder) < 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	return status;
}

static void remove_copies(struct sshd_files *files)
{
	for (size_t i = 0; i < files->file_count; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%zu", files->folder, i) >= 0) {
			unlink(path);
			free(path);
		}
	}
	rmdir(files->folder);
}

void sshd_files_free(struct sshd_files *files)
{
	if (files->folder != NULL)
		remove_copies(files);
	for (size_t i = 0; i < files->file_count; i++) {
		free(files->files[i].path);
		text_free(&files->files[i].text);
	}
	free(files->files);
	free(files->lines);
	free(files->includes);
	free(files->folder);
	*files = (struct sshd_files){.file_count = 0};
}
