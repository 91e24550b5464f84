/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* " LAST0 to " LAST9: the hosts that a code was last accepted from, and when.
 * With a grace period such a host is not asked again until it is over. */
#ifndef TOTPGROUP_CORE_GRACE_H
#define TOTPGROUP_CORE_GRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/credential.h"

/* Whether a code was accepted from host in the period seconds before now.
 * host may be NULL: never. A time in the future does not count. */
bool grace_applies(
	const totpgroup_credential *credential, const char *host, int64_t now, int64_t period);

/* Records that a code was accepted from host now. A host that is no plain
 * name or address is left out. *changed is set when the credential was.
 * Returns 0 or TOTPGROUP_EMEMORY. */
int grace_record(
	totpgroup_credential *credential, const char *host, int64_t now, bool *changed);

#endif
