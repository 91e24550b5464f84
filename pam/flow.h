/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One login from the first option to the verdict. */
#ifndef TOTPGROUP_PAM_FLOW_H
#define TOTPGROUP_PAM_FLOW_H

#include <security/pam_modules.h>

/*
 * Does what pam_sm_authenticate() is to do, and logs one line about it.
 * Returns PAM_SUCCESS after a right code that is durably spent (or within the
 * grace period), PAM_IGNORE where it was positively decided that no code is
 * due, and otherwise PAM_AUTH_ERR, PAM_SERVICE_ERR (configuration or groups)
 * or PAM_AUTHINFO_UNAVAIL (files or system).
 */
int flow_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv);

#endif
