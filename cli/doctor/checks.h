/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the doctor's checks share: what is known so far. Each adds what it
 * finds to the report, and what later ones need to the rest. */
#ifndef TOTPGROUP_CLI_DOCTOR_CHECKS_H
#define TOTPGROUP_CLI_DOCTOR_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/doctor/options.h"
#include "cli/doctor/report.h"
#include "cli/doctor/sshd_settings.h"
#include "cli/pamconf/paths.h"
#include "cli/pamconf/stack.h"
#include "cli/users/account.h"
#include "config/configuration.h"

#define DOCTOR_MODULE "pam_totpgroup.so"

struct doctor {
	struct doctor_options options;
	struct report report;
	const char *service;
	struct account account; /* of the caller or of the user who was named */

	/* The lines of the type auth, one trial for each. */
	struct pam_stack stack;
	bool stack_known;
	struct pam_trial *trials;
	size_t trial_count;
	const struct pam_line *line; /* the first of the module, or NULL */
	/* Of that line and of the files, as far as they are right. */
	struct configuration configuration;
	struct options module; /* the options of it */
	/* The first session line of the module, or NULL, and whether no login
	 * that it refuses gets past it. */
	const struct pam_line *guard;
	bool guard_holds;

	bool user_outside; /* the account is positively not asked, by group= */
	/* A user who has to give a code, for sshd's Match blocks; or NULL. */
	char *example_user;
	struct sshd_settings sshd;
};

#endif
