/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_ENROLL_ENROLL_H
#define TOTPGROUP_CLI_ENROLL_ENROLL_H

#include "cli/commands.h"

/* Enrolls the caller: what totp-enroll does without a command. */
enum exit_status enroll_self(int argc, char **argv);

/* Enrolls the user who is named, or the caller: the command enroll. */
enum exit_status enroll_user(int argc, char **argv);

#endif
