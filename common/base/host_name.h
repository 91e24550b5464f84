/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The name of this host. */
#ifndef TOTPGROUP_BASE_HOST_NAME_H
#define TOTPGROUP_BASE_HOST_NAME_H

#include <limits.h>

/* Gives the name, or "localhost" where none is set; NUL-terminated. */
void host_name(char name[HOST_NAME_MAX + 1]);

#endif
