/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A PAM module for tests that answers for any other: each of its copies has the name of a real
 * one. Its result is the number in the variable of that name in the PAM environment, or
 * PAM_SUCCESS. Then it sets the variable `ran` and its name to 1. An argument auth=NUMBER wins. */

#include "config.h"

#include <dlfcn.h>
#include <security/pam_appl.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *own_name(void)
{
	Dl_info info;
	const char *slash;

	if (dladdr(__extension__(const void *) own_name, &info) == 0)
		return "";
	slash = strrchr(info.dli_fname, '/');
	return slash != NULL ? slash + 1 : info.dli_fname;
}

PAM_EXTERN int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *name = own_name();
	const char *answer = pam_getenv(pamh, name);
	char variable[256];

	(void)flags;
	(void)snprintf(variable, sizeof variable, "ran%s=1", name);
	if (pam_putenv(pamh, variable) != PAM_SUCCESS)
		return PAM_SYSTEM_ERR;
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], "auth=", 5) == 0)
			answer = argv[i] + 5;
	return answer != NULL ? (int)strtol(answer, NULL, 10) : PAM_SUCCESS;
}

PAM_EXTERN int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
