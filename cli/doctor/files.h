/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether only those can change a file who may. */
#ifndef TOTPGROUP_CLI_DOCTOR_FILES_H
#define TOTPGROUP_CLI_DOCTOR_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "cli/doctor/checks.h"

/* A file or folder, and what is amiss if others can change it. */
struct doctor_file {
	const char *check;
	const char *path;
	enum finding_level level; /* of a finding */
	const char *why;
	uid_t owner; /* the one who may own it besides root */
};

/* Reports an owner other than root and the file's, or a mode that lets group
 * or others write, unless it is a folder with the sticky bit. True when all is
 * well; nothing is reported then, nor where there is no such file. */
bool doctor_file_is_safe(struct doctor *doctor, const struct doctor_file *file);

/* The same for every folder above the path. */
bool doctor_folders_are_safe(struct doctor *doctor, const struct doctor_file *file);

/* Looks at the files of the stack and the module. */
void doctor_check_files(struct doctor *doctor);

#endif
