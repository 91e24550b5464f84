/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which apps take a credential for one of another kind. */
#ifndef TOTPGROUP_MESSAGE_APP_SUPPORT_H
#define TOTPGROUP_MESSAGE_APP_SUPPORT_H

#include "base/text.h"
#include "core/new_credential.h"

/* Where that can be, appends what the person is told about it: one line that names
 * such apps, without a newline. Nothing where every app knows the kind. Returns 0 or
 * TOTPGROUP_EMEMORY. */
int app_support_append(const struct new_credential *credential, struct text *text);

#endif
