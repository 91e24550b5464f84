/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looking for a code that changes with time on all devices of a user. */
#ifndef TOTPGROUP_CORE_DEVICE_SEARCH_H
#define TOTPGROUP_CORE_DEVICE_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hmac.h"
#include "core/credential.h"
#include "core/device.h"

/* A handle for each device, the first one first. Begins zeroed, ends with
 * device_keys_close(). */
struct device_keys {
	struct hmac *hmac[DEVICES_MAX];
	size_t count;
};

/* Opens that of the first device, and then those of the further ones. Errors as
 * credential_open_hmac() and devices_read(). */
int device_keys_open_first(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error);
int device_keys_open_further(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error);

void device_keys_close(struct device_keys *keys);

enum device_match_kind {
	DEVICE_MATCH_NONE = 0,
	DEVICE_MATCH_WINDOW,	 /* a code of now */
	DEVICE_MATCH_OTHER_TIME, /* of up to SKEW_STEPS_MAX steps before or after */
};

struct device_match {
	enum device_match_kind kind;
	size_t device;
	int64_t step;
};

/* Where to look. The first device may be ahead by first_skew steps; the others are
 * expected to be right. */
struct device_search {
	int64_t now_step;
	int64_t first_skew;
	unsigned int window;
	unsigned int digits;
};

/*
 * Looks for the code in the window of each device, and where it is in none, at
 * other times of each. Where it is a code of several, the first of them counts.
 * Always computes the codes of all devices, so that the time it takes does not tell
 * which one it was. Returns 0, or TOTPGROUP_ECRYPTO with DEVICE_MATCH_NONE.
 */
int device_search(const struct device_keys *keys, const struct device_search *search,
	const char *code, struct device_match *match);

#endif
