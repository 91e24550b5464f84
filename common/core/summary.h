/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The facts of a credential that an administrator may see: never the secret or a code. */
#ifndef TOTPGROUP_CORE_SUMMARY_H
#define TOTPGROUP_CORE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/crypto.h"
#include "core/credential.h"
#include "core/device.h"
#include "core/pending.h"

#define SUMMARY_LABEL_SIZE 128

enum summary_kind {
	SUMMARY_EMERGENCY_ONLY = 0,
	SUMMARY_TOTP,
	SUMMARY_HOTP,
};

/* Times of use, in seconds since 1970; 0 where the credential does not tell. */
struct summary_times {
	int64_t login;	 /* the latest of " LASTn: a login with a grace period */
	int64_t code;	 /* when the latest spent time step began, at most now */
	int64_t attempt; /* the latest of " RATE_LIMIT, right or wrong */
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
	int64_t retry_after; /* then: seconds until one is allowed */
	/* The value of " LABEL, cut where it is too long, with '?' for bytes that cannot
	 * be shown (base/utf8.h). */
	char label[SUMMARY_LABEL_SIZE];
	/* The names of the devices, the first device first. */
	char devices[DEVICES_MAX][DEVICE_NAME_SIZE];
	size_t device_count;
};

/* Reads the facts at `now`, in seconds since 1970. TOTPGROUP_EFORMAT, with the line in
 * error, for a credential that a login could find damaged (core/judge.h);
 * TOTPGROUP_EMEMORY; TOTPGROUP_ECRYPTO. */
int credential_summarize(const totpgroup_credential *credential, int64_t now,
	struct credential_summary *summary, struct error *error);

#endif
