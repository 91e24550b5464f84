/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/grace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define WORD_MAX 255

typedef char line_key[sizeof "LAST0"];

/* One " LASTn line. */
struct slot {
	line_key key;
	struct word host;    /* empty where the line is missing or malformed */
	struct word service; /* empty where the line has none */
	int64_t time;
};

static void write_key(unsigned int number, line_key key)
{
	memcpy(key, "LAST0", sizeof "LAST0");
	key[4] = (char)('0' + number);
}

bool grace_find(const totpgroup_credential *credential, unsigned int number,
	struct credential_option *option)
{
	line_key key;

	write_key(number, key);
	return credential_find(credential, key, option);
}

/* Whether a word may stand in a line: part of a host, an address, or, with '_', of a
 * service. */
static bool is_plain(const char *word, size_t length, bool service)
{
	static const char allowed[] = "_0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ:%.-";

	for (size_t i = 0; i < length; i++)
		if (word[i] == '\0' || strchr(service ? allowed : allowed + 1, word[i]) == NULL)
			return false;
	return length > 0 && length <= WORD_MAX;
}

static bool is_plain_text(const char *text, bool service)
{
	return text != NULL && is_plain(text, strlen(text), service);
}

static void read_slot(
	const totpgroup_credential *credential, unsigned int number, struct slot *slot)
{
	struct credential_option rest;
	struct word host;

	*slot = (struct slot){.time = 0};
	write_key(number, slot->key);
	if (!grace_find(credential, number, &rest) || !credential_next_word(&rest, &host) ||
		!is_plain(host.start, host.length, false) ||
		!credential_next_number(&rest, 0, INT64_MAX / 2, &slot->time))
		return;
	(void)credential_next_word(&rest, &slot->service);
	slot->host = host;
}

static bool is_for(const struct slot *slot, const struct grace_key *key)
{
	if (slot->host.length == 0 || !word_is(&slot->host, key->host))
		return false;
	if (slot->service.length == 0)
		return true;
	return key->service != NULL && word_is(&slot->service, key->service);
}

bool grace_applies(const totpgroup_credential *credential, const struct grace_key *key,
	int64_t now, int64_t period)
{
	struct slot slot;

	if (period <= 0 || !is_plain_text(key->host, false))
		return false;
	for (unsigned int i = 0; i < GRACE_LINES; i++) {
		read_slot(credential, i, &slot);
		if (is_for(&slot, key))
			return slot.time <= now && now - slot.time < period;
	}
	return false;
}

/* The slot for key; else an empty one; else the oldest. */
static void choose_slot(
	const totpgroup_credential *credential, const struct grace_key *key, struct slot *best)
{
	struct slot slot;

	read_slot(credential, 0, best);
	for (unsigned int i = 0; i < GRACE_LINES; i++) {
		read_slot(credential, i, &slot);
		if (is_for(&slot, key)) {
			*best = slot;
			return;
		}
		if (best->host.length > 0 && (slot.host.length == 0 || slot.time < best->time))
			*best = slot;
	}
}

int grace_record(totpgroup_credential *credential, const struct grace_key *key, int64_t now,
	bool *changed)
{
	char value[2 * WORD_MAX + 32];
	struct slot slot;
	int written;

	if (!is_plain_text(key->host, false) ||
		(key->service != NULL && !is_plain_text(key->service, true)))
		return 0;
	choose_slot(credential, key, &slot);
	written = snprintf(value, sizeof value, "%s %" PRId64 "%s%s", key->host, now,
		key->service != NULL ? " " : "", key->service != NULL ? key->service : "");
	if (written < 0 || (size_t)written >= sizeof value)
		return TOTPGROUP_EARGUMENT;
	*changed = true;
	return credential_set(credential, slot.key, value);
}

int grace_forget(totpgroup_credential *credential)
{
	struct credential_option line;
	line_key key;
	int status = 0;

	for (unsigned int i = 0; status == 0 && i < GRACE_LINES; i++) {
		write_key(i, key);
		/* Not removed: a state that is kept apart would still have the line. */
		if (credential_find(credential, key, &line))
			status = credential_set(credential, key, "- 0");
	}
	return status;
}
