/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The main part of a measuring program in C: it lets two works take turns, and prints a line
 * for each round, as README.md of this folder describes. An example:
 *
 *     static const struct bench_row rows[] = {{"qr-svg", draw_svg, draw_bare, 0, NULL}};
 *
 *     return bench_main(rows, 1, &context, argc, argv);
 */
#ifndef TOTPGROUP_TESTS_BENCH_ROUNDS_H
#define TOTPGROUP_TESTS_BENCH_ROUNDS_H

#include <stddef.h>

/* A work. It ends the program where it fails: what failed is not measured. */
typedef void bench_work(void *context);

struct bench_row {
	const char *name;
	bench_work *ours;
	bench_work *peer;
	/* How often a work is done for one measurement, whose time is divided by it. 0: as often
	 * as makes a measurement long enough for the clock. */
	unsigned int repeat;
	/* Done before each measurement, and not measured. NULL: nothing. */
	bench_work *prepare;
};

/*
 * Measures the rows that argv names, or all of them, and prints `NAME OURS PEER` for each
 * round, in seconds. A round measures each work once; the other one is first in the next
 * round. A row has at least 11 rounds, and as many as fit in BENCH_SECONDS (environment, 1
 * where it is not set). Returns the exit status: 0, or 2 for a name that is not in rows.
 */
int bench_main(
	const struct bench_row *rows, size_t count, void *context, int argc, char **argv);

/* How long the rounds of a row may take together: BENCH_SECONDS, or its default. */
double bench_limit(void);

/* The monotonic clock, in seconds. */
double bench_seconds(void);

/* Prints the message with the program's name on standard error, and exits with status 1. */
_Noreturn void bench_fail(const char *message);

/* Prints `ROW skip REASON` for the rows that argv names, or all, and exits with status 0: for
 * what the machine lacks. */
_Noreturn void bench_skip(
	const struct bench_row *rows, size_t count, int argc, char **argv, const char *reason);

#endif
