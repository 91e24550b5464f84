/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rules of sudo that keep it from asking PAM: NOPASSWD and !authenticate. */

#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"

#define CHECK	      "sudo"
#define MAIN_FILE     "/etc/sudoers"
#define DEPTH_MAXIMUM 8

/* Lines that do so. A rule goes on in the next line behind a backslash. */
static bool exempts(const char *line)
{
	const char *start = line + strspn(line, " \t");

	/* A number sign before digits is a uid. */
	if (start[0] == '#' && (start[1] < '0' || start[1] > '9'))
		return false;
	return strstr(line, "NOPASSWD:") != NULL || strstr(line, "!authenticate") != NULL ||
	       strstr(line, "NOPASSWD :") != NULL;
}

static void report(struct doctor *doctor, const char *path, unsigned int number)
{
	struct finding *finding = report_add(doctor, FINDING_WARNING, CHECK,
		"%s, line %u: sudo lets some users in without asking PAM", path, number);

	finding_why(finding, "NOPASSWD and !authenticate leave out the password and the code. "
			     "Whom the line names needs neither for its commands.");
}

static void check_file(struct doctor *doctor, const char *path, unsigned int depth);

/* sudo skips names with a dot in them and names that end in a tilde. */
static void check_folder(struct doctor *doctor, const char *folder, unsigned int depth)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		char *path;

		if (strchr(name, '.') == NULL && name[strlen(name) - 1] != '~' &&
			asprintf(&path, "%s/%s", folder, name) >= 0) {
			check_file(doctor, path, depth);
			free(path);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* `@include FILE` and `@includedir FOLDER`; in old files with a number sign. */
static bool check_include(
	struct doctor *doctor, const char *line, const char *from, unsigned int depth)
{
	static const char folder[] = "includedir", file[] = "include";
	const char *start = line + strspn(line, " \t");
	bool is_folder;
	char *path;

	if (*start != '@' && *start != '#')
		return false;
	is_folder = strncmp(start + 1, folder, strlen(folder)) == 0;
	if (!is_folder && strncmp(start + 1, file, strlen(file)) != 0)
		return false;
	start += 1 + strlen(is_folder ? folder : file);
	if (*start != ' ' && *start != '\t')
		return false;
	start += strspn(start, " \t\"");
	if (asprintf(&path, "%.*s%.*s",
		    *start == '/' ? 0 : (int)(strrchr(from, '/') - from) + 1, from,
		    (int)strcspn(start, " \t\"\n"), start) < 0)
		return true;
	if (is_folder)
		check_folder(doctor, path, depth + 1);
	else
		check_file(doctor, path, depth + 1);
	free(path);
	return true;
}

static void check_file(struct doctor *doctor, const char *path, unsigned int depth)
{
	FILE *file = depth < DEPTH_MAXIMUM ? fopen(path, "re") : NULL;
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;

	if (file == NULL)
		return;
	while (getline(&line, &size, file) >= 0) {
		number++;
		if (!check_include(doctor, line, path, depth) && exempts(line))
			report(doctor, path, number);
	}
	free(line);
	fclose(file);
}

void doctor_check_sudo(struct doctor *doctor)
{
	if (doctor->line != NULL && strncmp(doctor->service, "sudo", 4) == 0)
		check_file(doctor, MAIN_FILE, 0);
}
