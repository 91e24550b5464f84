/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/rate_limit.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define ATTEMPTS_MAX 100
#define INTERVAL_MAX 3600

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

/* Reads the line; the caller frees limit->times. */
static int read_limit(
	struct rate_limit *limit, struct credential_option option, struct error *error)
{
	unsigned int line = option.line;

	/* Room for every time that the line can hold, and for one more. */
	limit->times = calloc(option.length / 2 + 2, sizeof *limit->times);
	if (limit->times == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	limit->count = 0;
	if (!next_number(&option, 1, ATTEMPTS_MAX, &limit->attempts) ||
		!next_number(&option, 1, INTERVAL_MAX, &limit->interval))
		return error_set(error, TOTPGROUP_EFORMAT,
			"line %u: RATE_LIMIT must begin with 1 to %d attempts and 1 to %d "
			"seconds",
			line, ATTEMPTS_MAX, INTERVAL_MAX);
	while (option.length > 0)
		if (!next_number(&option, 0, INT64_MAX, &limit->times[limit->count++]))
			return error_set(error, TOTPGROUP_EFORMAT,
				"line %u: RATE_LIMIT ends with something that is not a time",
				line);
	return 0;
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

/* Writes the line back. */
static int write_limit(totpgroup_credential *credential, const struct rate_limit *limit)
{
	struct text value = TEXT_INIT;
	int status = text_append_format(
		&value, "%lld %lld", (long long)limit->attempts, (long long)limit->interval);

	for (size_t i = 0; status == 0 && i < limit->count; i++)
		status = text_append_format(&value, " %lld", (long long)limit->times[i]);
	if (status == 0)
		status = credential_set(credential, "RATE_LIMIT", value.data);
	text_free(&value);
	return status;
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
