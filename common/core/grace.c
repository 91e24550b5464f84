/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/grace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define SLOTS	 10
#define HOST_MAX 255

/* One " LASTn line. */
struct slot {
	char key[sizeof "LAST0"];
	const char *host; /* NULL where the line is missing or malformed */
	size_t host_length;
	int64_t time;
};

/* How many bytes at the start of text can be part of a host or address. */
static size_t host_span(const char *text, size_t length)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ:%.-";
	size_t i = 0;

	while (i < length && text[i] != '\0' && strchr(allowed, text[i]) != NULL)
		i++;
	return i;
}

static void read_slot(
	const totpgroup_credential *credential, unsigned int number, struct slot *slot)
{
	struct credential_option line;
	size_t length, at;

	*slot = (struct slot){"LAST0", NULL, 0, 0};
	slot->key[4] = (char)('0' + number);
	if (!credential_find(credential, slot->key, &line))
		return;
	length = host_span(line.value, line.length);
	at = length;
	while (at < line.length && line.value[at] == ' ')
		at++;
	if (length == 0 || length > HOST_MAX || at == length ||
		!number_parse(line.value + at, line.length - at, 0, INT64_MAX / 2, &slot->time))
		return;
	slot->host = line.value;
	slot->host_length = length;
}

static bool is_host(const struct slot *slot, const char *host)
{
	return slot->host != NULL && strlen(host) == slot->host_length &&
	       memcmp(slot->host, host, slot->host_length) == 0;
}

static bool is_plain(const char *host)
{
	size_t length = host != NULL ? strlen(host) : 0;

	return length > 0 && length <= HOST_MAX && host_span(host, length) == length;
}

bool grace_applies(
	const totpgroup_credential *credential, const char *host, int64_t now, int64_t period)
{
	struct slot slot;

	if (period <= 0 || !is_plain(host))
		return false;
	for (unsigned int i = 0; i < SLOTS; i++) {
		read_slot(credential, i, &slot);
		if (is_host(&slot, host))
			return slot.time <= now && now - slot.time < period;
	}
	return false;
}

/* The slot of that host, else an empty one, else the oldest. */
static void choose_slot(
	const totpgroup_credential *credential, const char *host, struct slot *best)
{
	struct slot slot;

	read_slot(credential, 0, best);
	for (unsigned int i = 0; i < SLOTS; i++) {
		read_slot(credential, i, &slot);
		if (is_host(&slot, host)) {
			*best = slot;
			return;
		}
		if (best->host != NULL && (slot.host == NULL || slot.time < best->time))
			*best = slot;
	}
}

int grace_record(totpgroup_credential *credential, const char *host, int64_t now, bool *changed)
{
	char value[HOST_MAX + 32];
	struct slot slot;
	int written;

	if (!is_plain(host))
		return 0;
	choose_slot(credential, host, &slot);
	written = snprintf(value, sizeof value, "%s %" PRId64, host, now);
	if (written < 0 || (size_t)written >= sizeof value)
		return TOTPGROUP_EARGUMENT;
	*changed = true;
	return credential_set(credential, slot.key, value);
}
