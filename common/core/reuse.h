/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* " DISALLOW_REUSE c...: the time steps whose codes are spent (RFC 6238 section 5.2: a
 * code is accepted once). All devices share the list. */
#ifndef TOTPGROUP_CORE_REUSE_H
#define TOTPGROUP_CORE_REUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/credential.h"

/* The answer of reuse_spend(). */
enum reuse {
	REUSE_SPENT_BEFORE = 0, /* refuse */
	REUSE_FRESH,		/* recorded now, for the first time */
	REUSE_NOT_TRACKED,	/* the credential allows reuse */
};

/* Whether the code of that step is spent. Errors as reuse_spend(). */
int reuse_look(
	const totpgroup_credential *credential, int64_t step, bool *spent, struct error *error);

/*
 * Spends the code of a time step that was found in a window of that many steps. Drops
 * steps that are no longer within reach of any device's window. With `always`, a
 * credential without the line gets one. Returns 0 with *answer; TOTPGROUP_EFORMAT for a
 * malformed list; TOTPGROUP_EMEMORY.
 */
int reuse_spend(totpgroup_credential *credential, int64_t step, unsigned int window,
	bool always, enum reuse *answer, struct error *error);

#endif
