/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* With fail=local: the codes of this host, and what the store's log does not know yet. */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/folder.h"
#include "cli/doctor/doctor.h"
#include "config/store_config.h"
#include "gate/group_gate.h"
#include "host/local_codes.h"
#include "message/translate.h"
#include "totpgroup.h"

#define CHECK "store"

static const char why[] =
	N_("Without these codes nobody gets in while the store gives no answer.");

static void add_problem(struct doctor *doctor, const char *message)
{
	struct finding *finding =
		report_add(doctor, FINDING_PROBLEM, CHECK, "fail=local: %s", message);

	finding_why(finding, "%s", translate(why));
}

/* Whether the groups can be found out. Who is asked about does not matter. */
static void check_group(struct doctor *doctor)
{
	struct store_config config;
	struct error error = ERROR_INIT;

	if (store_config_read(doctor->configuration, &config, &error) == 0 &&
		group_gate_judge(config.fail_group, "root", 0, NULL, NULL, &error) ==
			GROUP_GATE_ERROR)
		add_problem(doctor, error.message);
}

static void judge_codes(
	struct doctor *doctor, const char *user, const struct local_codes *codes)
{
	struct finding *finding;

	if (!codes->is_member)
		report_add(doctor, FINDING_WARNING, CHECK,
			"%s has codes of this host, and is not in fail_group=", user);
	if (codes->has_more)
		report_add(doctor, FINDING_WARNING, CHECK,
			"%s/%s has more than hashed emergency codes; the rest does not count",
			LOCAL_CODES_FOLDER, user);
	if (codes->is_member && codes->count == 0) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"%s has no code of this host left", user);
		finding_run_on(finding, "totp-enroll codes --local", user);
	}
}

/* Returns whether the user can use a code. */
static bool check_user(struct doctor *doctor, const char *user)
{
	struct local_codes codes;
	struct error error = ERROR_INIT;
	char message[400];

	if (local_codes_look(doctor->configuration, user, &codes, &error) != 0) {
		(void)snprintf(message, sizeof message, "%s/%s: %s", LOCAL_CODES_FOLDER, user,
			error.message);
		add_problem(doctor, message);
		return false;
	}
	judge_codes(doctor, user, &codes);
	return codes.is_member && codes.count > 0;
}

/* Calls look, which may be NULL, for each name that is no temporary file's. Returns for how many it
 * was true. */
static size_t walk(struct doctor *doctor, const char *path,
	bool (*look)(struct doctor *doctor, const char *name))
{
	DIR *folder = opendir(path);
	const struct dirent *entry = NULL;
	char message[400];
	size_t count = 0;

	if (folder == NULL && errno == ENOENT)
		return 0;
	while (folder != NULL && folder_next(folder, &entry) == 0 && entry != NULL)
		if (*entry->d_name != '.' && (look == NULL || look(doctor, entry->d_name)))
			count++;
	if (errno != 0) {
		(void)snprintf(message, sizeof message, "%s: %s", path, strerror(errno));
		add_problem(doctor, message);
	}
	if (folder != NULL)
		(void)closedir(folder);
	return count;
}

void doctor_check_local_codes(struct doctor *doctor)
{
	size_t users, logins;
	struct finding *finding;

	if (!local_codes_are_on(doctor->configuration))
		return;
	check_group(doctor);
	users = walk(doctor, LOCAL_CODES_FOLDER, check_user);
	if (users > 0) {
		report_add(doctor, FINDING_OK, CHECK,
			"fail=local: users who can use a code of this host: %zu", users);
	} else {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"fail=local: nobody has a code of this host");
		finding_why(finding, "%s", translate(why));
		finding_run(finding, "totp-enroll codes --local USER");
	}
	logins = walk(doctor, LOCAL_LOG_FOLDER, NULL);
	if (logins > 0) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"logins that the store's log does not have yet: %zu", logins);
		finding_why(finding,
			"totp-verifyd tells the store about them with the next login.");
	}
}
