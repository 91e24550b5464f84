/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How many of root's secrets are sealed at rest, and whether the keys are there: seal_key=. */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/users/store_users.h"
#include "config/options.h"
#include "core/state.h"
#include "host/user_credential.h"
#include "message/translate.h"
#include "store/sealing.h"
#include "totpgroup.h"

#define CHECK "seals"

struct seals {
	size_t first;	   /* sealed with the key that seals */
	size_t older;	   /* or whose state is */
	size_t plain;	   /* or whose state is */
	size_t unreadable; /* which is said of the user who is looked at */
	size_t states;	   /* of users without a secret, that another key sealed */
};

/* Whether a text is sealed with another key than the first, or is plain. */
static bool is_otherwise(const char *key, const char *first)
{
	return strcmp(key, first) != 0;
}

/* A state that is empty holds nothing, and counts as it should be. */
static const char *key_of_state(const struct store_record *record, const char *first)
{
	bool is_empty =
		record->state.data == NULL || strcmp(record->state.data, STATE_EMPTY) == 0;

	return !record->apart || (is_empty && *record->state_key == '\0') ? first
									  : record->state_key;
}

static void count_record(
	const struct store_record *record, const char *first, struct seals *seals)
{
	const char *state = key_of_state(record, first);

	if (*record->secret_key == '\0' || *state == '\0')
		seals->plain++;
	else if (is_otherwise(record->secret_key, first) || is_otherwise(state, first))
		seals->older++;
	else
		seals->first++;
}

/* Reads a user's secret and state. */
static int read_user(
	const struct options *options, const char *name, struct store_record *record)
{
	struct user_credential credential = {.user = NULL};
	struct error error = ERROR_INIT;
	int status = user_credential_find(&credential, options, name, &error);

	if (status == 0)
		status = user_credential_locate(&credential, &error);
	if (status == 0)
		status = credential.place != NULL
				 ? user_credential_look(&credential, record, &error)
				 : TOTPGROUP_EARGUMENT;
	user_credential_free(&credential);
	return status;
}

static void count_secret(
	const struct options *options, const char *name, const char *first, struct seals *seals)
{
	struct store_record record = STORE_RECORD_INIT;
	int status = read_user(options, name, &record);

	if (status == 0)
		count_record(&record, first, seals);
	else if (status != TOTPGROUP_ENOTFOUND)
		seals->unreadable++;
	store_record_free(&record);
}

/* Counts the state of a user, if there is no secret. A plain one has no secrets in it. */
static void count_state(
	const struct options *options, const char *name, const char *first, struct seals *seals)
{
	struct store_record record = STORE_RECORD_INIT;

	if (read_user(options, name, &record) == TOTPGROUP_ENOTFOUND &&
		(record.state_status != 0 ||
			(*record.state_key != '\0' && is_otherwise(record.state_key, first))))
		seals->states++;
	store_record_free(&record);
}

static void report(struct doctor *doctor, const struct seals *seals, const char *first)
{
	size_t all = seals->first + seals->older + seals->plain + seals->unreadable;
	size_t sealed = seals->first + seals->older;
	struct finding *finding;

	if (seals->unreadable > 0)
		report_add(doctor, FINDING_PROBLEM, CHECK,
			"%zu of %zu secrets cannot be read; totp-enroll status says why",
			seals->unreadable, all);
	if (seals->plain > 0) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			translate_plural("%zu of %zu secrets is sealed",
				"%zu of %zu secrets are sealed", sealed),
			sealed, all);
		finding_why(finding, "A copy of the disk shows the others.");
		finding_run(finding, "totp-enroll seal --all");
	}
	if (seals->older > 0) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			translate_plural("%zu of %zu secrets is sealed with an older key",
				"%zu of %zu secrets are sealed with an older key",
				seals->older),
			seals->older, all);
		finding_why(finding, "The older keys cannot be removed from %s until then.",
			doctor->module->seal_key);
		finding_run(finding, "totp-enroll rekey --all");
	}
	if (seals->states > 0) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"states of users without a secret that the key %s did not seal: %zu",
			first, seals->states);
		finding_why(finding, "Once their key is dropped, a new secret of theirs is "
				     "refused.");
		finding_run(finding, "totp-enroll rekey --all");
	}
	if (seals->first == all && seals->states == 0)
		report_add(doctor, FINDING_OK, CHECK,
			"all secrets are sealed with the key %s: %zu", first, all);
}

typedef void count_user(const struct options *options, const char *name, const char *first,
	struct seals *seals);

static void count_folder(const struct options *options, const char *specification,
	count_user *count, const char *first, struct seals *seals)
{
	struct store_users users = STORE_USERS_INIT;
	struct error ignored = ERROR_INIT;
	const char *name;

	if (store_users_begin(&users, specification, &ignored) != 0)
		return;
	while ((name = store_users_next(&users)) != NULL)
		count(options, name, first, seals);
	store_users_end(&users);
}

static void count_all(struct doctor *doctor, const char *first)
{
	const struct options *options = doctor->module;
	struct store_users users = STORE_USERS_INIT;
	struct seals seals = {.first = 0};
	struct error ignored = ERROR_INIT;

	/* Without a folder of root's there is nothing to be counted. */
	if (store_users_begin(&users, options->secret, &ignored) != 0)
		return;
	store_users_end(&users);
	count_folder(options, options->secret, count_secret, first, &seals);
	if (options->state != NULL)
		count_folder(options, options->state, count_state, first, &seals);
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
