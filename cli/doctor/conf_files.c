/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/conf_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/stack.h"
#include "cli/ui/words.h"
#include "config/verify_config.h"
#include "totpgroup.h"

#define CHECK "configuration-file"

/* A line of a file that the message is about. */
struct bad_line {
	const char *path;
	unsigned int number;
	const char *problem; /* what the message says of it */
	char *text;	     /* the line, owned */
};

/* The line, as it stands in the file now; NULL where it cannot be read. */
static char *read_line(const char *path, unsigned int number)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	unsigned int read = 0;

	if (file == NULL)
		return NULL;
	while (read < number && getline(&line, &size, file) >= 0)
		read++;
	fclose(file);
	if (read < number) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* Messages about a line begin with PATH:LINE: */
static bool find_line(
	const struct configuration *configuration, const char *message, struct bad_line *bad)
{
	const struct configuration_path *file = NULL;
	const char *path;
	int length = 0;

	while ((file = configuration_next_path(configuration, file, &path)) != NULL) {
		const char *rest = message + strlen(path);

		if (strncmp(message, path, strlen(path)) != 0 ||
			sscanf(rest, ":%u: %n", &bad->number, &length) != 1 || length == 0)
			continue;
		bad->path = path;
		bad->problem = rest + length;
		bad->text = read_line(path, bad->number);
		return bad->text != NULL;
	}
	return false;
}

/* The line with the name that the message proposes; the caller frees it. NULL
 * where there is nothing better than to take it out. */
static char *corrected(const struct bad_line *bad)
{
	static const char proposal[] = "did you mean ";
	const char *name = strstr(bad->problem, proposal);
	const char *value = strchr(bad->text, '=');
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	int length;
	char *text = NULL;

	if (name != NULL) {
		name += strlen(proposal);
		length = (int)strcspn(name, "?");
		/* That of a section has none. */
		if (value == NULL)
			value = "";
		return asprintf(&text, "%.*s%s", length, name, value) < 0 ? NULL : text;
	}
	/* As on the module's line, where a name alone is good. */
	if (value == NULL && options_read(&options, bad->text, &error) == 0 &&
		asprintf(&text, "%s=yes", bad->text) < 0)
		return NULL;
	return text;
}

static void mend_line(struct doctor *doctor, struct finding *finding, struct bad_line *bad)
{
	char *right = corrected(bad);

	if (right != NULL)
		finding_mend(&doctor->report, finding, MEND_REPLACE, bad->path, bad->number,
			"%s", right);
	else
		finding_mend(&doctor->report, finding, MEND_REMOVE, bad->path, bad->number,
			"%s", bad->text);
	free(right);
}

/* The file or folder that a message about its owner or mode begins with; the
 * caller frees it. */
static char *unsafe_path(const char *message)
{
	static const char folder[] = "the folder of ";
	bool is_folder = strncmp(message, folder, strlen(folder)) == 0;
	const char *start = message + (is_folder ? strlen(folder) : 0);
	const char *end = NULL;
	char *path;

	for (const char *next = start; (next = strstr(next, ": ")) != NULL; next++)
		end = next;
	if (end == NULL || *start != '/')
		return NULL;
	path = strndup(start, (size_t)(end - start));
	if (path != NULL && is_folder)
		strrchr(path, '/')[strrchr(path, '/') == path ? 1 : 0] = '\0';
	return path;
}

static void mend_unsafe(struct doctor *doctor, struct finding *finding, const char *message)
{
	char *path = unsafe_path(message);
	char *word = path != NULL ? shell_word(path) : NULL;
	struct stat status;

	if (word == NULL || lstat(path, &status) != 0)
		;
	else if (S_ISLNK(status.st_mode))
		finding_run(&doctor->report, finding,
			"cp --remove-destination -- \"$(readlink -f %s)\" %s", word, word);
	else if (status.st_uid != 0 && status.st_uid != geteuid())
		finding_run(&doctor->report, finding, "chown root %s", word);
	else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		finding_run(&doctor->report, finding, "chmod go-w %s", word);
	free(word);
	free(path);
}

/* Without conf= what the host's usual file says counts. */
static void mend_missing(
	struct doctor *doctor, struct finding *finding, const struct pam_line *line)
{
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;

	for (int i = 0; i < line->argument_count; i++)
		if (strncmp(line->arguments[i], "conf=", strlen("conf=")) == 0)
			change.argument = i;
	doctor_mend_line(doctor, finding, line, &change);
}

static bool is_known(const struct doctor *doctor, const char *what)
{
	for (size_t i = 0; i < doctor->report.count; i++) {
		const struct finding *finding = doctor->report.findings[i];

		if (strcmp(finding->check, CHECK) == 0 && finding->what != NULL &&
			strcmp(finding->what, what) == 0)
			return true;
	}
	return false;
}

static void report_refused(struct doctor *doctor, const struct pam_line *line,
	const struct configuration *configuration, const struct error *error)
{
	/* What only root may read is root's to judge. */
	bool unknown = error->system_error == EACCES && geteuid() != 0;
	struct bad_line bad = {.text = NULL};
	struct finding *finding;

	if (is_known(doctor, error->message))
		return;
	finding = report_add(&doctor->report, unknown ? FINDING_UNKNOWN : FINDING_PROBLEM,
		CHECK, "%s", error->message);
	if (unknown)
		return;
	finding_why(&doctor->report, finding,
		"The module refuses every login while it cannot trust and understand its "
		"configuration.");
	if (find_line(configuration, error->message, &bad))
		mend_line(doctor, finding, &bad);
	else if (error->code == TOTPGROUP_ENOTFOUND)
		mend_missing(doctor, finding, line);
	else
		mend_unsafe(doctor, finding, error->message);
	free(bad.text);
}

/* The sections that only totp-verifyd reads: a mistake in them refuses no login. */
static void report_verify(struct doctor *doctor, const struct configuration *configuration)
{
	struct verify_config *verify = malloc(sizeof *verify);
	struct error error = ERROR_INIT;
	struct bad_line bad = {.text = NULL};
	struct finding *finding;

	if (verify != NULL && verify_config_read(configuration, verify, &error) != 0) {
		finding = report_add(
			&doctor->report, FINDING_PROBLEM, CHECK, "%s", error.message);
		finding_why(&doctor->report, finding,
			"totp-verifyd does not start while it does not understand its "
			"configuration; logins go on.");
		if (find_line(configuration, error.message, &bad))
			mend_line(doctor, finding, &bad);
		free(bad.text);
	}
	free(verify);
}

static void report_good(struct doctor *doctor, const struct configuration *configuration)
{
	const struct configuration_path *file = NULL;
	const char *path;

	while ((file = configuration_next_path(configuration, file, &path)) != NULL)
		report_add(&doctor->report, FINDING_OK, CHECK,
			"the module understands %s, and only root can change it", path);
}

bool doctor_config_load(
	struct doctor *doctor, const struct pam_line *line, struct configuration *configuration)
{
	struct error error = ERROR_INIT;
	int status = configuration_load(configuration, line->argument_count,
		(const char *const *)line->arguments, &error);

	if (status != 0)
		report_refused(doctor, line, configuration, &error);
	else if (line == doctor->line) {
		report_good(doctor, configuration);
		report_verify(doctor, configuration);
	}
	return status == 0;
}
