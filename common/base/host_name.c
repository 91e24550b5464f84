/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/host_name.h"

#include <string.h>
#include <unistd.h>

void host_name(char name[HOST_NAME_MAX + 1])
{
	if (gethostname(name, HOST_NAME_MAX + 1) != 0 || name[0] == '\0')
		strcpy(name, "localhost");
	name[HOST_NAME_MAX] = '\0';
}
