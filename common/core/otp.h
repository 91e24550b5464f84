/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One-time codes: HOTP (RFC 4226 section 5) and the time steps of TOTP
 * (RFC 6238 section 4). */
#ifndef TOTPGROUP_CORE_OTP_H
#define TOTPGROUP_CORE_OTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"

#define OTP_DIGITS_MIN 6
#define OTP_DIGITS_MAX 8
#define OTP_PERIOD_MIN 1
#define OTP_PERIOD_MAX 3600

/*
 * Computes the code for one counter: 6 to 8 digits with leading zeros, and a NUL.
 * Returns 0, TOTPGROUP_EARGUMENT or TOTPGROUP_ECRYPTO; code is wiped after an error.
 */
int otp_generate(struct hmac *hmac, uint64_t counter, unsigned int digits,
	char code[OTP_DIGITS_MAX + 1]);

/* Counters from first to last, both included. */
struct otp_range {
	int64_t first;
	int64_t last;
};

/*
 * Looks for a code, `digits` ASCII digits, among the counters of range that are not
 * negative. Where several match, finds the one nearest to `nearest`, and the lower of
 * two at the same distance; pass range.first to find the lowest.
 *
 * Computes and compares the codes of all counters in the range, in constant time for
 * each, even after a match. Returns 0 with *found and, where it is true, *counter; or
 * TOTPGROUP_EARGUMENT (digits not 6 to 8, more than 2^20 counters) or
 * TOTPGROUP_ECRYPTO, with *found false.
 */
int otp_search(struct hmac *hmac, struct otp_range range, int64_t nearest, const char *code,
	unsigned int digits, bool *found, int64_t *counter);

/* The latest time that functions of the core accept as now, in seconds since 1970: no
 * calculation from it overflows. */
#define OTP_TIME_MAX (INT64_MAX / 4)

static inline bool otp_time_is_possible(int64_t now)
{
	return now >= 0 && now <= OTP_TIME_MAX;
}

/* The time step of now, in seconds since 1970 (RFC 6238 section 4.2, T0 = 0). now must
 * not be negative, and period must be at least 1. */
int64_t otp_time_step(int64_t now, unsigned int period);

/* The smallest number of seconds by which a clock must differ from now to be in that
 * step: positive for a later step, negative for an earlier one, 0 for the current. */
int64_t otp_step_offset(int64_t step, int64_t now, unsigned int period);

#endif
