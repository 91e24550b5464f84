/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looks whether this host is set up right: the command doctor. */
#ifndef TOTPGROUP_CLI_DOCTOR_DOCTOR_H
#define TOTPGROUP_CLI_DOCTOR_DOCTOR_H

#include "cli/commands.h"

enum exit_status doctor(int argc, char **argv);

#endif
