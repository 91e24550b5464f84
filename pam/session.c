/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The session guard. */
#include "config.h"

#include <security/pam_ext.h>
#include <string.h>

#include "gate/ssh_methods.h"
#include "message/translate.h"
#include "pam/log.h"
#include "pam/module.h"

/* sshd sets one of the two variables, and no other service does. */
static bool is_over_ssh(const struct login_facts *facts)
{
	return facts->ssh_connection != NULL || facts->ssh_auth_info != NULL ||
	       (facts->service != NULL && strcmp(facts->service, "sshd") == 0);
}

/* Whether the auth stack ran, so that everything was logged and said. */
static bool was_asked(const struct login_facts *facts)
{
	return ssh_methods_completed(facts->ssh_auth_info, "keyboard-interactive");
}

static int judge(struct login *login, bool due)
{
	enum totpgroup_reason reason = login->decision.result.reason;

	if (login_is_skipped(login))
		return PAM_IGNORE;
	if (reason == TOTPGROUP_REASON_CONFIG_ERROR || reason == TOTPGROUP_REASON_GROUP_ERROR)
		return PAM_SERVICE_ERR;
	if (!due && reason == TOTPGROUP_REASON_STORE_ERROR)
		return PAM_AUTHINFO_UNAVAIL;
	if (!is_over_ssh(&login->facts))
		return PAM_IGNORE;
	if (was_asked(&login->facts))
		return PAM_SUCCESS;
	/* The look at the secret is not why it is refused. */
	login->decision = (struct decision)DECISION_INIT;
	error_set(&login->error, TOTPGROUP_ECONFIG,
		"sshd did not ask for a code; its AuthenticationMethods must end in "
		"keyboard-interactive:pam");
	login_refuse(login, TOTPGROUP_REASON_NOT_ASKED);
	return PAM_SESSION_ERR;
}

static void tell(struct module *module, int code)
{
	struct login *login = &module->login;

	/* A user who has come this far is no stranger. */
	login->options.tell_reason = true;
	if (code != PAM_SESSION_ERR)
		module_tell_outcome(module);
	else if (!login->facts.is_silent)
		pam_error(module->pamh, "%s",
			translate("A verification code is needed here, and this login was not "
				  "asked for one. Ask the administrator."));
}

int module_guard_session(struct module *module, int argc, const char **argv)
{
	struct login *login = &module->login;
	bool due = module_prepare(module, argc, argv);
	int code = judge(login, due);

	if (code == PAM_SUCCESS)
		return code;
	if (code != PAM_IGNORE) {
		log_verdict(module->pamh, login);
		tell(module, code);
	} else if (login->skip == LOGIN_SKIP_NOT_ENROLLED && is_over_ssh(&login->facts) &&
		   !was_asked(&login->facts)) {
		log_skipped(module->pamh, login);
		tell(module, code);
	}
	return code;
}
