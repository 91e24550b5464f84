/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* " PENDING_UNTIL unix-time: an administrator made this credential, and no code has been
 * accepted yet. After that time no code is. */
#ifndef TOTPGROUP_CORE_PENDING_H
#define TOTPGROUP_CORE_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/credential.h"

struct pending {
	bool pending;  /* there is such a line */
	bool expired;  /* and its time is over */
	int64_t until; /* the last second in which a code is accepted */
};

/* Reads the line at `now`, in seconds since 1970; all is false or 0 where there is no
 * line. TOTPGROUP_EFORMAT, with the line in error, where its value is not one time. */
int pending_look(const totpgroup_credential *credential, int64_t now, struct pending *pending,
	struct error *error);

/* Whether there is such a line, even a malformed one. */
bool pending_is_there(const totpgroup_credential *credential);

/* Removes the line after a code was accepted. Sets *changed where there was one.
 * Returns 0 or TOTPGROUP_EMEMORY. */
int pending_confirm(totpgroup_credential *credential, bool *changed);

#endif
