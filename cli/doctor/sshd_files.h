/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration of sshd as files: the lines in the order in which sshd reads them, and
 * copies of the files with a change, so that sshd itself can judge the change. The host's own
 * files are only read. */
#ifndef TOTPGROUP_CLI_DOCTOR_SSHD_FILES_H
#define TOTPGROUP_CLI_DOCTOR_SSHD_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/doctor/doctor.h"

/* For a line in no Match block. */
#define SSHD_NO_BLOCK SIZE_MAX

struct sshd_file {
	char *path;
	struct text text;
	bool missing; /* it does not exist, and sshd would read it if it did */
};

/* A line that is not empty and no comment. */
struct sshd_line {
	size_t file;	     /* its index */
	unsigned int number; /* in the file, from 1 */
	const char *text;    /* in the file's text; without blanks at both ends */
	size_t length;
	size_t block; /* the index of the line that begins its Match block */
};

/* An Include line names that file. */
struct sshd_include {
	size_t file;
	unsigned int number;
	size_t target;
};

/* Begins zeroed; ends with sshd_files_free(). */
struct sshd_files {
	struct sshd_file *files; /* the first is the one that sshd is started with */
	size_t file_count;
	struct sshd_line *lines;
	size_t line_count;
	struct sshd_include *includes;
	size_t include_count;
	size_t drop_in; /* the file for settings of our own, or 0: the first file */
	char *folder;	/* private, for the copies; NULL before the first */
};

/* What is done to a line of a copy. Of several for the same line the first counts; at
 * the top of a file, line 0, all do. */
struct sshd_change {
	enum mend_action action; /* MEND_REPLACE or MEND_ADD, as in struct mend */
	size_t file;
	unsigned int line;
	const char *text;
};

/* Reads the file and all that it includes. TOTPGROUP_ESYSTEM, TOTPGROUP_EFORMAT for more files
 * or deeper inclusion than sshd would take, or TOTPGROUP_EMEMORY. */
int sshd_files_read(struct sshd_files *files, const char *path, struct error *error);

/* Writes copies with the changes, which include each other and nothing else. *config is the path
 * of the first, and belongs to the caller. TOTPGROUP_ESYSTEM or TOTPGROUP_EMEMORY. */
int sshd_files_copy(struct sshd_files *files, const struct sshd_change *changes, size_t count,
	char **config, struct error *error);

/* Removes the copies too. */
void sshd_files_free(struct sshd_files *files);

/* Whether the line sets that keyword, in upper or lower case. */
bool sshd_line_sets(const struct sshd_line *line, const char *keyword);

/* Takes the next word off the front of what follows a keyword, without its quotes; a comment is
 * no word. The caller frees it. NULL at the end, or if memory is out. */
char *sshd_word_take(const char **rest, size_t *length);

#endif
