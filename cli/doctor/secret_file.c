/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/secret_file.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/ui/words.h"
#include "config/configuration.h"
#include "host/user_credential.h"
#include "totpgroup.h"

#define CHECK	     "secret"
#define FOLDER_CHECK "secret-folder"

bool doctor_program_knows_path(const struct doctor *doctor)
{
	return doctor->module->conf == NULL &&
	       (doctor->module->secret == NULL ||
		       strcmp(doctor_option_origin(doctor, "secret").file,
			       doctor->line->file) != 0);
}

/* A name of the file elsewhere is no fault of the secret: a copy takes its place. */
static void mend_linked(
	struct doctor *doctor, struct finding *finding, const char *file, const char *path)
{
	char *copy, *word;

	if (asprintf(&copy, "%s.new", file) < 0) {
		doctor->report.out_of_memory = true;
		return;
	}
	word = shell_word(copy);
	if (word != NULL && access(copy, F_OK) != 0)
		finding_run(finding, "cp -p -- %s %s && mv -- %s %s", path, word, word, path);
	free(word);
	free(copy);
}

void doctor_mend_secret_file(struct doctor *doctor, struct finding *finding,
	const struct user_credential *credential)
{
	const struct options *options = doctor->module;
	const char *file = credential->place->file;
	uid_t owner = credential->owner->pw_uid;
	char *path = shell_word(file), *user = shell_word(credential->name);
	struct stat status;

	if (path == NULL || user == NULL || lstat(file, &status) != 0)
		doctor->report.out_of_memory =
			doctor->report.out_of_memory || path == NULL || user == NULL;
	else if (!S_ISREG(status.st_mode) || status.st_size == 0)
		finding_run(
			finding, "mv -i %s %s.old && totp-enroll enroll %s", path, path, user);
	else if (status.st_uid != owner && !options->no_strict_owner)
		finding_run(finding, "chown %u %s", (unsigned int)owner, path);
	else if ((status.st_mode & 07777 & ~options->allowed_perm) != 0)
		finding_run(finding, "chmod %04o %s",
			0600U & (unsigned int)options->allowed_perm, path);
	else if (status.st_nlink != 1)
		mend_linked(doctor, finding, file, path);
	else if (credential->is_own_file && (status.st_mode & S_IRUSR) == 0)
		finding_run(finding, "chmod u+r %s", path);
	free(user);
	free(path);
}

/* Whether the module could read the user's secret, or would know that there is none, with those
 * options. */
static bool could_read(const struct doctor *doctor, const struct options *options)
{
	const struct user_credential_source source = {.without_state = true};
	struct user_credential credential = {.user = NULL};
	struct store_record record = STORE_RECORD_INIT;
	struct user_entry *entry = NULL;
	struct error error = ERROR_INIT;
	int status = user_entry_copy(&entry, doctor->user, &error);

	if (status == 0)
		status =
			user_credential_find_for(&credential, options, &entry, &source, &error);
	if (status == 0)
		status = user_credential_look(&credential, &record, &error);
	store_record_free(&record);
	user_credential_free(&credential);
	return status == 0 || status == TOTPGROUP_ENOTFOUND;
}

/* Beside secret=, where that is. A session line has to say the same, and so has a file that it
 * reads. */
static void mend_owner(struct doctor *doctor, struct finding *finding)
{
	const struct option_origin origin = doctor_option_origin(doctor, "secret");
	const struct pam_line_change change = {.argument = -1, .more = "user=root"};

	if (origin.argument < 0)
		finding_mend(finding, MEND_ADD, origin.file, origin.line, "user=root");
	else if (doctor->guard == NULL)
		finding_mend_line(finding, MEND_REPLACE, doctor->line, &change);
}

bool doctor_lacks_owner(struct doctor *doctor)
{
	struct options changed = *doctor->module;
	const struct option_origin origin = doctor_option_origin(doctor, "secret");
	struct finding *finding;

	changed.user = "root";
	if (geteuid() != 0 || doctor->user->pw_uid == 0 || doctor->module->user != NULL ||
		doctor->module->secret == NULL || could_read(doctor, doctor->module) ||
		!could_read(doctor, &changed))
		return false;
	finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"%s may not read secrets where %s, line %u says: secret=%s without user=root",
		doctor->user->pw_name, origin.file, origin.line, origin.text);
	finding_why(finding,
		"The module reads the file with the rights of the user who logs in "
		"unless user= names another.");
	mend_owner(doctor, finding);
	return true;
}

/* A mode is mended by the owner of the folder alone, and a file system that is mounted read-only
 * by nobody. */
static void report_unwritable(struct doctor *doctor, const char *folder, uid_t owner, int why)
{
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, FOLDER_CHECK,
		"no new file can be written in %s: %s", folder, strerror(why));
	struct stat status;

	finding_why(
		finding, "Each login writes the secret anew, and is refused if that fails.");
	if (why == EROFS)
		finding_why_more(finding,
			"With the option state= secrets can stay there, and logins write "
			"elsewhere.");
	else if (stat(folder, &status) == 0 && status.st_uid == owner &&
		 (status.st_mode & (S_IWUSR | S_IXUSR)) != (S_IWUSR | S_IXUSR))
		finding_run_on(finding, "chmod u+wx", folder);
	else
		finding_why_more(
			finding, "The folder has to belong to uid %u.", (unsigned int)owner);
}

/* What is left is for root alone. */
static void check_room(struct doctor *doctor, const char *folder, uid_t writer)
{
	struct statvfs room;
	struct finding *finding;
	bool full;

	if (statvfs(folder, &room) != 0 || room.f_blocks == 0)
		return;
	full = (writer == 0 ? room.f_bfree : room.f_bavail) == 0;
	if (!full && (room.f_files == 0 || (writer == 0 ? room.f_ffree : room.f_favail) > 0))
		return;
	finding = report_add(doctor, FINDING_PROBLEM, FOLDER_CHECK,
		"the file system of %s is full: no %s is left", folder,
		full ? "space" : "inode");
	finding_why(finding, "Each login writes there, and is refused if that fails.");
}

/* The folder of a path, or the nearest above it that exists; the caller frees it. NULL if memory
 * is out. */
static char *existing_folder(const char *path)
{
	char *folder = strdup(path);
	char *slash;

	while (folder != NULL && (slash = strrchr(folder, '/')) != NULL && slash != folder) {
		*slash = '\0';
		if (access(folder, F_OK) == 0)
			break;
	}
	return folder;
}

/* Each login writes a new file beside the old one, or the state. */
void doctor_check_writable(struct doctor *doctor, struct user_credential *credential)
{
	char *real = realpath(credential->place->file, NULL);
	const char *folder = real != NULL ? dirname(real) : NULL;
	struct error error = ERROR_INIT;
	char *state = NULL;
	bool ignored;

	if (folder == NULL || doctor->module->allow_readonly) {
		free(real);
		return;
	}
	if (doctor->module->state != NULL)
		state = existing_folder(doctor->module->state);
	else if (user_credential_examine(credential, &ignored, &error) == TOTPGROUP_EUNWRITABLE)
		report_unwritable(
			doctor, folder, credential->owner->pw_uid, error.system_error);
	check_room(doctor, state != NULL ? state : folder,
		state != NULL ? 0 : credential->owner->pw_uid);
	free(state);
	free(real);
}
