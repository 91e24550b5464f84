/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How many of root's secrets are sealed at rest, and whether the keys are there: seal_key=. */

#include "config.h"

#include <stdlib.h>
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

/* So many users are read at a time. */
#define BLOCK_SIZE 256

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

/* What came of reading a user's secret and state. */
static void count_secret(const struct store_read *read, const char *first, struct seals *seals)
{
	if (read->status == 0)
		count_record(&read->record, first, seals);
	else if (read->status != TOTPGROUP_ENOTFOUND)
		seals->unreadable++;
}

/* Counts the state of a user, if there is no secret. A plain one has no secrets in it. */
static void count_state(const struct store_read *read, const char *first, struct seals *seals)
{
	const struct store_record *record = &read->record;

	if (read->status == TOTPGROUP_ENOTFOUND &&
		(record->state_status != 0 ||
			(*record->state_key != '\0' && is_otherwise(record->state_key, first))))
		seals->states++;
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

typedef void count_user(const struct store_read *read, const char *first, struct seals *seals);

/* Users who are counted. A block of them is read at a time. */
struct counting {
	const struct options *options;
	count_user *count;
	const char *first;
	struct seals *seals;
	struct user_credential users[BLOCK_SIZE];
	struct store_read reads[BLOCK_SIZE];
	size_t filled;
};

static void count_block(struct counting *counting)
{
	store_read_many(counting->reads, counting->filled);
	for (size_t i = 0; i < counting->filled; i++) {
		counting->count(&counting->reads[i], counting->first, counting->seals);
		store_record_free(&counting->reads[i].record);
		user_credential_free(&counting->users[i]);
	}
	counting->filled = 0;
}

/* For store_users_list(). A user who can have no secret counts as one whose secret cannot be
 * read. */
static bool add_user(void *argument, const char *name)
{
	struct counting *counting = argument;
	struct user_credential *user = &counting->users[counting->filled];
	struct store_read *read = &counting->reads[counting->filled];

	*user = (struct user_credential){.user = NULL};
	*read = (struct store_read){.record = STORE_RECORD_INIT};
	read->status = user_credential_find(user, counting->options, name, &read->error);
	if (read->status == 0)
		read->status = user_credential_locate(user, &read->error);
	if (read->status == 0 && user->place == NULL)
		read->status = TOTPGROUP_EARGUMENT;
	read->place = user->place;
	if (read->status == 0) {
		counting->filled++;
	} else {
		counting->count(read, counting->first, counting->seals);
		user_credential_free(user);
	}
	if (counting->filled == BLOCK_SIZE)
		count_block(counting);
	return true;
}

static bool count_users(struct counting *counting, bool states, count_user *count)
{
	struct error ignored = ERROR_INIT;
	bool listed;

	counting->count = count;
	listed = store_users_list(NULL, counting->options, NULL, states, add_user, counting,
			 &ignored) == 0;
	count_block(counting);
	return listed;
}

static void count_all(struct doctor *doctor, const char *first)
{
	struct counting *counting = calloc(1, sizeof *counting);
	struct seals seals = {.first = 0};

	if (counting == NULL) {
		doctor->report.out_of_memory = true;
		return;
	}
	counting->options = doctor->module;
	counting->first = first;
	counting->seals = &seals;
	/* Without a folder of root's there is nothing to be counted. */
	if (count_users(counting, false, count_secret)) {
		if (doctor->module->state != NULL)
			(void)count_users(counting, true, count_state);
		report(doctor, &seals, first);
	}
	free(counting);
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
