/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Adding and revoking one device of a user.
 *
 * Spent time steps, spent emergency codes and the times of attempts belong to the user,
 * and are kept whatever device changes.
 */
#ifndef TOTPGROUP_CORE_DEVICE_CHANGE_H
#define TOTPGROUP_CORE_DEVICE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct device_change {
	const char *name;
	const char *secret; /* of the device to be added, in base32; NULL to revoke one */
	bool replace;	    /* revoke another device of that name */
	int64_t spent_step; /* of the code that confirmed the device; 0 for none */
	/* Spend that step even where the credential allows reuse. */
	bool disallow_reuse;
};

/*
 * Makes the new text of the secret, and where state is not NULL the new text of the
 * separate state. The caller must write the state first: with it, nothing that was spent
 * is accepted with the old or the new secret. next_secret and next_state must be
 * TEXT_INIT; the caller frees them, even after an error.
 *
 * When the first device is revoked, the next one becomes the first. Revoking ends all
 * grace periods.
 *
 * TOTPGROUP_ENOTFOUND where no device has that name. TOTPGROUP_EARGUMENT where one has it
 * already, the device is the only one, there are too many, or the codes do not change
 * with time. TOTPGROUP_EFORMAT for damage; *damaged_state tells whether it is in the
 * state. TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY, TOTPGROUP_ECRYPTO.
 */
int device_change(const struct device_change *change, const struct text *secret,
	const struct text *state, struct text *next_secret, struct text *next_state,
	bool *damaged_state, struct error *error);

#endif
