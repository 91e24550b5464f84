/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Measures group_gate_judge() beside getgrouplist() alone, which every gate needs, with the
 * groups that this process sees; group_cost.py makes them:
 *
 *     group_cost ROW LIST USER GID
 */

#include "config.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>

#include "gate/group_gate.h"
#include "tests/bench/rounds.h"

struct bench {
	const char *list;
	const char *user;
	gid_t gid;
};

static void look_up(void *context)
{
	const struct bench *bench = context;
	gid_t gids[64];
	int count = (int)(sizeof gids / sizeof gids[0]);

	if (getgrouplist(bench->user, bench->gid, gids, &count) < 0)
		bench_fail("the user has more than 64 groups");
}

static void judge(void *context)
{
	const struct bench *bench = context;
	struct error error = ERROR_INIT;

	if (group_gate_judge(bench->list, bench->user, bench->gid, NULL, NULL, &error) ==
		GROUP_GATE_ERROR)
		bench_fail(error.message);
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct bench_row row = {NULL, judge, look_up, 0, NULL};

	if (argc != 5) {
		fprintf(stderr, "usage: group_cost ROW LIST USER GID\n");
		return 2;
	}
	row.name = argv[1];
	bench = (struct bench){argv[2], argv[3], (gid_t)strtoul(argv[4], NULL, 10)};
	return bench_main(&row, 1, &bench, 2, argv);
}
