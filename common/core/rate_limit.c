/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/rate_limit.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define LIMIT_KEY     "RATE_LIMIT"
#define FRONT_END_KEY "FRONT_END_ATTEMPTS"

#define ATTEMPTS_MAX 100
#define INTERVAL_MAX 3600

/* As many times as most lines may hold are kept without memory of their own. */
#define BRIEF_TIMES 32

/* As long as most values are. */
#define BRIEF_VALUE 128

/* The values of a line. Ends with free_times(). */
struct rate_limit {
	int64_t attempts; /* allowed in the interval */
	int64_t interval; /* in seconds */
	int64_t *times;	  /* of attempts, oldest first */
	size_t count;
	int64_t brief[BRIEF_TIMES];
};

#define RATE_LIMIT_INIT                                                                        \
	{                                                                                      \
		.times = NULL                                                                  \
	}

static void free_times(struct rate_limit *limit)
{
	if (limit->times != limit->brief)
		free(limit->times);
	limit->times = NULL;
}

static int compare_times(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

	return (first > second) - (first < second);
}

/* Reads times up to the end of the line. */
static int read_times(struct rate_limit *limit, struct credential_option option,
	const char *key, struct error *error)
{
	/* Room for every time that the line can hold, and for one more. */
	size_t room = option.length / 2 + 2;

	limit->times = limit->brief;
	if (room > BRIEF_TIMES)
		limit->times = calloc(room, sizeof *limit->times);
	if (limit->times == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	while (option.length > 0)
		if (!credential_next_number(
			    &option, 0, INT64_MAX, &limit->times[limit->count++]))
			return error_set(error, TOTPGROUP_EFORMAT,
				"line %u: %s ends with something that is not a time",
				option.line, key);
	return 0;
}

/* Reads " RATE_LIMIT; *limited is false where there is none. */
static int read_limit(const totpgroup_credential *credential, struct rate_limit *limit,
	bool *limited, struct error *error)
{
	struct credential_option option;

	*limited = credential_find(credential, LIMIT_KEY, &option);
	if (!*limited)
		return 0;
	if (!credential_next_number(&option, 1, ATTEMPTS_MAX, &limit->attempts) ||
		!credential_next_number(&option, 1, INTERVAL_MAX, &limit->interval))
		return error_set(error, TOTPGROUP_EFORMAT,
			"line %u: " LIMIT_KEY " must begin with 1 to %d attempts and 1 to %d "
			"seconds",
			option.line, ATTEMPTS_MAX, INTERVAL_MAX);
	return read_times(limit, option, LIMIT_KEY, error);
}

static int read_front_end(const totpgroup_credential *credential, struct rate_limit *front_end,
	struct error *error)
{
	struct credential_option option = {"", 0, 0};

	(void)credential_find(credential, FRONT_END_KEY, &option);
	return read_times(front_end, option, FRONT_END_KEY, error);
}

/* Drops the times outside the interval, and sorts the others. */
static void keep_recent(struct rate_limit *limit, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < limit->count; i++)
		if (limit->times[i] >= now - limit->interval && limit->times[i] <= now)
			limit->times[kept++] = limit->times[i];
	limit->count = kept;
	qsort(limit->times, kept, sizeof *limit->times, compare_times);
}

/* Adds an attempt at `now`, and keeps no more times than are needed to know that the
 * limit is reached. A refused attempt is added only with count_blocked. */
static void add_attempt(struct rate_limit *limit, int64_t now, bool count_blocked,
	struct rate_limit_answer *answer)
{
	size_t allowed = (size_t)limit->attempts;

	keep_recent(limit, now);
	answer->exceeded = limit->count >= allowed;
	if (!answer->exceeded || count_blocked)
		limit->times[limit->count++] = now;
	if (!answer->exceeded)
		return;
	memmove(limit->times, limit->times + (limit->count - allowed),
		allowed * sizeof *limit->times);
	limit->count = allowed;
	answer->retry_after = limit->times[0] + limit->interval + 1 - now;
}

/* Writes the line of that key: for " RATE_LIMIT first what is allowed, then the times. */
static int write_line(totpgroup_credential *credential, const char *key,
	const struct rate_limit *limit, struct error *error)
{
	char brief[BRIEF_VALUE] = "";
	struct text value = TEXT_IN(brief);
	int status;

	if (strcmp(key, LIMIT_KEY) == 0) {
		(void)text_append_number(&value, limit->attempts);
		(void)text_append(&value, " ", 1);
		(void)text_append_number(&value, limit->interval);
	}
	for (size_t i = 0; i < limit->count; i++) {
		if (value.length > 0)
			(void)text_append(&value, " ", 1);
		(void)text_append_number(&value, limit->times[i]);
	}
	status = value.status;
	if (status == 0)
		status = credential_set(credential, key, value.data);
	text_free(&value);
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

int rate_limit_look(const totpgroup_credential *credential, int64_t now, bool count_blocked,
	struct rate_limit_answer *answer, struct error *error)
{
	struct rate_limit limit = RATE_LIMIT_INIT;
	bool limited;
	int status = read_limit(credential, &limit, &limited, error);

	*answer = (struct rate_limit_answer){false, 0};
	if (status == 0 && limited)
		add_attempt(&limit, now, count_blocked, answer);
	free_times(&limit);
	return status;
}

int rate_limit_count(totpgroup_credential *credential, int64_t now, bool count_blocked,
	struct rate_limit_answer *answer, bool *changed, struct error *error)
{
	struct rate_limit limit = RATE_LIMIT_INIT;
	bool limited;
	int status = read_limit(credential, &limit, &limited, error);

	*answer = (struct rate_limit_answer){false, 0};
	if (status != 0 || !limited)
		goto out;
	add_attempt(&limit, now, count_blocked, answer);
	if (answer->exceeded && !count_blocked)
		goto out;
	status = write_line(credential, LIMIT_KEY, &limit, error);
	*changed = true;
out:
	free_times(&limit);
	return status;
}

/* When the oldest of the attempts that block the next one was made. Both lists are
 * sorted, and have together at least as many times as a allows. */
static int64_t find_blocking_time(const struct rate_limit *a, const struct rate_limit *b)
{
	size_t later = a->count + b->count - (size_t)a->attempts;
	size_t i = 0, j = 0;

	for (;; later--) {
		bool from_a = j == b->count || (i < a->count && a->times[i] <= b->times[j]);

		if (later == 0)
			return from_a ? a->times[i] : b->times[j];
		if (from_a)
			i++;
		else
			j++;
	}
}

int rate_limit_count_front_end(totpgroup_credential *credential, int64_t now,
	struct rate_limit_answer *answer, bool *changed, struct error *error)
{
	struct rate_limit limit = RATE_LIMIT_INIT, front_end = RATE_LIMIT_INIT;
	bool limited;
	int status = read_limit(credential, &limit, &limited, error);

	*answer = (struct rate_limit_answer){false, 0};
	if (status == 0 && limited)
		status = read_front_end(credential, &front_end, error);
	if (status != 0 || !limited)
		goto out;
	front_end.interval = limit.interval;
	keep_recent(&limit, now);
	keep_recent(&front_end, now);
	answer->exceeded = limit.count + front_end.count >= (size_t)limit.attempts;
	if (answer->exceeded) {
		answer->retry_after =
			find_blocking_time(&limit, &front_end) + limit.interval + 1 - now;
		goto out;
	}
	front_end.times[front_end.count++] = now;
	status = write_line(credential, FRONT_END_KEY, &front_end, error);
	*changed = true;
out:
	free_times(&limit);
	free_times(&front_end);
	return status;
}

int rate_limit_check(const totpgroup_credential *credential, struct error *error)
{
	struct rate_limit limit = RATE_LIMIT_INIT, front_end = RATE_LIMIT_INIT;
	bool limited;
	int status = read_limit(credential, &limit, &limited, error);

	if (status == 0 && limited)
		status = read_front_end(credential, &front_end, error);
	free_times(&limit);
	free_times(&front_end);
	return status;
}
