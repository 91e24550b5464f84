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

/* What stands before the name of a session. No host is called so. */
#define SESSION_PREFIX "session:"

/* How much slower than the uptime the clock may have gone since: it counts whole seconds. */
#define CLOCK_TOLERANCE 2

/* One " LASTn line. */
struct slot {
	line_key key;
	struct word host;    /* empty where the line is missing or malformed */
	struct word service; /* empty where the line has none */
	int64_t time;
	int64_t uptime; /* -1 where the line has none */
};

/* The word of a line for whom a code was accepted. */
struct subject {
	char word[WORD_MAX + 1];
	bool is_session;
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

/* False where there is no grace. */
static bool find_subject(const struct grace_key *key, struct subject *subject)
{
	const char *name = key->host != NULL ? key->host : key->session;
	const char *prefix = key->host != NULL ? "" : SESSION_PREFIX;
	size_t prefix_length = strlen(prefix);

	subject->is_session = key->host == NULL;
	if (!is_plain_text(name, false) || prefix_length + strlen(name) > WORD_MAX ||
		(key->service != NULL && !is_plain_text(key->service, true)))
		return false;
	if (subject->is_session)
		return key->service != NULL && key->uptime >= 0 &&
		       snprintf(subject->word, sizeof subject->word, "%s%s", prefix, name) > 0;
	strcpy(subject->word, name);
	return strncmp(name, SESSION_PREFIX, strlen(SESSION_PREFIX)) != 0;
}

static void read_slot(
	const totpgroup_credential *credential, unsigned int number, struct slot *slot)
{
	struct credential_option rest;
	struct word host;

	*slot = (struct slot){.uptime = -1};
	write_key(number, slot->key);
	if (!grace_find(credential, number, &rest) || !credential_next_word(&rest, &host) ||
		!is_plain(host.start, host.length, false) ||
		!credential_next_number(&rest, 0, INT64_MAX / 2, &slot->time))
		return;
	if (credential_next_word(&rest, &slot->service) &&
		!credential_next_number(&rest, 0, INT64_MAX / 2, &slot->uptime))
		slot->uptime = -1;
	slot->host = host;
}

static bool is_for(
	const struct slot *slot, const struct grace_key *key, const struct subject *subject)
{
	if (slot->host.length == 0 || !word_is(&slot->host, subject->word))
		return false;
	if (slot->service.length == 0)
		return !subject->is_session;
	return key->service != NULL && word_is(&slot->service, key->service);
}

static bool is_recent(const struct slot *slot, const struct grace_key *key,
	const struct subject *subject, int64_t now, int64_t period)
{
	int64_t age = now - slot->time, aged = key->uptime - slot->uptime;

	if (slot->time > now || age >= period)
		return false;
	/* The uptime cannot be set. A clock that lags behind it since was set back. */
	return !subject->is_session || (slot->uptime >= 0 && aged >= 0 && aged < period &&
					       age >= aged - CLOCK_TOLERANCE);
}

bool grace_applies(const totpgroup_credential *credential, const struct grace_key *key,
	int64_t now, int64_t period)
{
	struct subject subject;
	struct slot slot;

	if (period <= 0 || !find_subject(key, &subject))
		return false;
	for (unsigned int i = 0; i < GRACE_LINES; i++) {
		read_slot(credential, i, &slot);
		if (is_for(&slot, key, &subject))
			return is_recent(&slot, key, &subject, now, period);
	}
	return false;
}

/* The slot for key; else an empty one; else the oldest. */
static void choose_slot(const totpgroup_credential *credential, const struct grace_key *key,
	const struct subject *subject, struct slot *best)
{
	struct slot slot;

	read_slot(credential, 0, best);
	for (unsigned int i = 0; i < GRACE_LINES; i++) {
		read_slot(credential, i, &slot);
		if (is_for(&slot, key, subject)) {
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
	char value[2 * WORD_MAX + 64], uptime[32] = "";
	struct subject subject;
	struct slot slot;
	int written;

	if (!find_subject(key, &subject))
		return 0;
	choose_slot(credential, key, &subject, &slot);
	if (subject.is_session)
		snprintf(uptime, sizeof uptime, " %" PRId64, key->uptime);
	written = snprintf(value, sizeof value, "%s %" PRId64 "%s%s%s", subject.word, now,
		key->service != NULL ? " " : "", key->service != NULL ? key->service : "",
		uptime);
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
