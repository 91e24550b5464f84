/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The entry points that Linux-PAM calls. */

#include "config.h"

#include <security/pam_modules.h>

#include "login/outcome.h"
#include "pam/log.h"
#include "pam/module.h"

PAM_EXTERN int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct module module;
	struct login *login = &module.login;
	int code;

	module_begin(&module, pamh, flags);
	if (module_prepare(&module, argc, argv)) {
		if (login->enrollment_due)
			module_enroll(&module);
		else
			module_ask(&module);
	} else if (login->decision.result.reason == TOTPGROUP_REASON_RATE_LIMITED) {
		module_count_limited(&module);
	} else if (login_leaves_password(login)) {
		module_leave_password(&module);
	}
	if (login_is_skipped(login))
		log_skipped(pamh, login);
	else
		log_verdict(pamh, login);
	module_tell_outcome(&module);
	code = outcome_pam_code(login);
	module_end(&module);
	return code;
}

PAM_EXTERN int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct module module;
	int code;

	module_begin(&module, pamh, flags);
	module.login.facts.is_session = true;
	code = module_guard_session(&module, argc, argv);
	module_end(&module);
	return code;
}

/* Nothing was opened. */
PAM_EXTERN int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

/* There are no credentials to set. sshd calls this in another process than the one that
 * authenticated, so it depends on nothing that happened there. */
PAM_EXTERN int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
