/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a program that may only make the system calls listed in a file, one a line, as
 * systemd does for SystemCallFilter=:
 *
 *     under_filter FILE PROGRAM [ARGUMENT...]
 *
 * Names that this system does not know are ignored, as by systemd. Any other call fails
 * with EPERM.
 */

#include "config.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fail(const char *what, int problem)
{
	fprintf(stderr, "under_filter: %s: %s\n", what, strerror(problem));
	exit(125);
}

static void allow_listed(scmp_filter_ctx filter, const char *path)
{
	char name[80];
	FILE *file = fopen(path, "re");
	unsigned int count = 0;

	if (file == NULL)
		fail(path, errno);
	while (fscanf(file, "%79s", name) == 1) {
		int number = seccomp_syscall_resolve_name(name), status;

		if (number == __NR_SCMP_ERROR)
			continue;
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
		if (status != 0 && status != -EEXIST && status != -EDOM)
			fail(name, -status);
		count++;
	}
	fclose(file);
	if (count < 100)
		fail(path, EINVAL);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter;
	int status;

	if (argc < 3)
		return 2;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter == NULL)
		fail("seccomp_init", ENOMEM);
	allow_listed(filter, argv[1]);
	status = seccomp_load(filter);
	if (status != 0)
		fail("seccomp_load", -status);
	seccomp_release(filter);
	execvp(argv[2], argv + 2);
	fail(argv[2], errno);
}
