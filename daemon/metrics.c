/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "daemon/metrics_file.h"

/* One more than the last reason, for those without one: not-permitted. */
#define REASONS (TOTPGROUP_REASON_DENIED_BY_SSHD + 2)
#define METHODS (TOTPGROUP_METHOD_GRACE + 1)

/* In microseconds, and +Inf at the end. */
static const int64_t bounds[] = {
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 3000000};

#define BOUNDS (sizeof bounds / sizeof bounds[0])

/* Where the series of each family begin. */
enum {
	ACCEPTED = 0,
	REFUSED = ACCEPTED + METHODS,
	NOT_ANSWERED = REFUSED + REASONS,
	BUCKETS,
	SUM = BUCKETS + BOUNDS + 1, /* in microseconds */
	COUNT,
	CONFLICTS,
	SILENCES,
	BREAKER_REFUSALS,
	BREAKER_OPEN,
	SERIES,
};

static const struct {
	int first;
	const char *name;
	const char *kind;
	const char *help;
} families[] = {
	{ACCEPTED, "totpgroup_accepted_total", "counter", "Codes that were accepted."},
	{REFUSED, "totpgroup_refused_total", "counter", "Attempts that were refused."},
	{NOT_ANSWERED, "totpgroup_not_answered_total", "counter",
		"Calls that could not be answered."},
	{BUCKETS, "totpgroup_verify_seconds", "histogram", "How long decisions on codes took."},
	{CONFLICTS, "totpgroup_store_conflicts_total", "counter",
		"Decisions that were made again, because another host changed the user's row."},
	{SILENCES, "totpgroup_store_silences_total", "counter",
		"Calls that the store did not answer until their deadline."},
	{BREAKER_REFUSALS, "totpgroup_store_breaker_refusals_total", "counter",
		"Calls that were refused at once while the breaker was open."},
	{BREAKER_OPEN, "totpgroup_store_breaker_open", "gauge",
		"Whether the breaker is open: the store is not asked."},
};

struct metrics {
	pthread_mutex_t mutex; /* of values and changed */
	uint64_t values[SERIES];
	bool changed;
	/* The main thread's: */
	char *path;
	int64_t next; /* the file is not written before this time */
	bool complained;
	struct store_counts store; /* as they were taken last */
};

static const char *family_name(int series)
{
	size_t i = sizeof families / sizeof families[0] - 1;

	while (families[i].first != series)
		i--;
	return families[i].name;
}

/* The name of a series in the file, with its labels and a blank. */
static void append_name(struct text *text, int series)
{
	const int bucket = series - BUCKETS;

	if (series < REFUSED)
		text_append_format(text, "totpgroup_accepted_total{method=\"%s\"} ",
			totpgroup_method_name((enum totpgroup_method)(series - ACCEPTED)));
	else if (series < NOT_ANSWERED)
		text_append_format(text, "totpgroup_refused_total{reason=\"%s\"} ",
			series == NOT_ANSWERED - 1
				? "not-permitted"
				: totpgroup_reason_name(
					  (enum totpgroup_reason)(series - REFUSED)));
	else if (series == NOT_ANSWERED)
		text_append_string(text, "totpgroup_not_answered_total ");
	else if (series >= CONFLICTS)
		text_append_format(text, "%s ", family_name(series));
	else if (series < SUM && bucket < (int)BOUNDS)
		text_append_format(text,
			"totpgroup_verify_seconds_bucket{le=\"%" PRId64 ".%06" PRId64 "\"} ",
			bounds[bucket] / 1000000, bounds[bucket] % 1000000);
	else
		text_append_string(
			text, series < SUM    ? "totpgroup_verify_seconds_bucket{le=\"+Inf\"} "
			      : series == SUM ? "totpgroup_verify_seconds_sum "
					      : "totpgroup_verify_seconds_count ");
}

static void append_value(struct text *text, int series, uint64_t value)
{
	if (series == SUM)
		text_append_format(
			text, "%" PRIu64 ".%06" PRIu64 "\n", value / 1000000, value % 1000000);
	else
		text_append_format(text, "%" PRIu64 "\n", value);
}

static int print(const uint64_t values[SERIES], struct text *text)
{
	size_t family = 0;

	for (int series = 0; series < SERIES; series++) {
		if (family < sizeof families / sizeof families[0] &&
			families[family].first == series) {
			text_append_format(text, "# HELP %s %s\n# TYPE %s %s\n",
				families[family].name, families[family].help,
				families[family].name, families[family].kind);
			family++;
		}
		append_name(text, series);
		append_value(text, series, values[series]);
	}
	return text->status;
}

/* The number behind a series' name in an earlier file. False where there is none. */
static bool find_value(const char *file, int series, uint64_t *value)
{
	struct text name = TEXT_INIT;
	const char *at = NULL;
	int64_t whole = 0, part = 0;
	size_t length;

	text_append_string(&name, "\n");
	append_name(&name, series);
	if (name.status == 0)
		at = strstr(file, name.data);
	if (at != NULL)
		at += name.length;
	text_free(&name);
	if (at == NULL)
		return false;
	length = strcspn(at, series == SUM ? ".\n" : "\n");
	if (!number_parse(at, length, 0, INT64_MAX / 2000000, &whole))
		return false;
	if (series == SUM &&
		(at[length] != '.' || !number_parse(at + length + 1, 6, 0, 999999, &part)))
		return false;
	*value = series == SUM ? (uint64_t)(whole * 1000000 + part) : (uint64_t)whole;
	return true;
}

/* Adds the counters of an earlier file, if it has all of them: a histogram with gaps would be wrong. */
static void go_on(struct metrics *metrics, const char *file)
{
	uint64_t values[SERIES];

	for (int series = 0; series < SERIES; series++)
		if (!find_value(file, series, &values[series]))
			return;
	pthread_mutex_lock(&metrics->mutex);
	for (int series = 0; series < BREAKER_OPEN; series++)
		metrics->values[series] += values[series];
	pthread_mutex_unlock(&metrics->mutex);
}

int metrics_open(struct metrics **metrics, struct error *error)
{
	*metrics = calloc(1, sizeof **metrics);
	if (*metrics == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	pthread_mutex_init(&(*metrics)->mutex, NULL);
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	pthread_mutex_destroy(&metrics->mutex);
	free(metrics->path);
	free(metrics);
}

static void count(struct metrics *metrics, int series)
{
	pthread_mutex_lock(&metrics->mutex);
	metrics->values[series]++;
	metrics->changed = true;
	pthread_mutex_unlock(&metrics->mutex);
}

void metrics_count_result(struct metrics *metrics, const struct totpgroup_result *result)
{
	if (result->verdict == TOTPGROUP_ACCEPTED && (int)result->method < METHODS)
		count(metrics, ACCEPTED + (int)result->method);
	else if ((int)result->reason < REASONS - 1)
		count(metrics, REFUSED + (int)result->reason);
}

void metrics_count_not_permitted(struct metrics *metrics)
{
	count(metrics, NOT_ANSWERED - 1);
}

void metrics_count_failure(struct metrics *metrics)
{
	count(metrics, NOT_ANSWERED);
}

void metrics_count_time(struct metrics *metrics, int64_t took)
{
	pthread_mutex_lock(&metrics->mutex);
	for (size_t i = 0; i < BOUNDS; i++)
		metrics->values[BUCKETS + i] += took <= bounds[i];
	metrics->values[BUCKETS + BOUNDS]++;
	metrics->values[SUM] += (uint64_t)took;
	metrics->values[COUNT]++;
	metrics->changed = true;
	pthread_mutex_unlock(&metrics->mutex);
}

/* How many were counted since; where the counts began anew, all of them. */
static uint64_t more(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

void metrics_take_store(struct metrics *metrics, const struct store_counts *counts)
{
	const uint64_t conflicts = more(counts->conflicts, metrics->store.conflicts);
	const uint64_t silences = more(counts->silences, metrics->store.silences);
	const uint64_t refusals = more(counts->refusals, metrics->store.refusals);

	pthread_mutex_lock(&metrics->mutex);
	metrics->values[CONFLICTS] += conflicts;
	metrics->values[SILENCES] += silences;
	metrics->values[BREAKER_REFUSALS] += refusals;
	metrics->changed |= conflicts + silences + refusals > 0 ||
			    metrics->values[BREAKER_OPEN] != counts->is_open;
	metrics->values[BREAKER_OPEN] = counts->is_open;
	pthread_mutex_unlock(&metrics->mutex);
	metrics->store = *counts;
}

int metrics_set_path(struct metrics *metrics, const char *path, struct error *error)
{
	struct text file = TEXT_INIT;
	char *copy = path != NULL ? strdup(path) : NULL;

	if (path != NULL && copy == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (path != NULL && metrics->path == NULL && metrics_file_read(path, &file))
		go_on(metrics, file.data);
	text_free(&file);
	free(metrics->path);
	metrics->path = copy;
	return 0;
}

int64_t metrics_due(struct metrics *metrics)
{
	bool changed;

	pthread_mutex_lock(&metrics->mutex);
	changed = metrics->changed;
	pthread_mutex_unlock(&metrics->mutex);
	return changed && metrics->path != NULL ? metrics->next : INT64_MAX;
}

int metrics_write(struct metrics *metrics, int64_t now, struct error *error)
{
	uint64_t values[SERIES];
	struct text text = TEXT_INIT;
	int64_t due = metrics_due(metrics);
	int status;

	if (due == INT64_MAX || due > now)
		return 0;
	pthread_mutex_lock(&metrics->mutex);
	memcpy(values, metrics->values, sizeof values);
	metrics->changed = false;
	pthread_mutex_unlock(&metrics->mutex);
	metrics->next = now < INT64_MAX ? now + METRICS_INTERVAL : now;
	status = print(values, &text);
	if (status == 0)
		status = metrics_file_write(metrics->path, &text, error);
	else
		error_set(error, status, "out of memory");
	text_free(&text);
	if (status != 0 && metrics->complained)
		return 0;
	metrics->complained = status != 0;
	return status;
}
