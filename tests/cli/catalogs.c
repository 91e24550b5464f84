/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A library for LD_PRELOAD: the program finds the translations of the folder that the variable
 * TEST_CATALOGS names where it looks for installed ones. */

#include "config.h"

#include <dlfcn.h>
#include <libintl.h>
#include <stdlib.h>
#include <string.h>

char *bindtextdomain(const char *domain, const char *folder)
{
	char *(*original)(const char *, const char *) = dlsym(RTLD_NEXT, "bindtextdomain");
	const char *other = getenv("TEST_CATALOGS");

	if (folder != NULL && other != NULL && strcmp(domain, PACKAGE) == 0)
		folder = other;
	return original(domain, folder);
}
