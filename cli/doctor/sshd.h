/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether sshd asks PAM, and lets nobody in without it. */
#ifndef TOTPGROUP_CLI_DOCTOR_SSHD_H
#define TOTPGROUP_CLI_DOCTOR_SSHD_H

#include "cli/doctor/checks.h"

/* Reads the settings into doctor->sshd. */
void doctor_check_sshd(struct doctor *doctor);

#endif
