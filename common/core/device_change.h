/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Adding and revoking one device of a user. Pure: texts go in and come out.
 *
 * What was spent stays spent, whatever the device: the steps and the emergency codes
 * that are, and the times of attempts, are the user's.
 */
#ifndef TOTPGROUP_CORE_DEVICE_CHANGE_H
#define TOTPGROUP_CORE_DEVICE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct device_change {
	const char *name;
	const char *secret; /* of a device to be added, in base32; NULL to revoke one */
	bool replace;	    /* in place of another of that name, which is revoked */
	int64_t spent_step; /* of the code that confirmed it; 0 for none */
	/* Spend it even where the credential does not say so. */
	bool disallow_reuse;
};

/*
 * Makes the new text of the secret, and where state is not NULL that of the state
 * that is kept apart from it. Whoever writes them writes the state first: with it,
 * nothing that was spent is good in either text of the secret. next_secret and
 * next_state must be TEXT_INIT, and are the caller's to text_free(), also after an
 * error.
 *
 * The first device is revoked by putting the next one in its place. Whoever was
 * spared a code by a grace period is asked again, after a device was revoked.
 *
 * TOTPGROUP_ENOTFOUND where there is no device of that name; TOTPGROUP_EARGUMENT
 * where there is one already, it is the only one, there are as many as there may be,
 * or the codes do not go by time; TOTPGROUP_EFORMAT for damage, in the state where
 * *damaged_state is set; TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY, TOTPGROUP_ECRYPTO.
 */
int device_change(const struct device_change *change, const struct text *secret,
	const struct text *state, struct text *next_secret, struct text *next_state,
	bool *damaged_state, struct error *error);

#endif
