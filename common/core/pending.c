/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/pending.h"

#define KEY "PENDING_UNTIL"

int pending_look(const totpgroup_credential *credential, int64_t now, struct pending *pending,
	struct error *error)
{
	struct credential_option option;
	struct word word;

	*pending = (struct pending){.pending = false};
	if (!credential_find(credential, KEY, &option))
		return 0;
	if (!credential_next_number(&option, 0, INT64_MAX / 2, &pending->until) ||
		credential_next_word(&option, &word))
		return error_set(error, TOTPGROUP_EFORMAT,
			"line %u: " KEY " must be a time in seconds since 1970", option.line);
	pending->pending = true;
	pending->expired = now > pending->until;
	return 0;
}

bool pending_is_there(const totpgroup_credential *credential)
{
	struct credential_option option;

	return credential_find(credential, KEY, &option);
}

int pending_confirm(totpgroup_credential *credential, bool *changed)
{
	if (!pending_is_there(credential))
		return 0;
	*changed = true;
	return credential_unset(credential, KEY);
}
