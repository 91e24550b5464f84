/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/timex.h>

#define CHECK "clock"

void doctor_check_clock(struct doctor *doctor)
{
	struct timex clock = {.modes = 0};
	struct finding *finding;

	if (adjtimex(&clock) < 0) {
		report_add(&doctor->report, FINDING_UNKNOWN, CHECK,
			"the kernel does not tell whether the clock is right: %s",
			strerror(errno));
		return;
	}
	if ((clock.status & STA_UNSYNC) == 0) {
		report_add(&doctor->report, FINDING_OK, CHECK, "the clock is synchronised");
		return;
	}
	finding = report_add(
		&doctor->report, FINDING_WARNING, CHECK, "the clock is not synchronised");
	finding_why(&doctor->report, finding,
		"When it is off by a minute, right codes are refused. Whoever can set it can "
		"bring back old codes.");
	finding_run(&doctor->report, finding, "timedatectl set-ntp true");
}
