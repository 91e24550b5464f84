/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Adding and revoking one device in a user's credential where it lies. */
#ifndef TOTPGROUP_STORE_DEVICE_PLACE_H
#define TOTPGROUP_STORE_DEVICE_PLACE_H

#include "base/error.h"
#include "core/device_change.h"
#include "store/credential_place.h"

/*
 * Makes the change durable, under the locks of the logins. Where the state is kept
 * apart it is written first, until it has all of the change, and then, while no login
 * decides, the secret: at every moment what was spent is spent.
 *
 * Errors of device_change(), which say which file a damaged line is in, of file_store.h
 * and of state_store.h.
 */
int device_place_change(const struct credential_place *place,
	const struct device_change *change, struct error *error);

#endif
