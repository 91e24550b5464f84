/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A PAM module for tests. `set=TEXT` sets PAM_AUTHTOK for later modules, as a module
 * that asks for a password does. `show` copies PAM_AUTHTOK into the PAM environment, as
 * TOKEN. `want=TEXT` lets in who left TEXT as PAM_AUTHTOK and refuses all others without a
 * prompt, as pam_unix.so use_first_pass does. */

#include "config.h"

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>

static int show(pam_handle_t *pamh)
{
	const void *token = NULL;
	char variable[1024] = "TOKEN=";

	if (pam_get_item(pamh, PAM_AUTHTOK, &token) != PAM_SUCCESS || token == NULL)
		return PAM_IGNORE;
	strncat(variable, token, sizeof variable - sizeof "TOKEN=");
	return pam_putenv(pamh, variable) == PAM_SUCCESS ? PAM_IGNORE : PAM_SYSTEM_ERR;
}

static int compare(pam_handle_t *pamh, const char *wanted)
{
	const void *token = NULL;

	if (pam_get_item(pamh, PAM_AUTHTOK, &token) != PAM_SUCCESS || token == NULL)
		return PAM_AUTH_ERR;
	return strcmp(token, wanted) == 0 ? PAM_SUCCESS : PAM_AUTH_ERR;
}

PAM_EXTERN int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "show") == 0)
			return show(pamh);
		if (strncmp(argv[i], "want=", 5) == 0)
			return compare(pamh, argv[i] + 5);
		if (strncmp(argv[i], "set=", 4) == 0 &&
			pam_set_item(pamh, PAM_AUTHTOK, argv[i] + 4) != PAM_SUCCESS)
			return PAM_SYSTEM_ERR;
	}
	return PAM_IGNORE;
}

PAM_EXTERN int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}
