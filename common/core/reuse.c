/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/reuse.h"

#include "base/number.h"
#include "base/text.h"
#include "core/device.h"
#include "core/skew.h"

#define KEY "DISALLOW_REUSE"

/* As long as most lists are. */
#define BRIEF_LIST 128

/* The steps that a window can reach from a given step, on the same device or on one
 * whose window is `distance` steps ahead or behind. */
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

/* Reads the list. *spent is whether it has the step that is reached from. Appends the
 * steps within reach to kept, unless that is NULL. */
static int read_list(struct credential_option list, const struct reach *reach, bool *spent,
	struct text *kept, struct error *error)
{
	struct word word;
	int64_t used;

	*spent = false;
	while (credential_next_word(&list, &word)) {
		if (!number_parse(word.start, word.length, 0, INT64_MAX / 2, &used))
			return error_set(error, TOTPGROUP_EFORMAT,
				"line %u: " KEY " lists something that is not a time step",
				list.line);
		if (used == reach->step)
			*spent = true;
		if (kept != NULL && is_reached(used, reach)) {
			(void)text_append_number(kept, used);
			(void)text_append(kept, " ", 1);
		}
	}
	if (kept != NULL && kept->status != 0)
		return error_set(error, kept->status, "out of memory");
	return 0;
}

int reuse_look(
	const totpgroup_credential *credential, int64_t step, bool *spent, struct error *error)
{
	struct credential_option list = {"", 0, 0};
	const struct reach reach = {.step = step};

	(void)credential_find(credential, KEY, &list);
	return read_list(list, &reach, spent, NULL, error);
}

/* Adds the step to the list, unless it is there. */
static int spend(totpgroup_credential *credential, struct credential_option list,
	const struct reach *reach, enum reuse *answer, struct error *error)
{
	char brief[BRIEF_LIST] = "";
	struct text kept = TEXT_IN(brief);
	bool spent;
	int status = read_list(list, reach, &spent, &kept, error);

	if (status != 0 || spent)
		goto out;
	status = text_append_number(&kept, reach->step);
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

int reuse_spend(totpgroup_credential *credential, int64_t step, unsigned int window,
	bool always, enum reuse *answer, struct error *error)
{
	struct credential_option list = {"", 0, 0}, further;
	struct reach reach = {step, window, 0};

	*answer = REUSE_SPENT_BEFORE;
	if (!credential_find(credential, KEY, &list) && !always) {
		*answer = REUSE_NOT_TRACKED;
		return 0;
	}
	/* Only the first device has a skew. */
	if (credential_find(credential, DEVICE_KEY, &further))
		reach.distance = skew_stored(credential);
	return spend(credential, list, &reach, answer, error);
}
