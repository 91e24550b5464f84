/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a login with one line of the module comes to, without logging in. */
#ifndef TOTPGROUP_CLI_EXPLAIN_LOGIN_H
#define TOTPGROUP_CLI_EXPLAIN_LOGIN_H

#include "cli/commands.h"
#include "login/login.h"
#include "login/outcome.h"

/* The login to explain. NULL where nothing is known. */
struct explain_login {
	const char *user;
	const char *service;
	const char *rhost;
	const char *after; /* completed SSH methods, separated by commas */
};

struct explanation {
	enum login_outcome outcome;
	struct totpgroup_result result;
	const char *skip_reason; /* where it is LOGIN_SKIPPED; static */
	char message[320];	 /* what is wrong, or empty */
	int pam_code; /* what the module would return; PAM_SUCCESS after a right code */
};

/*
 * Goes as far as the prompt, with the very code that decides, and tells the watcher each
 * step. Nothing is written, logged or asked. STATUS_STORE_ERROR where there is no memory,
 * which is reported.
 */
enum exit_status explain_login(const struct explain_login *login, int argc, char **argv,
	const struct login_watcher *watcher, struct explanation *explanation);

#endif
