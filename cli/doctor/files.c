/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/stack.h"
#include "cli/ui/words.h"

#define MODULE_CHECK "module-file"
#define STACK_CHECK  "pam-files"

/* Where libpam may have been told to look. The one with its own modules is it. */
static const char *const module_folders[] = {SYSTEM_PAMDIR, PAMDIR, "/lib64/security",
	"/usr/lib64/security", "/usr/lib/security", "/lib/security", NULL};

static void report_file(struct doctor *doctor, const struct doctor_file *file, const char *what,
	const char *command)
{
	struct finding *finding = report_add(
		&doctor->report, file->level, file->check, "%s %s", file->path, what);
	char *word = shell_word(file->path);

	finding_why(&doctor->report, finding, "%s", file->why);
	if (word != NULL)
		finding_run(&doctor->report, finding, "%s %s", command, word);
	free(word);
}

bool doctor_file_is_safe(struct doctor *doctor, const struct doctor_file *file)
{
	struct stat status;
	bool safe = true;

	if (stat(file->path, &status) != 0)
		return true;
	if (status.st_uid != 0 && status.st_uid != file->owner) {
		report_file(
			doctor, file, "belongs to a user who could change it", "chown root");
		safe = false;
	}
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
		!(S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0)) {
		report_file(
			doctor, file, "can be written by others than its owner", "chmod go-w");
		safe = false;
	}
	return safe;
}

bool doctor_folders_are_safe(struct doctor *doctor, const struct doctor_file *file)
{
	char *path = strdup(file->path);
	struct doctor_file folder = *file;
	bool safe = true;
	char *slash;

	if (path == NULL) {
		doctor->report.out_of_memory = true;
		return false;
	}
	folder.path = path;
	while (safe && (slash = strrchr(path, '/')) != NULL && slash != path) {
		*slash = '\0';
		safe = doctor_file_is_safe(doctor, &folder);
	}
	free(path);
	return safe;
}

/* Files that are not in place yet may be the caller's. */
static uid_t owner_of(const char *folder)
{
	return folder != NULL ? geteuid() : 0;
}

static bool exists(const char *folder, const char *name)
{
	struct stat status;
	char *path;
	bool found;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return false;
	found = stat(path, &status) == 0;
	free(path);
	return found;
}

/* Where PAM looks for a module without a folder. */
static const char *module_folder(const struct doctor *doctor)
{
	if (doctor->options.module_folder != NULL)
		return doctor->options.module_folder;
	for (const char *const *folder = module_folders; *folder != NULL; folder++)
		if (exists(*folder, "pam_permit.so"))
			return *folder;
	return PAMDIR;
}

/* The file that PAM would load for the line; the caller frees it. */
static char *module_path(const struct doctor *doctor)
{
	char *path;

	if (doctor->line->module[0] == '/')
		return strdup(doctor->line->module);
	if (asprintf(&path, "%s/%s", module_folder(doctor), doctor->line->module) < 0)
		return NULL;
	return path;
}

/* The folder that `make install` has put it in, if not PAM's. */
static const char *installed_elsewhere(void)
{
	return exists(PAMDIR, DOCTOR_MODULE) ? PAMDIR : NULL;
}

static void report_no_module(struct doctor *doctor, const char *path)
{
	const char *elsewhere = installed_elsewhere();
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;
	struct finding *finding = report_add(&doctor->report, FINDING_PROBLEM, MODULE_CHECK,
		"the module is not there: %s: %s", path, strerror(errno));
	char *folder = NULL;

	finding_why(&doctor->report, finding, "PAM refuses a login where a module is missing.");
	if (elsewhere != NULL && doctor->options.module_folder == NULL) {
		change.module = PAMDIR "/" DOCTOR_MODULE;
		doctor_mend_line(doctor, finding, doctor->line, &change);
		return;
	}
	folder = shell_word(module_folder(doctor));
	if (folder != NULL)
		finding_run(&doctor->report, finding,
			"./configure --with-pamdir=%s && make && sudo make install", folder);
	free(folder);
}

static void check_module(struct doctor *doctor)
{
	struct doctor_file file = {
		.check = MODULE_CHECK,
		.level = FINDING_PROBLEM,
		.why = "Whoever can change the module decides who logs in.",
		.owner = owner_of(doctor->options.module_folder),
	};
	char *path = module_path(doctor);
	struct stat status;

	file.path = path;
	if (path == NULL)
		doctor->report.out_of_memory = true;
	else if (stat(path, &status) != 0)
		report_no_module(doctor, path);
	else if (doctor_file_is_safe(doctor, &file) && doctor_folders_are_safe(doctor, &file))
		report_add(&doctor->report, FINDING_OK, MODULE_CHECK,
			"the module is there, and only root can change it: %s", path);
	free(path);
}

static void check_stack_files(struct doctor *doctor)
{
	struct doctor_file file = {
		.check = STACK_CHECK,
		.level = FINDING_PROBLEM,
		.why = "Whoever can change it can let in anybody, and become root.",
		.owner = owner_of(doctor->options.pam_folder),
	};
	bool safe = true;

	for (size_t i = 0; i < doctor->stack.file_count; i++) {
		file.path = doctor->stack.files[i];
		if (!doctor_file_is_safe(doctor, &file))
			safe = false;
	}
	file.path = doctor->stack.files[0];
	safe = doctor_folders_are_safe(doctor, &file) && safe;
	if (safe)
		report_add(&doctor->report, FINDING_OK, STACK_CHECK,
			"only root can change the PAM files");
}

void doctor_check_files(struct doctor *doctor)
{
	if (doctor->stack_known)
		check_stack_files(doctor);
	if (doctor->line == NULL)
		return;
	check_module(doctor);
}
