/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Learning the time skew of a device whose clock is wrong (RFC 6238 section 6). Three
 * codes of nearly consecutive steps, all with nearly the same skew, set " TIME_SKEW.
 * Until then " RESETTING_TIME_SKEW holds the step and skew of up to three of them, as in
 * `59841930-20 59841931-20`.
 */
#ifndef TOTPGROUP_CORE_SKEW_H
#define TOTPGROUP_CORE_SKEW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/credential.h"

/* The largest skew that is learned, in steps. */
#define SKEW_STEPS_MAX 1499

/* How far ahead the first device is, in steps, as " TIME_SKEW says; 0 without the line
 * and for a number beyond 32 bits. */
int64_t skew_stored(const totpgroup_credential *credential);

/*
 * Records a code that was found at now_step + skew. When it is the third of a run, sets
 * *learned and stores the skew; without may_complete, does nothing then. Sets *changed
 * when the credential was changed. Returns 0 or TOTPGROUP_EMEMORY.
 */
int skew_learn(totpgroup_credential *credential, int64_t now_step, int64_t skew,
	bool may_complete, bool *learned, bool *changed);

#endif
