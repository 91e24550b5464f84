/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The control field of a line of pam.d(5): what becomes of a module's result. */
#ifndef TOTPGROUP_CLI_PAMCONF_CONTROL_H
#define TOTPGROUP_CLI_PAMCONF_CONTROL_H

#include <stdbool.h>

/* The results of a module are numbered from 0, PAM_SUCCESS, to
 * PAM_CONTROL_RESULTS - 1, as _pam_types.h has them. */
#define PAM_CONTROL_RESULTS 32

/* Above 0 an action is the number of modules to jump over. */
enum pam_action {
	PAM_ACTION_IGNORE = 0,
	PAM_ACTION_OK = -1,
	PAM_ACTION_DONE = -2,
	PAM_ACTION_BAD = -3,
	PAM_ACTION_DIE = -4,
	PAM_ACTION_RESET = -5,
};

/*
 * Reads `required`, `requisite`, `sufficient`, `optional`, or what stands
 * between the brackets of `[success=1 default=ignore]`. A result that is not
 * named, with no default, is bad. False where it is malformed: PAM refuses
 * then, whatever the module says.
 */
bool pam_control_read(const char *control, bool bracketed, int actions[PAM_CONTROL_RESULTS]);

#endif
