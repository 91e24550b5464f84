/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Times group_gate_judge(), and getgrouplist() alone, which every gate needs, with
 * the groups that this process sees:
 *
 *     group_cost ROUNDS LIST USER GID
 *
 * Prints the median of each in microseconds, and the result of the gate. The two
 * take turns, so that other load on the host slows both.
 */

#include "config.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gate/group_gate.h"

#define ROUNDS_MAX 10000

static double seconds(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		abort();
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_doubles(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static double median_microseconds(double *times, size_t count)
{
	qsort(times, count, sizeof *times, compare_doubles);
	return times[count / 2] * 1e6;
}

static double time_lookup(const char *user, gid_t gid)
{
	gid_t gids[64];
	int count = (int)(sizeof gids / sizeof gids[0]);
	double start = seconds();

	if (getgrouplist(user, gid, gids, &count) < 0) {
		fprintf(stderr, "group_cost: %s has more than 64 groups\n", user);
		exit(1);
	}
	return seconds() - start;
}

static double time_gate(const char *list, const char *user, gid_t gid, const char **answer)
{
	struct error error = ERROR_INIT;
	double start = seconds();
	enum group_gate result = group_gate_judge(list, user, gid, NULL, NULL, &error);
	double end = seconds();

	if (result == GROUP_GATE_ERROR) {
		fprintf(stderr, "group_cost: %s\n", error.message);
		exit(1);
	}
	*answer = result == GROUP_GATE_OUTSIDE ? "outside" : "inside";
	return end - start;
}

int main(int argc, char **argv)
{
	static double lookup_times[ROUNDS_MAX], gate_times[ROUNDS_MAX];
	const char *answer = "";
	size_t rounds = argc == 5 ? strtoul(argv[1], NULL, 10) : 0;
	gid_t gid;

	if (rounds == 0 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: group_cost ROUNDS LIST USER GID\n");
		return 2;
	}
	gid = (gid_t)strtoul(argv[4], NULL, 10);
	for (size_t i = 0; i < rounds; i++) {
		lookup_times[i] = time_lookup(argv[3], gid);
		gate_times[i] = time_gate(argv[2], argv[3], gid, &answer);
	}
	printf("%.1f %.1f %s\n", median_microseconds(lookup_times, rounds),
		median_microseconds(gate_times, rounds), answer);
	return 0;
}
