/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Replaces getsockopt(), so that the module believes a fake totp-verifyd that does not run as root.
 * Link with -rdynamic. */
#ifndef TOTPGROUP_TESTS_FAKE_LISTENER_H
#define TOTPGROUP_TESTS_FAKE_LISTENER_H

#include <dlfcn.h>

#include "../unit/fake_verifyd.h"

static uid_t fake_listener_uid; /* the uid that the module sees */

static inline int fake_credentials(int fd, int level, int name, void *value, socklen_t *size)
{
	static int (*real)(int fd, int level, int name, void *value, socklen_t *size);
	int status;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "getsockopt");
	status = real(fd, level, name, value, size);
	if (status == 0 && level == SOL_SOCKET && name == SO_PEERCRED)
		((struct ucred *)value)->uid = fake_listener_uid;
	return status;
}

#endif
