/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One-time codes: HOTP (RFC 4226 section 5) and the time steps of TOTP
 * (RFC 6238 section 4). */
#ifndef TOTPGROUP_CORE_OTP_H
#define TOTPGROUP_CORE_OTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hmac.h"

#define OTP_DIGITS_MIN 6
#define OTP_DIGITS_MAX 8
#define OTP_PERIOD_MIN 1
#define OTP_PERIOD_MAX 3600

/*
 * Computes the code for one counter, as text of that many digits with leading
 * zeros and a NUL. digits is 6 to 8. Returns 0, TOTPGROUP_EARGUMENT or
 * TOTPGROUP_ECRYPTO; code is wiped after an error.
 */
int otp_generate(struct hmac *hmac, uint64_t counter, unsigned int digits,
	char code[OTP_DIGITS_MAX + 1]);

/* Counters first..last, both included, to look for a code in. */
struct otp_range {
	int64_t first;
	int64_t last;
};

/*
 * Looks for code, exactly as many ASCII digits as its length, among the
 * counters of range that are not negative. nearest says which one counts
 * where several match: the one with the smallest distance to it, the lower
 * one of two equally far. Pass range.first to get the lowest.
 *
 * Computes and compares every counter of the range, in constant time for
 * each, whether or not one matched before. Returns 0 with *found and, where
 * it is true, *counter; or TOTPGROUP_EARGUMENT (digits not 6 to 8, more than
 * 2^20 counters) or TOTPGROUP_ECRYPTO, with *found false.
 */
int otp_search(struct hmac *hmac, struct otp_range range, int64_t nearest, const char *code,
	unsigned int digits, bool *found, int64_t *counter);

/* The time step of now, in seconds since 1970 (RFC 6238 section 4.2, T0 = 0).
 * now must not be negative, period must be at least 1. */
int64_t otp_time_step(int64_t now, unsigned int period);

/* The least number of seconds by which a clock must differ from now to be in
 * that step: positive for a later step, negative for an earlier one, 0 for
 * the current. */
int64_t otp_step_offset(int64_t step, int64_t now, unsigned int period);

#endif
