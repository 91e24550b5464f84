/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The decision whether a code is accepted. Pure: credential, typed text and time go in;
 * a verdict and the changed credential come out.
 */
#ifndef TOTPGROUP_CORE_DECIDE_H
#define TOTPGROUP_CORE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/credential.h"
#include "core/device.h"
#include "core/grace.h"
#include "totpgroup.h"

/* One attempt. Begins as ATTEMPT_INIT. */
struct attempt {
	const char *typed;	   /* NUL-terminated; NULL where the user gave no answer */
	bool password_before_code; /* typed is a password followed by the code */
	int64_t now;		   /* seconds since 1970 */
	struct grace_key grace;
	int64_t grace_period; /* seconds; 0 for none */
	/* Count the attempt in RATE_LIMIT: this is the first text of this login. */
	bool count;
	/* The attempt comes through a front end. These are counted separately from logins
	 * (rate_limit.h), and have no penalty for a wrong HOTP code. */
	bool front_end;
	/* This is the last text of this login. A wrong HOTP code has its penalty now: of
	 * this text or, as penalty_due tells, of an earlier one. */
	bool last;
	bool penalty_due;
	bool disallow_reuse;	/* even where the credential allows reuse */
	bool no_skew_adjust;	/* do not learn a new TIME_SKEW */
	bool no_increment_hotp; /* no penalty for a wrong HOTP code */
	bool resync_hotp;	/* take two HOTP codes in a row that are ahead (resync.h) */
	/* Nothing but hashed emergency codes is tried, whatever the credential has. */
	bool hashed_codes_alone;
	/* Do not record an attempt that the rate limit refuses, so that it does not
	 * prolong the block. */
	bool blocked_uncounted;
};

#define ATTEMPT_INIT                                                                           \
	{                                                                                      \
		.count = true, .last = true                                                    \
	}

/* The public result, and what only the login itself needs. */
struct decision {
	struct totpgroup_result result;
	/* No code was recognized, so that another text of the same login may be tried.
	 * Never set together with ACCEPTED. */
	bool no_match;
	/* An HOTP code was wrong, and last was not set: pass this on to the attempt with
	 * the next text of this login. */
	bool penalty_due;
	/* How many bytes of typed precede the code. Set when accepted. */
	size_t password_length;
	/* HOTP: how far the counter seems to be behind a wrong code, or was behind two codes in a
	 * row; or 0. For the log alone. */
	int64_t counter_behind;
	/* The device of the accepted code, where the user has several; else empty. */
	char device[DEVICE_NAME_SIZE];
};

#define DECISION_INIT                                                                          \
	{                                                                                      \
		.result = TOTPGROUP_RESULT_INIT                                                \
	}

/*
 * Decides before the prompt, on a credential that is neither locked nor changed: the
 * login is refused (rate limit reached, malformed RATE_LIMIT), accepted within a grace
 * period, or to be asked; then the reason is TOTPGROUP_REASON_NONE. A login with a damaged
 * secret or an impossible clock is asked, and decide() reports the error.
 *
 * Returns 0, or a TOTPGROUP_E... with a refusal.
 */
int decide_before_prompt(const totpgroup_credential *credential, const struct attempt *attempt,
	struct totpgroup_result *result, struct error *error);

/*
 * Decides in this order: rate limit; PENDING_UNTIL; emergency code; HOTP, or TOTP of any
 * device, with reuse and skew; then records grace. The caller holds the lock of the
 * credential, makes the new text durable when result.changed is set, and only then acts
 * on the verdict.
 *
 * Returns 0 with a verdict. error is set where the reason is TOTPGROUP_REASON_BAD_FILE,
 * and for a clock before 1970 or beyond OTP_TIME_MAX (TOTPGROUP_REASON_STORE_ERROR). A
 * negative return (memory, libgcrypt) is a refusal, and the credential is unfit for use.
 */
int decide(totpgroup_credential *credential, const struct attempt *attempt,
	struct decision *decision, struct error *error);

#endif
