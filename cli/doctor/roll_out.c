/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/roll_out.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "cli/doctor/files.h"
#include "cli/doctor/origin.h"
#include "store/secret_path.h"

#define CHECK	   "roll-out"
#define SEEN_CHECK "first-seen"
#define SEEN_WHY   "Who can change what is noted there can give himself more time to enroll."

static void check_date(struct doctor *doctor)
{
	const struct doctor_place place = doctor_place_of(doctor, "nullok_until");
	int64_t left = doctor->module.nullok_until - (int64_t)time(NULL);
	const char *date = place.text != NULL ? place.text : "";
	struct finding *finding;

	if (left > 0) {
		report_add(&doctor->report, FINDING_OK, CHECK,
			"users without a secret have %lld more days, nullok_until=%s",
			(long long)date_days_begun(left), date);
		return;
	}
	finding = report_add(&doctor->report, FINDING_WARNING, CHECK,
		"%s, line %u: nullok_until=%s is over", place.file, place.line, date);
	finding_why(&doctor->report, finding,
		"Users without a secret are %s. That is so without the option, too.",
		doctor->module.enroll ? "not let in without one any more" : "refused");
	doctor_mend_option(doctor, finding, "nullok_until", NULL);
}

/* In a home folder the user himself decides what is noted. */
static void report_home(struct doctor *doctor, const char *specification)
{
	const struct doctor_place place = doctor_place_of(doctor, "first_seen");
	struct finding *finding = report_add(&doctor->report, FINDING_PROBLEM, SEEN_CHECK,
		"%s, line %u: first_seen=%s is in home folders", place.file, place.line,
		specification);

	finding_why(&doctor->report, finding, SEEN_WHY);
	doctor_mend_option(doctor, finding, "first_seen", NULL);
}

static void check_first_seen(struct doctor *doctor)
{
	const char *given = doctor->module.first_seen;
	const char *specification = given != NULL ? given : OPTIONS_FIRST_SEEN;
	struct doctor_file file = {
		.check = SEEN_CHECK, .level = FINDING_PROBLEM, .why = SEEN_WHY, .owner = 0};
	struct error error = ERROR_INIT;
	char *path = NULL;

	if (strchr(specification, '~') != NULL || strstr(specification, "${HOME}") != NULL) {
		report_home(doctor, specification);
		return;
	}
	if (secret_path_expand(specification, doctor->account.name, NULL, &path, &error) != 0) {
		report_add(&doctor->report, FINDING_UNKNOWN, SEEN_CHECK, "first_seen: %s",
			error.message);
		return;
	}
	file.path = path;
	if (doctor_folders_are_safe(doctor, &file))
		report_add(&doctor->report, FINDING_OK, SEEN_CHECK,
			"only root can change when users were first seen: %s", specification);
	free(path);
}

void doctor_check_roll_out(struct doctor *doctor)
{
	if (doctor->line == NULL)
		return;
	if (doctor->module.nullok_until > 0)
		check_date(doctor);
	if (doctor->module.nullok_for > 0)
		check_first_seen(doctor);
}
