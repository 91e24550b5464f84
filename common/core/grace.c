/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/grace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define SLOTS	 10
#define WORD_MAX 255

/* One " LASTn line. */
struct slot {
	char key[sizeof "LAST0"];
	const char *host; /* NULL where the line is missing or malformed */
	size_t host_length;
	const char *service; /* its length is 0 where the line has none */
	size_t service_length;
	int64_t time;
};

/* Whether a word can stand in a line: part of a host, an address, or, with '_', of
 * a service. */
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
	const char *host, *stamp;
	size_t host_length, length;

	*slot = (struct slot){.key = "LAST0"};
	slot->key[4] = (char)('0' + number);
	if (!credential_find(credential, slot->key, &rest) ||
		!credential_next_word(&rest, &host, &host_length) ||
		!is_plain(host, host_length, false) ||
		!credential_next_word(&rest, &stamp, &length) ||
		!number_parse(stamp, length, 0, INT64_MAX / 2, &slot->time))
		return;
	(void)credential_next_word(&rest, &slot->service, &slot->service_length);
	slot->host = host;
	slot->host_length = host_length;
}

static bool is_word(const char *text, const char *word, size_t length)
{
	return strlen(text) == length && memcmp(word, text, length) == 0;
}

static bool is_for(const struct slot *slot, const struct grace_key *key)
{
	if (slot->host == NULL || !is_word(key->host, slot->host, slot->host_length))
		return false;
	if (slot->service_length == 0)
		return true;
	return key->service != NULL &&
	       is_word(key->service, slot->service, slot->service_length);
}

bool grace_applies(const totpgroup_credential *credential, const struct grace_key *key,
	int64_t now, int64_t period)
{
	struct slot slot;

	if (period <= 0 || !is_plain_text(key->host, false))
		return false;
	for (unsigned int i = 0; i < SLOTS; i++) {
		read_slot(credential, i, &slot);
		if (is_for(&slot, key))
			return slot.time <= now && now - slot.time < period;
	}
	return false;
}

/* The slot that is for key, else an empty one, else the oldest. */
static void choose_slot(
	const totpgroup_credential *credential, const struct grace_key *key, struct slot *best)
{
	struct slot slot;

	read_slot(credential, 0, best);
	for (unsigned int i = 0; i < SLOTS; i++) {
		read_slot(credential, i, &slot);
		if (is_for(&slot, key)) {
			*best = slot;
			return;
		}
		if (best->host != NULL && (slot.host == NULL || slot.time < best->time))
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
	char key[] = "LAST0";
	int status = 0;

	for (int i = 0; status == 0 && i < SLOTS; i++) {
		key[4] = (char)('0' + i);
		/* Not removed: a state that is kept apart would have it still. */
		if (credential_find(credential, key, &line))
			status = credential_set(credential, key, "- 0");
	}
	return status;
}
