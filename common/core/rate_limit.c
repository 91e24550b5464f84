/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/rate_limit.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define ATTEMPTS_MAX 100
#define INTERVAL_MAX 3600

/* The times of attempts that came through a front end. */
#define FRONT_END_KEY "FRONT_END_ATTEMPTS"

/* The line, read. */
struct rate_limit {
	int64_t attempts; /* allowed in the interval */
	int64_t interval; /* in seconds */
	int64_t *times;	  /* of attempts, oldest first */
	size_t count;
};

/* Takes the next number off the line. What is not one from minimum to
 * maximum, nothing at all too, is refused. */
static bool next_number(
	struct credential_option *rest, int64_t minimum, int64_t maximum, int64_t *number)
{
	const char *word;
	size_t length;

	return credential_next_word(rest, &word, &length) &&
	       number_parse(word, length, minimum, maximum, number);
}

static int compare_times(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

	return (first > second) - (first < second);
}

/* Reads times up to the end of the line; the caller frees limit->times. */
static int read_times(struct rate_limit *limit, struct credential_option option,
	const char *key, struct error *error)
{
	/* Room for every time that the line can hold, and for one more. */
	limit->times = calloc(option.length / 2 + 2, sizeof *limit->times);
	if (limit->times == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	limit->count = 0;
	while (option.length > 0)
		if (!next_number(&option, 0, INT64_MAX, &limit->times[limit->count++]))
			return error_set(error, TOTPGROUP_EFORMAT,
				"line %u: %s ends with something that is not a time",
				option.line, key);
	return 0;
}

/* Reads the line; the caller frees limit->times. */
static int read_limit(
	struct rate_limit *limit, struct credential_option option, struct error *error)
{
	unsigned int line = option.line;

	if (!next_number(&option, 1, ATTEMPTS_MAX, &limit->attempts) ||
		!next_number(&option, 1, INTERVAL_MAX, &limit->interval))
		return error_set(error, TOTPGROUP_EFORMAT,
			"line %u: RATE_LIMIT must begin with 1 to %d attempts and 1 to %d "
			"seconds",
			line, ATTEMPTS_MAX, INTERVAL_MAX);
	return read_times(limit, option, "RATE_LIMIT", error);
}

/* Drops what lies outside the interval, and sorts the rest. */
static void keep_recent(struct rate_limit *limit, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < limit->count; i++)
		if (limit->times[i] >= now - limit->interval && limit->times[i] <= now)
			limit->times[kept++] = limit->times[i];
	limit->count = kept;
	qsort(limit->times, kept, sizeof *limit->times, compare_times);
}

/* Adds an attempt at `now`, and keeps no more times than it takes to know that
 * the limit is reached. One that is too many is added with count_blocked only. */
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

/* Writes times behind what is in value, as the line of that key, and frees value. */
static int write_times(totpgroup_credential *credential, const char *key, struct text *value,
	const struct rate_limit *limit)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < limit->count; i++)
		status = text_append_format(value, "%s%lld", value->length > 0 ? " " : "",
			(long long)limit->times[i]);
	if (status == 0)
		status = credential_set(credential, key, value->data);
	text_free(value);
	return status;
}

/* Writes the line back. */
static int write_limit(totpgroup_credential *credential, const struct rate_limit *limit)
{
	struct text value = TEXT_INIT;
	int status = text_append_format(
		&value, "%lld %lld", (long long)limit->attempts, (long long)limit->interval);

	if (status != 0)
		text_free(&value);
	return status != 0 ? status : write_times(credential, "RATE_LIMIT", &value, limit);
}

/* The common part: judges, leaving the line with the attempt in limit. */
static int judge(const totpgroup_credential *credential, int64_t now, bool count_blocked,
	struct rate_limit *limit, struct rate_limit_answer *answer, bool *limited,
	struct error *error)
{
	struct credential_option option;
	int status;

	*answer = (struct rate_limit_answer){false, 0};
	*limited = credential_find(credential, "RATE_LIMIT", &option);
	if (!*limited)
		return 0;
	status = read_limit(limit, option, error);
	if (status == 0)
		add_attempt(limit, now, count_blocked, answer);
	return status;
}

int rate_limit_look(const totpgroup_credential *credential, int64_t now, bool count_blocked,
	struct rate_limit_answer *answer, struct error *error)
{
	struct rate_limit limit = {0, 0, NULL, 0};
	bool limited;
	int status = judge(credential, now, count_blocked, &limit, answer, &limited, error);

	free(limit.times);
	return status;
}

int rate_limit_count(totpgroup_credential *credential, int64_t now, bool count_blocked,
	struct rate_limit_answer *answer, bool *changed, struct error *error)
{
	struct rate_limit limit = {0, 0, NULL, 0};
	bool limited;
	int status = judge(credential, now, count_blocked, &limit, answer, &limited, error);

	if (status != 0 || !limited || (answer->exceeded && !count_blocked))
		goto out;
	status = write_limit(credential, &limit);
	if (status != 0)
		error_set(error, status, "out of memory");
	*changed = true;
out:
	free(limit.times);
	return status;
}

/* Reads the attempts of front ends; the caller frees front_end->times. */
static int read_front_end(const totpgroup_credential *credential, struct rate_limit *front_end,
	struct error *error)
{
	struct credential_option option = {"", 0, 0};

	(void)credential_find(credential, FRONT_END_KEY, &option);
	return read_times(front_end, option, FRONT_END_KEY, error);
}

/* The time of all together that has to be out of the interval before there is room
 * for another attempt; there are at least `allowed`, in two sorted lists. */
static int64_t deciding_time(const struct rate_limit *a, const struct rate_limit *b)
{
	size_t later = a->count + b->count - (size_t)a->attempts;
	size_t i = 0, j = 0;

	for (; later > 0; later--)
		if (j == b->count || (i < a->count && a->times[i] <= b->times[j]))
			i++;
		else
			j++;
	if (j == b->count || (i < a->count && a->times[i] <= b->times[j]))
		return a->times[i];
	return b->times[j];
}

int rate_limit_count_front_end(totpgroup_credential *credential, int64_t now,
	struct rate_limit_answer *answer, bool *changed, struct error *error)
{
	struct rate_limit limit = {0, 0, NULL, 0}, front_end = limit;
	struct credential_option option;
	struct text value = TEXT_INIT;
	int status = 0;

	*answer = (struct rate_limit_answer){false, 0};
	if (!credential_find(credential, "RATE_LIMIT", &option))
		return 0;
	status = read_limit(&limit, option, error);
	if (status != 0)
		goto out;
	keep_recent(&limit, now);
	front_end.interval = limit.interval;
	status = read_front_end(credential, &front_end, error);
	if (status != 0)
		goto out;
	keep_recent(&front_end, now);
	answer->exceeded = limit.count + front_end.count >= (size_t)limit.attempts;
	if (answer->exceeded) {
		answer->retry_after =
			deciding_time(&limit, &front_end) + limit.interval + 1 - now;
		goto out;
	}
	front_end.times[front_end.count++] = now;
	status = write_times(credential, FRONT_END_KEY, &value, &front_end);
	if (status != 0)
		error_set(error, status, "out of memory");
	*changed = true;
out:
	free(limit.times);
	free(front_end.times);
	return status;
}

int rate_limit_check(const totpgroup_credential *credential, struct error *error)
{
	struct rate_limit limit = {0, 0, NULL, 0}, front_end = limit;
	struct credential_option option;
	int status;

	if (!credential_find(credential, "RATE_LIMIT", &option))
		return 0;
	status = read_limit(&limit, option, error);
	if (status == 0)
		status = read_front_end(credential, &front_end, error);
	free(limit.times);
	free(front_end.times);
	return status;
}
