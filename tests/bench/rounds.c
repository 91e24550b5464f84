/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "tests/bench/rounds.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MIN	11
#define ROUNDS_MAX	2001
#define SECONDS_DEFAULT 1.0

/* The clock itself takes some 50 ns. */
#define MEASUREMENT_MIN 100e-6

double bench_seconds(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		abort();
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void bench_fail(const char *message)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, message);
	exit(1);
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

void bench_skip(
	const struct bench_row *rows, size_t count, int argc, char **argv, const char *reason)
{
	for (size_t i = 0; i < count; i++)
		if (wanted(rows[i].name, argc, argv))
			printf("%s skip %s\n", rows[i].name, reason);
	exit(0);
}

/* The seconds of one work. */
static double measure(
	const struct bench_row *row, bench_work *work, unsigned int repeat, void *context)
{
	double begun;

	if (row->prepare != NULL)
		row->prepare(context);
	begun = bench_seconds();
	for (unsigned int i = 0; i < repeat; i++)
		work(context);
	return (bench_seconds() - begun) / repeat;
}

/* How often a work is to be done for one measurement. */
static unsigned int find_repeat(const struct bench_row *row, bench_work *work, void *context)
{
	unsigned int repeat = 1;

	if (row->repeat > 0)
		return row->repeat;
	while (measure(row, work, repeat, context) * repeat < MEASUREMENT_MIN)
		repeat *= 2;
	return repeat;
}

static void measure_row(const struct bench_row *row, double limit, void *context)
{
	unsigned int ours_repeat = find_repeat(row, row->ours, context);
	unsigned int peer_repeat = find_repeat(row, row->peer, context);
	double begun = bench_seconds();

	for (int i = 0; i < ROUNDS_MAX; i++) {
		double ours = 0, peer;

		if (i >= ROUNDS_MIN && bench_seconds() - begun > limit)
			break;
		if (i % 2 == 0)
			ours = measure(row, row->ours, ours_repeat, context);
		peer = measure(row, row->peer, peer_repeat, context);
		if (i % 2 != 0)
			ours = measure(row, row->ours, ours_repeat, context);
		printf("%s %.9f %.9f\n", row->name, ours, peer);
	}
	fflush(stdout);
}

double bench_limit(void)
{
	const char *limit = getenv("BENCH_SECONDS");

	return limit != NULL ? strtod(limit, NULL) : SECONDS_DEFAULT;
}

int bench_main(const struct bench_row *rows, size_t count, void *context, int argc, char **argv)
{
	int found = 0;

	for (size_t i = 0; i < count; i++) {
		if (!wanted(rows[i].name, argc, argv))
			continue;
		found++;
		measure_row(&rows[i], bench_limit(), context);
	}
	if (found != (argc < 2 ? (int)count : argc - 1)) {
		fprintf(stderr, "%s: a row that it does not measure\n",
			program_invocation_short_name);
		return 2;
	}
	return 0;
}
