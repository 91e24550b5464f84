/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The entry points that Linux-PAM calls, and nothing else. */

#include "config.h"

#include <security/pam_modules.h>

#include "pam/flow.h"

PAM_EXTERN int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return flow_authenticate(pamh, flags, argc, argv);
}

PAM_EXTERN int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return flow_open_session(pamh, flags, argc, argv);
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

/* Nothing to set. sshd calls this in another process than the one that
 * authenticated, so it depends on nothing that happened there. */
PAM_EXTERN int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
