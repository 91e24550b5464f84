/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which members of a group are people who log in. */
#ifndef TOTPGROUP_CLI_BULK_ELIGIBLE_H
#define TOTPGROUP_CLI_BULK_ELIGIBLE_H

#include <pwd.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define LOGIN_DEFS "/etc/login.defs"

/* Reads UID_MIN of a file as login.defs(5), the first uid of people; 1000 where
 * neither the file nor that line is there. TOTPGROUP_ECONFIG where the line has no
 * number, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY. */
int bulk_read_first_uid(const char *path, uid_t *first, struct error *error);

/* Whether that is no person: a uid below the first one, or one of those that
 * systemd hands out to services (61184 to 65519), nobody's, or the last before
 * 65536. UID_MAX does not count, because directories number people far above it. */
bool bulk_is_system_account(uid_t uid, uid_t first);

/* Whether the shell lets nobody in: by its last part, nologin, false and the like. */
bool bulk_has_login_shell(const char *shell);

#endif
