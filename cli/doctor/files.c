/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owners and modes of the PAM files and of the module. */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/doctor/shared_object.h"
#include "cli/ui/words.h"
#include "message/translate.h"

#define MODULE_CHECK "module-file"
#define STACK_CHECK  "pam-files"

/* Folders that libpam may use: the first that has pam_permit.so is the one. */
static const char *const module_folders[] = {SYSTEM_PAMDIR, PAMDIR, "/lib64/security",
	"/usr/lib64/security", "/usr/lib/security", "/lib/security", NULL};

static void report_unsafe(struct doctor *doctor, const struct doctor_file *file,
	const char *what, const char *command)
{
	struct finding *finding =
		report_add(doctor, file->level, file->check, "%s %s", file->path, what);

	finding_why(finding, "%s", translate(file->why));
	finding_run_on(finding, command, file->path);
}

bool doctor_file_is_safe(struct doctor *doctor, const struct doctor_file *file)
{
	struct stat status;
	bool safe = true;

	if (stat(file->path, &status) != 0)
		return true;
	if (status.st_uid != 0 && status.st_uid != file->owner) {
		report_unsafe(doctor, file, translate("belongs to a user who could change it"),
			"chown root");
		safe = false;
	}
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
		!(S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0)) {
		report_unsafe(doctor, file,
			translate("can be written by others than its owner"), "chmod go-w");
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

/* In a folder that the caller names, files may belong to the caller: they are not
 * installed yet. */
static uid_t allowed_owner(const char *folder)
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

/* The folder in which PAM looks for a module that is named without one. */
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

static void report_no_module(struct doctor *doctor, const char *path)
{
	const struct pam_line_change change = {
		.module = PAMDIR "/" DOCTOR_MODULE, .argument = -1};
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, MODULE_CHECK,
		"the module is not there: %s: %s", path, strerror(errno));
	char *folder = NULL;

	finding_why(finding, "PAM refuses a login if a module is missing.");
	/* `make install` may have put it in another folder than PAM's. */
	if (doctor->options.module_folder == NULL && exists(PAMDIR, DOCTOR_MODULE)) {
		finding_mend_line(finding, MEND_REPLACE, doctor->line, &change);
		return;
	}
	folder = shell_word(module_folder(doctor));
	if (folder != NULL)
		finding_run(finding,
			"./configure --with-pamdir=%s && make && sudo make install", folder);
	free(folder);
}

static void report_wrong_module(struct doctor *doctor, const char *path, const char *wrong)
{
	struct finding *finding =
		report_add(doctor, FINDING_PROBLEM, MODULE_CHECK, "%s %s", path, wrong);

	finding_why(finding, "PAM cannot load it and refuses every login. Install it again.");
}

static void check_module(struct doctor *doctor)
{
	struct doctor_file file = {
		.check = MODULE_CHECK,
		.level = FINDING_PROBLEM,
		.why = N_("A user who can change the module decides who logs in."),
		.owner = allowed_owner(doctor->options.module_folder),
	};
	char *path = module_path(doctor);
	const char *wrong = path != NULL ? shared_object_judge(path) : NULL;
	struct stat status;

	file.path = path;
	if (path == NULL)
		doctor->report.out_of_memory = true;
	else if (stat(path, &status) != 0)
		report_no_module(doctor, path);
	else if (wrong != NULL)
		report_wrong_module(doctor, path, wrong);
	else if (doctor_file_is_safe(doctor, &file) && doctor_folders_are_safe(doctor, &file))
		report_add(doctor, FINDING_OK, MODULE_CHECK,
			"the module is there, and only root can change it: %s", path);
	free(path);
}

/* PAM_MODULE_UNKNOWN, which libpam says for a module that it cannot load. */
#define MODULE_UNKNOWN 28

/* Relative names are looked for in PAM's own folder only: one that is named with --module-dir
 * need not have all modules. */
static bool is_missing(const struct doctor *doctor, const struct pam_line *line)
{
	if (line->module == NULL || line->silent || pam_line_names(line, DOCTOR_MODULE))
		return false;
	if (line->module[0] == '/')
		return access(line->module, F_OK) != 0 && errno == ENOENT;
	return doctor->options.module_folder == NULL &&
	       !exists(module_folder(doctor), line->module);
}

static void check_other_modules(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++) {
		const struct pam_line *line = doctor->trials[i].line;
		bool refuses;

		if (!is_missing(doctor, line))
			continue;
		refuses = line->actions[MODULE_UNKNOWN] == PAM_ACTION_BAD ||
			  line->actions[MODULE_UNKNOWN] == PAM_ACTION_DIE;
		finding_why(report_add(doctor, refuses ? FINDING_PROBLEM : FINDING_WARNING,
				    STACK_CHECK, "%s, line %u: there is no module %s",
				    line->file, line->number, line->module),
			refuses ? N_("PAM refuses every login that comes to the line. Install "
				     "what has the module, or correct its name.")
				: N_("PAM goes on as if the module had said no. Install what "
				     "has "
				     "the module, or correct its name."));
	}
}

static void check_stack_files(struct doctor *doctor)
{
	struct doctor_file file = {
		.check = STACK_CHECK,
		.level = FINDING_PROBLEM,
		.why = N_("A user who can change it can let in anybody, and become root."),
		.owner = allowed_owner(doctor->options.pam_folder),
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
		report_add(
			doctor, FINDING_OK, STACK_CHECK, "only root can change the PAM files");
}

void doctor_check_files(struct doctor *doctor)
{
	if (doctor->trials != NULL)
		check_stack_files(doctor);
	check_other_modules(doctor);
	if (doctor->line != NULL)
		check_module(doctor);
}
