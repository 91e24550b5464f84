/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_ENROLL_CONFIRM_H
#define TOTPGROUP_CLI_ENROLL_CONFIRM_H

#include "cli/commands.h"
#include "core/new_credential.h"

/*
 * Asks for codes from the app until one is right, and records its step as
 * spent; a negative number skips. Says of a wrong code whether it belongs to
 * another time, and never what the right one is. STATUS_REFUSED at the end of
 * the input.
 */
enum exit_status confirm_with_app(struct new_credential *credential);

#endif
