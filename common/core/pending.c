/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/pending.h"

#include "base/number.h"

#define KEY "PENDING_UNTIL"

/* One number and nothing behind it but blanks. */
static bool read_time(struct credential_option option, int64_t *time)
{
	const char *word;
	size_t length;

	return credential_next_word(&option, &word, &length) &&
	       number_parse(word, length, 0, INT64_MAX / 2, time) &&
	       !credential_next_word(&option, &word, &length);
}

int pending_look(const totpgroup_credential *credential, int64_t now, struct pending *pending,
	struct error *error)
{
	struct credential_option option;

	*pending = (struct pending){.pending = false};
	if (!credential_find(credential, KEY, &option))
		return 0;
	if (!read_time(option, &pending->until))
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
