/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/files.h"
#include "cli/ui/words.h"
#include "store/secret_path.h"
#include "store/state_store.h"
#include "totpgroup.h"

#define CHECK "state"
#define WHY   "Who can change what is there can make codes that are spent good again."

/* Whether others can see there who logs in, and when: not that they could change it. */
static bool is_private(struct doctor *doctor, const char *path)
{
	char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
	char *word = folder != NULL ? shell_word(folder) : NULL;
	struct finding *finding;
	struct stat status;
	bool private = true;

	if (word == NULL) {
		doctor->report.out_of_memory = true;
	} else if (stat(folder, &status) == 0 &&
		   (status.st_mode & (S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH)) != 0) {
		private = false;
		finding = report_add(&doctor->report, FINDING_WARNING, CHECK,
			"others than root can look into %s", folder);
		finding_why(&doctor->report, finding,
			"They see who logs in with codes, and when the last time was.");
		finding_run(&doctor->report, finding, "chmod go-rx %s", word);
	}
	free(word);
	free(folder);
	return private;
}

/* What a login would find of the user's. */
static bool is_sound(struct doctor *doctor, const char *path)
{
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	int status = getuid() == 0 ? state_store_look(path, &text, &error) : 0;
	char *word = shell_word(path);
	struct finding *finding;

	text_free(&text);
	if (status != 0) {
		finding = report_add(
			&doctor->report, FINDING_PROBLEM, CHECK, "%s", error.message);
		finding_why(&doctor->report, finding, "The module refuses every code of %s.",
			doctor->account.name);
		if (status == TOTPGROUP_EUNSAFE && word != NULL)
			finding_run(&doctor->report, finding, "chown root %s && chmod 0600 %s",
				word, word);
	}
	free(word);
	return status == 0;
}

static void check_folders(struct doctor *doctor, const char *path)
{
	const struct doctor_file file = {
		.path = path, .check = CHECK, .level = FINDING_PROBLEM, .why = WHY, .owner = 0};

	if (!doctor_folders_are_safe(doctor, &file) || !is_private(doctor, path) ||
		!is_sound(doctor, path))
		return;
	if (getuid() != 0)
		report_add(&doctor->report, FINDING_UNKNOWN, CHECK,
			"only root can look at the state: %s", path);
	else
		report_add(&doctor->report, FINDING_OK, CHECK,
			"only root can change what logins leave: %s", doctor->module.state);
}

void doctor_check_state(struct doctor *doctor)
{
	struct error error = ERROR_INIT;
	char *path = NULL;

	/* A place in home folders, or one for all, is no option that is understood. */
	if (doctor->line == NULL || doctor->module.state == NULL)
		return;
	if (option_path_expand("state", doctor->module.state, doctor->account.name, NULL, &path,
		    &error) == 0)
		check_folders(doctor, path);
	else
		report_add(&doctor->report, FINDING_UNKNOWN, CHECK, "%s", error.message);
	free(path);
}
