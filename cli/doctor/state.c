/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The state that state= keeps apart from the secret: only root may change or see it. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/ui/words.h"
#include "config/options.h"
#include "host/user_credential.h"
#include "message/translate.h"
#include "store/secret_path.h"
#include "totpgroup.h"

#define CHECK "state"
#define WHY   N_("Users who can change the files there can make spent codes good again.")

/* Whether only root can see who logs in, and when. Others cannot change it anyway. */
static bool is_private(struct doctor *doctor, const char *path)
{
	char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
	struct finding *finding;
	struct stat status;
	bool private = true;

	if (folder == NULL) {
		doctor->report.out_of_memory = true;
	} else if (stat(folder, &status) == 0 &&
		   (status.st_mode & (S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH)) != 0) {
		private = false;
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"users other than root can look into %s", folder);
		finding_why(finding,
			"They see who logs in with codes, and when the last time was.");
		finding_run_on(finding, "chmod go-rx", folder);
	}
	free(folder);
	return private;
}

/* What judge_state() needs. */
struct judgment {
	struct doctor *doctor;
	const char *path;
	bool sound;
};

/* For store_check(). */
static void judge_state(void *argument, const struct store_finding *found)
{
	struct judgment *judgment = argument;
	char *word = shell_word(judgment->path);
	struct finding *finding;

	if (found->level == STORE_PROBLEM) {
		judgment->sound = false;
		finding =
			report_add(judgment->doctor, FINDING_PROBLEM, CHECK, "%s", found->what);
		finding_why(finding, "The module refuses every code of %s.",
			judgment->doctor->user->pw_name);
		if (found->code == TOTPGROUP_EUNSAFE && word != NULL)
			finding_run(finding, "chown root %s && chmod 0600 %s", word, word);
	}
	free(word);
}

/* Whether a login could read the user's state. */
static bool is_sound(struct doctor *doctor, const char *path)
{
	struct judgment judgment = {doctor, path, true};
	struct user_credential credential = {.user = NULL};
	struct error ignored = ERROR_INIT;

	/* Other checks say why there is no place for a secret. */
	if (getuid() == 0 &&
		user_credential_find(
			&credential, doctor->module, doctor->user->pw_name, &ignored) == 0 &&
		user_credential_locate(&credential, &ignored) == 0 && credential.place != NULL)
		store_check(credential.store, credential.place, judge_state, &judgment);
	user_credential_free(&credential);
	return judgment.sound;
}

static void check_folders(struct doctor *doctor, const char *path)
{
	const struct doctor_file file = {
		.path = path, .check = CHECK, .level = FINDING_PROBLEM, .why = WHY, .owner = 0};

	if (!doctor_folders_are_safe(doctor, &file) || !is_private(doctor, path) ||
		!is_sound(doctor, path))
		return;
	if (getuid() != 0)
		report_add(doctor, FINDING_UNKNOWN, CHECK,
			"only root can look at the state: %s", path);
	else
		report_add(doctor, FINDING_OK, CHECK,
			"only root can change what logins leave: %s", doctor->module->state);
}

void doctor_check_state(struct doctor *doctor)
{
	struct error error = ERROR_INIT;
	char *path = NULL;

	/* The option refuses paths in home folders and paths without ${USER}. */
	if (doctor->line == NULL || doctor->module->state == NULL)
		return;
	if (option_path_expand("state", doctor->module->state, doctor->user->pw_name, NULL,
		    &path, &error) == 0)
		check_folders(doctor, path);
	else
		report_add(doctor, FINDING_UNKNOWN, CHECK, "%s", error.message);
	free(path);
}
