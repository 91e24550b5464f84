/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An imagined login, taken as far as the prompt by the module's own code. */
#ifndef TOTPGROUP_CLI_EXPLAIN_LOGIN_H
#define TOTPGROUP_CLI_EXPLAIN_LOGIN_H

#include "cli/commands.h"
#include "pam/flow.h"

/* NULL where there is none. */
struct explain_login {
	const char *user;
	const char *service;
	const char *rhost;
	const char *after; /* names of completed SSH methods, separated by commas */
};

/*
 * Explains what a line of the stack with those arguments would do. The watcher is
 * told each step. Reports what fails and returns STATUS_STORE_ERROR.
 */
enum exit_status explain_login(const struct explain_login *login, int argc, char **argv,
	const struct flow_watcher *watcher, struct flow_explanation *explanation);

#endif
