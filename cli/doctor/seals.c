/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How many of root's secrets are sealed at rest, and whether the keys are there: seal_key=. */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/users/store_users.h"
#include "config/options.h"
#include "host/user_credential.h"
#include "store/sealing.h"

#define CHECK "seals"

struct seals {
	size_t first; /* sealed with the key that seals */
	size_t older;
	size_t plain;
	size_t unreadable; /* which is said of the user who is looked at */
};

static void count_one(
	const struct options *options, const char *name, const char *first, struct seals *seals)
{
	struct user_credential credential = {.user = NULL};
	struct store_record record = STORE_RECORD_INIT;
	struct error error = ERROR_INIT;
	int status = user_credential_find(&credential, options, name, &error);

	if (status == 0)
		status = user_credential_locate(&credential, &error);
	if (status == 0 && credential.place != NULL)
		status = user_credential_look(&credential, &record, &error);
	if (status != 0 || credential.place == NULL)
		seals->unreadable++;
	else if (*record.secret_key == '\0')
		seals->plain++;
	else if (strcmp(record.secret_key, first) == 0)
		seals->first++;
	else
		seals->older++;
	store_record_free(&record);
	user_credential_free(&credential);
}

static const char *are(size_t count)
{
	return count == 1 ? "is" : "are";
}

static void report(struct doctor *doctor, const struct seals *seals, const char *first)
{
	size_t all = seals->first + seals->older + seals->plain + seals->unreadable;
	struct finding *finding;

	if (seals->unreadable > 0)
		report_add(doctor, FINDING_PROBLEM, CHECK,
			"%zu of %zu secrets cannot be read; totp-enroll status says why",
			seals->unreadable, all);
	if (seals->plain > 0) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"%zu of %zu secrets %s sealed", seals->first + seals->older, all,
			are(seals->first + seals->older));
		finding_why(finding, "A copy of the disk shows the others.");
		finding_run(finding, "totp-enroll seal --all");
	}
	if (seals->older > 0) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"%zu of %zu secrets %s sealed with an older key", seals->older, all,
			are(seals->older));
		finding_why(finding, "The older keys cannot be removed from %s until then.",
			doctor->module->seal_key);
		finding_run(finding, "totp-enroll rekey --all");
	}
	if (seals->first == all)
		report_add(doctor, FINDING_OK, CHECK,
			"all secrets are sealed with the key %s: %zu", first, all);
}

static void count_all(struct doctor *doctor, const char *first)
{
	struct store_users users = STORE_USERS_INIT;
	struct seals seals = {.first = 0};
	struct error error = ERROR_INIT;
	const char *name;

	if (store_users_begin(&users, doctor->module->secret, &error) != 0)
		return;
	while ((name = store_users_next(&users)) != NULL)
		count_one(doctor->module, name, first, &seals);
	store_users_end(&users);
	report(doctor, &seals, first);
}

void doctor_check_seals(struct doctor *doctor)
{
	const struct options *options = doctor->module;
	struct error error = ERROR_INIT;
	struct finding *finding;
	sealing_key_id first;

	if (options->seal_key == NULL || options_socket(options) != NULL)
		return;
	if (getuid() != 0) {
		report_add(doctor, FINDING_UNKNOWN, CHECK, "only root can look at the keys: %s",
			options->seal_key);
	} else if (sealing_find_first_key(options->seal_key, first, &error) != 0) {
		finding = report_add(doctor, FINDING_PROBLEM, CHECK, "%s", error.message);
		finding_why(
			finding, "No secret that is sealed can be read, and none can be made.");
	} else {
		count_all(doctor, first);
	}
}
