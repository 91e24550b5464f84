/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this host calls itself. */
#ifndef TOTPGROUP_BASE_HOST_NAME_H
#define TOTPGROUP_BASE_HOST_NAME_H

#include <limits.h>

/* Gives the name, or "localhost" where the host has none; NUL-terminated. */
void host_name(char name[HOST_NAME_MAX + 1]);

#endif
