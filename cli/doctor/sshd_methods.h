/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* AuthenticationMethods: what sshd demands of a login before it lets in. */
#ifndef TOTPGROUP_CLI_DOCTOR_SSHD_METHODS_H
#define TOTPGROUP_CLI_DOCTOR_SSHD_METHODS_H

#include <stdbool.h>

#include "cli/doctor/sshd_settings.h"

/* What of the lists, each of which is enough to log in, is there. */
struct sshd_methods {
	bool without_pam;	/* keys, hosts or tickets alone */
	bool password;		/* one that has sshd's own password prompt in it */
	bool interactive;	/* one with keyboard-interactive */
	bool interactive_alone; /* one with nothing else */
	bool interactive_after_key;
};

/* Judges the settings; methods that are switched off do not count. */
struct sshd_methods sshd_methods_judge(const struct sshd_settings *settings);

#endif
