/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/log_bounds.h"

#include <pthread.h>
#include <stdlib.h>

#include "totpgroup.h"

/* How many lines are written in an interval. A front end's attempts over a limit are about
 * several users, so the first one alone would say little. */
static const uint64_t lines_allowed[LOG_KIND_COUNT] = {
	[LOG_NOT_PERMITTED] = 1,
	[LOG_RATE_LIMITED] = 30,
	[LOG_NOT_ANSWERED] = 1,
};

/* An interval of one peer and kind. */
struct entry {
	uid_t peer;
	enum log_kind kind;
	int64_t end;
	uint64_t lines; /* also those withheld */
};

struct log_bounds {
	pthread_mutex_t mutex;
	size_t count;
	struct entry entries[LOG_BOUNDS_ENTRIES + LOG_KIND_COUNT];
};

int log_bounds_open(struct log_bounds **bounds, struct error *error)
{
	*bounds = calloc(1, sizeof **bounds);
	if (*bounds == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	(void)pthread_mutex_init(&(*bounds)->mutex, NULL);
	return 0;
}

void log_bounds_free(struct log_bounds *bounds)
{
	if (bounds == NULL)
		return;
	(void)pthread_mutex_destroy(&bounds->mutex);
	free(bounds);
}

static uint64_t withheld_lines(const struct entry *entry)
{
	uint64_t allowed = lines_allowed[entry->kind];

	return entry->lines > allowed ? entry->lines - allowed : 0;
}

static void remove_entry(struct log_bounds *bounds, struct entry *entry)
{
	*entry = bounds->entries[--bounds->count];
}

static struct entry *find_entry(struct log_bounds *bounds, uid_t peer, enum log_kind kind)
{
	for (size_t i = 0; i < bounds->count; i++)
		if (bounds->entries[i].peer == peer && bounds->entries[i].kind == kind)
			return &bounds->entries[i];
	return NULL;
}

/* Forgets the intervals that are over and withheld nothing. */
static void remove_ended(struct log_bounds *bounds, int64_t now)
{
	for (size_t i = bounds->count; i-- > 0;)
		if (now > bounds->entries[i].end && withheld_lines(&bounds->entries[i]) == 0)
			remove_entry(bounds, &bounds->entries[i]);
}

/* Begins an interval. Where there is no room for the peer, it is one of the others. */
static struct entry *add_entry(
	struct log_bounds *bounds, uid_t peer, enum log_kind kind, int64_t now)
{
	struct entry *entry;

	if (bounds->count >= LOG_BOUNDS_ENTRIES)
		remove_ended(bounds, now);
	if (bounds->count >= LOG_BOUNDS_ENTRIES) {
		peer = LOG_BOUNDS_OTHERS;
		entry = find_entry(bounds, peer, kind);
		if (entry != NULL)
			return entry;
	}
	entry = &bounds->entries[bounds->count++];
	*entry = (struct entry){peer, kind, now + LOG_BOUNDS_INTERVAL, 0};
	return entry;
}

bool log_bounds_admit(struct log_bounds *bounds, uid_t peer, enum log_kind kind, int64_t now)
{
	struct entry *entry;
	bool admitted;

	if (peer == 0)
		return true;
	(void)pthread_mutex_lock(&bounds->mutex);
	entry = find_entry(bounds, peer, kind);
	/* Lines that were withheld stay counted until somebody has taken them. */
	if (entry != NULL && now > entry->end && withheld_lines(entry) == 0) {
		remove_entry(bounds, entry);
		entry = NULL;
	}
	if (entry == NULL)
		entry = add_entry(bounds, peer, kind, now);
	entry->lines++;
	admitted = withheld_lines(entry) == 0;
	(void)pthread_mutex_unlock(&bounds->mutex);
	return admitted;
}

bool log_bounds_take(struct log_bounds *bounds, int64_t now, struct log_withheld *withheld)
{
	bool found = false;

	(void)pthread_mutex_lock(&bounds->mutex);
	for (size_t i = bounds->count; i-- > 0 && !found;) {
		struct entry *entry = &bounds->entries[i];

		if (now <= entry->end)
			continue;
		*withheld =
			(struct log_withheld){entry->peer, entry->kind, withheld_lines(entry)};
		found = withheld->more > 0;
		remove_entry(bounds, entry);
	}
	(void)pthread_mutex_unlock(&bounds->mutex);
	return found;
}

int64_t log_bounds_due(struct log_bounds *bounds)
{
	int64_t due = INT64_MAX;

	(void)pthread_mutex_lock(&bounds->mutex);
	for (size_t i = 0; i < bounds->count; i++)
		if (withheld_lines(&bounds->entries[i]) > 0 && bounds->entries[i].end < due)
			due = bounds->entries[i].end + 1;
	(void)pthread_mutex_unlock(&bounds->mutex);
	return due;
}
