/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One login from the first option to the verdict. */
#ifndef TOTPGROUP_PAM_FLOW_H
#define TOTPGROUP_PAM_FLOW_H

#include <security/pam_modules.h>

#include "totpgroup.h"

/*
 * Does what pam_sm_authenticate() is to do, and logs one line about it.
 * Returns PAM_SUCCESS after a right code that is durably spent (or within the
 * grace period), PAM_IGNORE where it was positively decided that no code is
 * due, and otherwise PAM_AUTH_ERR, PAM_SERVICE_ERR (configuration or groups)
 * or PAM_AUTHINFO_UNAVAIL (files or system).
 */
int flow_authenticate(pam_handle_t *pamh, int flags, int argc, const char *const *argv);

/*
 * Does what pam_sm_open_session() is to do: refuses a session over SSH of a user
 * who must give a code where none was asked for, because sshd let him in without
 * the auth stack. Returns PAM_SUCCESS, PAM_IGNORE where no code is due or it is no
 * session over SSH, PAM_SESSION_ERR, or an error as flow_authenticate(); logs a
 * line where it refuses, and where the roll-out lets him pass unasked.
 */
int flow_open_session(pam_handle_t *pamh, int flags, int argc, const char *const *argv);

/* Who is told of each step that leads to a decision: its name, such as "group",
 * and one line with the fact behind it. */
struct flow_watcher {
	void (*tell)(void *context, const char *step, const char *line);
	void *context;
};

/* What would happen to a login. */
enum flow_outcome {
	FLOW_REFUSED = 0,   /* without being asked; result.reason says why */
	FLOW_ASKED_IN_VAIN, /* asked, but no code can be right: result.reason */
	FLOW_ASKED,
	FLOW_OFFERED, /* a secret, which he has none of yet */
	FLOW_LET_IN,  /* without being asked, by grace */
	FLOW_SKIPPED,
};

struct flow_explanation {
	enum flow_outcome outcome;
	struct totpgroup_result result;
	const char *skip_reason; /* where it is FLOW_SKIPPED; static */
	char message[320];	 /* what is wrong, or empty */
	int pam_code; /* what the module would return; PAM_SUCCESS after a right code */
};

/*
 * Goes as far as the prompt, with the very code that decides, and tells the watcher
 * each step. Nothing is written, logged or asked.
 */
void flow_explain(pam_handle_t *pamh, int argc, const char *const *argv,
	const struct flow_watcher *watcher, struct flow_explanation *explanation);

#endif
