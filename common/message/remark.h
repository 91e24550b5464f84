/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a person is told about the code that was to confirm a new credential. */
#ifndef TOTPGROUP_MESSAGE_REMARK_H
#define TOTPGROUP_MESSAGE_REMARK_H

#include "base/text.h"
#include "core/confirmation.h"
#include "core/new_credential.h"

/* Appends what is wrong with a code that is not right, with a newline; never what
 * the right one is. Nothing for one that is. Returns 0 or TOTPGROUP_EMEMORY. */
int remark_append(const struct new_credential *credential,
	const struct confirmation *confirmation, struct text *text);

#endif
