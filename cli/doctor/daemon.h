/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the daemon is there that store=socket leaves the decision to. */
#ifndef TOTPGROUP_CLI_DOCTOR_DAEMON_H
#define TOTPGROUP_CLI_DOCTOR_DAEMON_H

#include "cli/doctor/checks.h"

void doctor_check_daemon(struct doctor *doctor);

#endif
