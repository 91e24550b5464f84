/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the module's options stand, and what mends them there. */
#ifndef TOTPGROUP_CLI_DOCTOR_ORIGIN_H
#define TOTPGROUP_CLI_DOCTOR_ORIGIN_H

#include "cli/doctor/checks.h"

/* A file of PAM or a configuration file. */
struct doctor_place {
	const char *file;
	unsigned int line;
	const char *text; /* the value; NULL where the option is given nowhere */
};

/* Where the option in force is from; of one that is not given the module's line.
 * doctor->line is not NULL. */
struct doctor_place doctor_place_of(const struct doctor *doctor, const char *option);

/* Says what mends it: the option with another value, or, where that is NULL,
 * without it. */
void doctor_mend_option(
	struct doctor *doctor, struct finding *finding, const char *option, const char *value);

#endif
