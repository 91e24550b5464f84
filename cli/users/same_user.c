/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/same_user.h"

#include <strings.h>

bool same_user(const struct passwd *one, const struct passwd *other)
{
	return one->pw_uid == other->pw_uid && strcasecmp(one->pw_name, other->pw_name) == 0;
}
