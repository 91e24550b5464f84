/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which sources /etc/nsswitch.conf names. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gate/nss_sources.h"
#include "totpgroup.h"

#define CONFIGURATION "/etc/nsswitch.conf"

#ifdef __GLIBC__

static bool has_name(const struct text *names, const char *name, size_t length)
{
	const char *at = names->data;

	while (at != NULL && *at != '\0') {
		size_t next = strcspn(at, " ");

		if (next == length && strncmp(at, name, length) == 0)
			return true;
		at += next + (at[next] == ' ');
	}
	return false;
}

/* Adds the sources of a line that are not there yet. What stands in brackets says what to
 * do with an answer: a source counts whether or not the C library would go on to it. */
static void add_sources(struct text *names, const char *line)
{
	for (;;) {
		size_t length;

		line += strspn(line, " \t\n");
		if (*line == '\0')
			return;
		length = strcspn(line, *line == '[' ? "]" : " \t\n[");
		if (*line == '[')
			length += line[length] == ']';
		else if (!has_name(names, line, length))
			(void)text_append_format(names, "%s%.*s", names->length > 0 ? " " : "",
				(int)length, line);
		line += length;
	}
}

/* Finds the database that a line is about, and what the line says; NULL where it says nothing. The
 * line is changed. */
static char *split_line(char *line, char **database)
{
	char *rest = line + strspn(line, " \t");

	rest[strcspn(rest, "#")] = '\0';
	*database = strsep(&rest, ":");
	(*database)[strcspn(*database, " \t")] = '\0';
	return rest;
}

static int read_configuration(FILE *file, struct text *names)
{
	char *line = NULL, *database, *rest;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		rest = split_line(line, &database);
		if (rest != NULL &&
			(strcmp(database, "group") == 0 || strcmp(database, "initgroups") == 0))
			add_sources(names, rest);
	}
	free(line);
	/* The loop ends at the end of the file, or where there is no memory for a line. */
	return feof(file) != 0 ? 0 : -1;
}

/* Whether a line's first source is that of files, without a word on what to do with an answer. */
static bool is_files_first(const char *rest)
{
	const char *first = rest + strspn(rest, " \t\n");
	size_t length = strcspn(first, " \t\n[");
	const char *next = first + length + strspn(first + length, " \t\n");

	return length == strlen("files") && strncmp(first, "files", length) == 0 &&
	       *next != '[';
}

bool nss_sources_begin_with_files(FILE *file, const char *wanted)
{
	char *line = NULL, *database, *rest;
	unsigned int lines = 0;
	bool is_first = false;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		rest = split_line(line, &database);
		if (rest == NULL || strcmp(database, wanted) != 0)
			continue;
		lines++;
		is_first = is_files_first(rest);
	}
	free(line);
	return feof(file) != 0 && lines == 1 && is_first;
}

int nss_sources_list(char **list, struct error *error)
{
	FILE *file = fopen(CONFIGURATION, "re");
	struct text names = TEXT_INIT;
	int status = 0;

	*list = NULL;
	if ((file == NULL && errno != ENOENT) ||
		(file != NULL && read_configuration(file, &names) != 0))
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot read " CONFIGURATION);
	if (file != NULL)
		fclose(file);
	if (status == 0 && names.length == 0)
		(void)text_append_string(&names, "files");
	if (status == 0 && names.status != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status == 0)
		*list = names.data;
	else
		text_free(&names);
	return status;
}

#else

int nss_sources_list(char **list, struct error *error)
{
	*list = strdup("");
	return *list != NULL ? 0 : error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

bool nss_sources_begin_with_files(FILE *file, const char *wanted)
{
	(void)file;
	(void)wanted;
	return false;
}

#endif
