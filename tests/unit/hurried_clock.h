/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock of deadlines, CLOCK_MONOTONIC, goes on by a second with each look, so that a
 * test need not wait for one. Needs -Wl,--wrap=clock_gettime. */
#ifndef TOTPGROUP_TESTS_HURRIED_CLOCK_H
#define TOTPGROUP_TESTS_HURRIED_CLOCK_H

#include <time.h>

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	static time_t seconds;

	if (clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, now);
	*now = (struct timespec){.tv_sec = ++seconds};
	return 0;
}

#endif
