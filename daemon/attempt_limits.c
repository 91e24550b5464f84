/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "daemon/access.h"
#include "totpgroup.h"

/* A name belongs to one set of WAYS windows, so that a search is short. */
#define WAYS 8
#define SETS (ATTEMPT_LIMITS_NAMES / WAYS)

/* The latest attempts of one name. */
struct window {
	const char *name; /* behind times, in the same memory */
	size_t oldest;	  /* an index into times, which is a ring */
	int64_t times[];  /* as many as are allowed */
};

struct attempt_limits {
	pthread_mutex_t mutex;
	unsigned int holders;
	size_t allowed;
	int64_t interval; /* milliseconds */
	uint64_t seed;	  /* secret, so that nobody can choose names for one set */
	struct window *windows[SETS][WAYS];
};

/* Earlier than any attempt. */
#define NEVER (INT64_MIN / 2)

int attempt_limits_open(
	struct attempt_limits **limits, struct config_rate rate, struct error *error)
{
	struct attempt_limits *opened;
	int status;

	*limits = NULL;
	if (rate.attempts == 0)
		return 0;
	opened = calloc(1, sizeof *opened);
	if (opened == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	status = random_bytes(&opened->seed, sizeof opened->seed);
	if (status != 0) {
		free(opened);
		return error_set(error, status, "there are no random numbers");
	}
	(void)pthread_mutex_init(&opened->mutex, NULL);
	opened->holders = 1;
	opened->allowed = (size_t)rate.attempts;
	/* A credential counts in whole seconds. Never allow an attempt sooner than it does. */
	opened->interval = (rate.seconds + INT64_C(1)) * 1000;
	*limits = opened;
	return 0;
}

/* FNV-1a from a secret seed. The last line mixes again, because the last letters of a name
 * change only some bits of FNV-1a. */
static size_t set_of(const struct attempt_limits *limits, const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ limits->seed;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	hash = (hash ^ hash >> 32) * UINT64_C(0x94d049bb133111eb);
	return (size_t)(hash >> 32) % SETS;
}

static int64_t latest(const struct attempt_limits *limits, const struct window *window)
{
	return window->times[(window->oldest + limits->allowed - 1) % limits->allowed];
}

static struct window *new_window(const struct attempt_limits *limits, const char *name)
{
	size_t times = limits->allowed * sizeof(int64_t), size = strlen(name) + 1;
	struct window *window = malloc(sizeof *window + times + size);

	if (window == NULL)
		return NULL;
	window->name = memcpy((char *)window->times + times, name, size);
	window->oldest = 0;
	for (size_t i = 0; i < limits->allowed; i++)
		window->times[i] = NEVER;
	return window;
}

/* The window of a name. A new one replaces the one that was unused for longest if the set
 * is full. NULL without memory. */
static struct window *find_window(struct attempt_limits *limits, const char *name)
{
	struct window **set = limits->windows[set_of(limits, name)], **slot = set, *window;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i] == NULL) {
			slot = &set[i];
			break;
		}
		if (strcmp(set[i]->name, name) == 0)
			return set[i];
		if (latest(limits, set[i]) < latest(limits, *slot))
			slot = &set[i];
	}
	window = new_window(limits, name);
	if (window == NULL)
		return NULL;
	free(*slot);
	return *slot = window;
}

int attempt_limits_count(
	struct attempt_limits *limits, const char *name, int64_t now, int64_t *wait)
{
	struct window *window;
	int64_t left;

	*wait = 0;
	if (limits == NULL)
		return 0;
	(void)pthread_mutex_lock(&limits->mutex);
	window = find_window(limits, name);
	if (window != NULL) {
		left = window->times[window->oldest] + limits->interval - now;
		if (left >= 0) {
			*wait = left / 1000 + 1;
		} else {
			window->times[window->oldest] = now;
			window->oldest = (window->oldest + 1) % limits->allowed;
		}
	}
	(void)pthread_mutex_unlock(&limits->mutex);
	return window != NULL ? 0 : TOTPGROUP_EMEMORY;
}

bool attempt_limits_in_use(struct attempt_limits *limits, int64_t now)
{
	bool in_use = false;

	if (limits == NULL)
		return false;
	(void)pthread_mutex_lock(&limits->mutex);
	for (size_t i = 0; i < SETS; i++)
		for (size_t j = 0; j < WAYS && limits->windows[i][j] != NULL; j++)
			if (latest(limits, limits->windows[i][j]) + limits->interval >= now)
				in_use = true;
	(void)pthread_mutex_unlock(&limits->mutex);
	return in_use;
}

void attempt_limits_keep(struct attempt_limits **limits, struct attempt_limits *earlier)
{
	if (*limits == NULL || earlier == NULL || (*limits)->allowed != earlier->allowed ||
		(*limits)->interval != earlier->interval)
		return;
	attempt_limits_free(*limits);
	earlier->holders++;
	*limits = earlier;
}

void attempt_limits_free(struct attempt_limits *limits)
{
	if (limits == NULL || --limits->holders > 0)
		return;
	for (size_t i = 0; i < SETS; i++)
		for (size_t j = 0; j < WAYS; j++)
			free(limits->windows[i][j]);
	(void)pthread_mutex_destroy(&limits->mutex);
	free(limits);
}
