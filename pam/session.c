/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The session guard: sshd runs the auth stack for keyboard-interactive alone, so a
 * login by key, if its configuration allows that, was never asked for a code. */
#include "config.h"

#include <security/pam_ext.h>
#include <string.h>

#include "gate/ssh_methods.h"
#include "pam/flow_state.h"
#include "pam/log.h"
#include "pam/message.h"

/* sshd sets one of the two, and no other service does. */
static bool is_over_ssh(const struct login *login)
{
	return login->ssh_connection != NULL || login->ssh_auth_info != NULL ||
	       (login->service != NULL && strcmp(login->service, "sshd") == 0);
}

/* Whether the auth stack has spoken, so that all has been logged and said. */
static bool was_asked(const struct flow *flow)
{
	return ssh_methods_completed(flow->login.ssh_auth_info, "keyboard-interactive");
}

static int judge(struct flow *flow, int argc, const char *const *argv)
{
	bool due = flow_approach(flow, argc, argv);
	enum totpgroup_reason reason = flow->decision.result.reason;

	if (flow->skip == SKIP_GATE || flow->skip == SKIP_NOT_ENROLLED)
		return PAM_IGNORE;
	if (reason == TOTPGROUP_REASON_CONFIG_ERROR || reason == TOTPGROUP_REASON_GROUP_ERROR)
		return PAM_SERVICE_ERR;
	if (!due && reason == TOTPGROUP_REASON_STORE_ERROR)
		return PAM_AUTHINFO_UNAVAIL;
	if (!is_over_ssh(&flow->login))
		return PAM_IGNORE;
	if (was_asked(flow))
		return PAM_SUCCESS;
	/* What the look at the secret found is not why. */
	flow->decision = (struct decision)DECISION_INIT;
	error_set(&flow->error, TOTPGROUP_ECONFIG,
		"sshd did not ask for a code; its AuthenticationMethods must end in "
		"keyboard-interactive:pam");
	flow_refuse(flow, TOTPGROUP_REASON_NOT_ASKED);
	return PAM_SESSION_ERR;
}

static void report(struct flow *flow, int code)
{
	if (code == PAM_SUCCESS || (code == PAM_IGNORE && flow->skip != SKIP_NOT_ENROLLED))
		return;
	if (code == PAM_IGNORE) {
		if (!is_over_ssh(&flow->login) || was_asked(flow))
			return;
		log_skipped(flow->pamh, &flow->login, flow->skip_reason, flow->days_left);
	} else {
		log_verdict(flow->pamh, &flow->login, &flow->decision, &flow->error);
	}
	/* Whoever has come this far is no stranger. */
	flow->options.tell_reason = true;
	if (code == PAM_SESSION_ERR)
		message_not_asked(flow);
	else
		message_about(flow);
}

int flow_open_session(pam_handle_t *pamh, int flags, int argc, const char *const *argv)
{
	struct flow flow = FLOW_INIT(pamh, flags);
	int code;

	flow.is_session = true;
	code = judge(&flow, argc, argv);

	report(&flow, code);
	flow_end(&flow);
	return code;
}
