/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/timex.h>

#include "cli/doctor/doctor.h"

#define CHECK "clock"

/* timedatectl knows the services that say so there. */
static bool has_time_service(void)
{
	static const char *const patterns[] = {"/etc/systemd/ntp-units.d/*.list",
		"/usr/lib/systemd/ntp-units.d/*.list", "/lib/systemd/ntp-units.d/*.list"};
	bool found = false;

	for (size_t i = 0; !found && i < sizeof patterns / sizeof patterns[0]; i++) {
		glob_t paths = {.gl_pathc = 0};

		found = glob(patterns[i], GLOB_NOSORT, NULL, &paths) == 0;
		globfree(&paths);
	}
	return found;
}

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
		"When it is off by a minute, right codes are refused. Users who can set it "
		"can make old codes valid again.");
	if (has_time_service())
		finding_run(finding, "timedatectl set-ntp true");
	else
		finding_why_more(finding,
			"No service for the time is installed: install systemd-timesyncd or "
			"chrony.");
}
