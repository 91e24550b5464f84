/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* " PENDING_UNTIL unix-time: an administrator made this credential, and no code
 * has been good yet. After that time none is. */
#ifndef TOTPGROUP_CORE_PENDING_H
#define TOTPGROUP_CORE_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/credential.h"

/* What the line says. */
struct pending {
	bool pending;  /* there is one */
	bool expired;  /* and its time is over */
	int64_t until; /* then: the last second in which a code is good */
};

/* Reads the line at `now`, in seconds since 1970. Without one all is false.
 * TOTPGROUP_EFORMAT where it is anything but one time; error says which line. */
int pending_look(const totpgroup_credential *credential, int64_t now, struct pending *pending,
	struct error *error);

/* Whether there is such a line, be it malformed. */
bool pending_is_there(const totpgroup_credential *credential);

/* Removes it, once a code was good; *changed is set where there was one. Returns
 * 0 or TOTPGROUP_EMEMORY. */
int pending_confirm(totpgroup_credential *credential, bool *changed);

#endif
