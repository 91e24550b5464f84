/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a credential says about itself to whoever looks after it: never the
 * secret, nor a code. */
#ifndef TOTPGROUP_CORE_SUMMARY_H
#define TOTPGROUP_CORE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hmac.h"
#include "core/credential.h"
#include "core/device.h"
#include "core/pending.h"

#define SUMMARY_LABEL_SIZE 128

/* What the codes go by. */
enum summary_kind {
	SUMMARY_EMERGENCY_ONLY = 0,
	SUMMARY_TOTP,
	SUMMARY_HOTP,
};

/* From what it is known when it was used; 0 where the credential does not say. */
struct summary_times {
	int64_t login;	 /* the latest " LASTn: a login with a grace period */
	int64_t code;	 /* the beginning of the latest spent time step, not after now */
	int64_t attempt; /* the latest in " RATE_LIMIT, right or wrong */
};

struct credential_summary {
	enum summary_kind kind;
	enum hmac_algorithm algorithm;
	unsigned int digits;
	unsigned int period; /* of TOTP, in seconds */
	struct pending pending;
	struct summary_times used;
	unsigned int plain_codes;
	unsigned int hashed_codes;
	bool limited;	     /* an attempt now would be refused */
	int64_t retry_after; /* then: seconds until one would not */
	/* That of " LABEL, cut where it is too long, with '?' for what is
	 * not shown (base/utf8.h); empty where there is none. */
	char label[SUMMARY_LABEL_SIZE];
	/* What the devices are called, the first one first. */
	char devices[DEVICES_MAX][DEVICE_NAME_SIZE];
	size_t device_count;
};

/* Reads all of it at `now`, in seconds since 1970. TOTPGROUP_EFORMAT where a
 * login would find the credential damaged, with the line in error;
 * TOTPGROUP_EMEMORY, TOTPGROUP_ECRYPTO. */
int credential_summarize(const totpgroup_credential *credential, int64_t now,
	struct credential_summary *summary, struct error *error);

#endif
