/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/timex.h>

#include "cli/doctor/doctor.h"

#define CHECK "clock"

void doctor_check_clock(struct doctor *doctor)
{
	struct timex clock = {.modes = 0};
	struct finding *finding;

	if (adjtimex(&clock) < 0) {
		report_add(doctor, FINDING_UNKNOWN, CHECK,
			"the kernel does not tell whether the clock is right: %s",
			strerror(errno));
		return;
	}
	if ((clock.status & STA_UNSYNC) == 0) {
		report_add(doctor, FINDING_OK, CHECK, "the clock is synchronized");
		return;
	}
	finding = report_add(doctor, FINDING_WARNING, CHECK, "the clock is not synchronized");
	finding_why(finding,
		"When it is off by a minute, right codes are refused. Whoever can set it can "
		"make old codes valid again.");
	finding_run(finding, "timedatectl set-ntp true");
}
