/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files in folders of drop-ins that nothing reads. */

#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/doctor/doctor.h"

#define SUFFIX ".conf"

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), end_length = strlen(end);

	return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

/* Copies that editors and packages leave are not meant to be read. */
static bool is_meant_to_be_read(const char *name)
{
	static const char *const copies[] = {"~", ".bak", ".old", ".orig", ".save", ".swp",
		".dpkg-old", ".dpkg-dist", ".dpkg-new", ".rpmnew", ".rpmsave", ".rpmorig",
		".disabled"};

	if (name[0] == '.' || name[0] == '#' || strncmp(name, "README", 6) == 0)
		return false;
	for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++)
		if (ends_with(name, copies[i]))
			return false;
	return true;
}

static void report(
	struct doctor *doctor, const char *check, const char *path, const char *reader)
{
	struct finding *finding =
		report_add(doctor, FINDING_WARNING, check, "%s does not read %s", reader, path);

	finding_why(finding, "Only names that end in .conf count there. If it is to count, "
			     "give it such a name; if not, another folder.");
}

void doctor_check_drop_ins(
	struct doctor *doctor, const char *check, const char *folder, const char *reader)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		struct stat status;
		char *path = NULL;

		if (!is_meant_to_be_read(name) || ends_with(name, SUFFIX))
			;
		else if (asprintf(&path, "%s/%s", folder, name) < 0)
			path = NULL;
		else if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
			report(doctor, check, path, reader);
		free(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}
