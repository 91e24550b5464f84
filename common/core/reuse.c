/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/reuse.h"

#include <inttypes.h>

#include "base/number.h"
#include "base/text.h"
#include "core/device.h"
#include "core/skew.h"

#define KEY "DISALLOW_REUSE"

/* How far apart the windows of two devices are, in steps: only the first one has a
 * skew. */
static int64_t distance_of_windows(const totpgroup_credential *credential)
{
	struct credential_option further;

	return credential_find(credential, DEVICE_KEY, &further) ? skew_stored(credential) : 0;
}

/* Which steps are to be kept: those that a window of so many steps can still reach
 * from one, on the same device or on one whose window is so far before or behind. */
struct reach {
	int64_t step;
	int64_t window;
	int64_t distance;
};

static bool is_reached(int64_t used, const struct reach *reach)
{
	const int64_t centers[] = {
		reach->step, reach->step - reach->distance, reach->step + reach->distance};

	for (size_t i = 0; i < sizeof centers / sizeof centers[0]; i++)
		if (used > centers[i] - reach->window && used < centers[i] + reach->window)
			return true;
	return false;
}

/* Copies the steps of the list that can still be reached; *spent is set where the
 * one that they are reached from is among them. */
static int copy_reachable(struct credential_option list, const struct reach *reach,
	struct text *kept, bool *spent, struct error *error)
{
	const char *word;
	size_t length;
	int64_t used;
	int status = 0;

	while (status == 0 && credential_next_word(&list, &word, &length)) {
		if (!number_parse(word, length, 0, INT64_MAX / 2, &used))
			return error_set(error, TOTPGROUP_EFORMAT,
				"line %u: " KEY " lists something that is not a time step",
				list.line);
		if (used == reach->step)
			*spent = true;
		if (is_reached(used, reach))
			status = text_append_format(kept, "%" PRId64 " ", used);
	}
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

int reuse_look(
	const totpgroup_credential *credential, int64_t step, bool *spent, struct error *error)
{
	struct credential_option list = {"", 0, 0};
	const struct reach reach = {step, 1, 0};
	struct text kept = TEXT_INIT;
	int status;

	*spent = false;
	(void)credential_find(credential, KEY, &list);
	status = copy_reachable(list, &reach, &kept, spent, error);
	text_free(&kept);
	return status;
}

int reuse_spend(totpgroup_credential *credential, int64_t step, unsigned int window,
	bool always, enum reuse *answer, struct error *error)
{
	struct credential_option list = {"", 0, 0};
	const struct reach reach = {step, window, distance_of_windows(credential)};
	struct text kept = TEXT_INIT;
	bool spent = false;
	int status;

	*answer = REUSE_SPENT_BEFORE;
	if (!credential_find(credential, KEY, &list) && !always) {
		*answer = REUSE_NOT_TRACKED;
		return 0;
	}
	status = copy_reachable(list, &reach, &kept, &spent, error);
	if (status != 0 || spent)
		goto out;
	status = text_append_format(&kept, "%" PRId64, step);
	if (status == 0)
		status = credential_set(credential, KEY, kept.data);
	if (status == 0)
		*answer = REUSE_FRESH;
	else
		error_set(error, status, "out of memory");
out:
	text_free(&kept);
	return status;
}
