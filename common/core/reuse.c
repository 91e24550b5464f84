/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/reuse.h"

#include <inttypes.h>

#include "base/number.h"
#include "base/text.h"

#define KEY "DISALLOW_REUSE"

/* Copies the steps of the list that a window around `step` can still reach;
 * *spent is set where `step` is one of them. */
static int copy_reachable(struct credential_option list, int64_t step, unsigned int window,
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
		if (used == step)
			*spent = true;
		if (used > step - (int64_t)window && used < step + (int64_t)window)
			status = text_append_format(kept, "%" PRId64 " ", used);
	}
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

int reuse_look(
	const totpgroup_credential *credential, int64_t step, bool *spent, struct error *error)
{
	struct credential_option list = {"", 0, 0};
	struct text kept = TEXT_INIT;
	int status;

	*spent = false;
	(void)credential_find(credential, KEY, &list);
	status = copy_reachable(list, step, 1, &kept, spent, error);
	text_free(&kept);
	return status;
}

int reuse_spend(totpgroup_credential *credential, int64_t step, unsigned int window,
	bool always, enum reuse *answer, struct error *error)
{
	struct credential_option list = {"", 0, 0};
	struct text kept = TEXT_INIT;
	bool spent = false;
	int status;

	*answer = REUSE_SPENT_BEFORE;
	if (!credential_find(credential, KEY, &list) && !always) {
		*answer = REUSE_NOT_TRACKED;
		return 0;
	}
	status = copy_reachable(list, step, window, &kept, &spent, error);
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
