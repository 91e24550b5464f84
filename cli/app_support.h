/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_APP_SUPPORT_H
#define TOTPGROUP_CLI_APP_SUPPORT_H

#include <stdbool.h>

#include "new_credential.h"

/* Where the credential is of a kind that some apps take for another, says so
 * on standard error, in one line that names them. confirmed: a code from the
 * app is asked for. */
void app_support_warn(const struct new_credential *credential, bool confirmed);

#endif
