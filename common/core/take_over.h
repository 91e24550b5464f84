/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was spent on one copy of a credential becomes spent on another. */
#ifndef TOTPGROUP_CORE_TAKE_OVER_H
#define TOTPGROUP_CORE_TAKE_OVER_H

#include <stdbool.h>

#include "base/error.h"
#include "core/credential.h"

/*
 * Spends on `to` what is spent on `from`, a copy with the same secret: counters and time steps,
 * and emergency codes, hashed or not, of which one must be the same: otherwise they are newer, and
 * stay. Nothing becomes good again. Returns 0 with *changed, TOTPGROUP_EFORMAT or TOTPGROUP_EMEMORY.
 */
int take_over_spent(totpgroup_credential *to, const totpgroup_credential *from, bool *changed,
	struct error *error);

#endif
