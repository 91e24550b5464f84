/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The one place where it is decided whether a code lets somebody in. Pure: a
 * credential, what was typed and the time go in; a verdict and the changed
 * credential come out.
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
	const char *typed; /* NUL-terminated; NULL where nothing was to be had */
	/* typed is a password with the code at its end, not the code alone. */
	bool password_before_code;
	int64_t now;		/* seconds since 1970 */
	struct grace_key grace; /* who asks, for a grace period */
	int64_t grace_period;	/* seconds; 0 for none */
	/* This is the first text tried in this login: count it in RATE_LIMIT. */
	bool count;
	/* It comes through a front end, whose attempts are counted apart from
	 * logins (rate_limit.h), and have no penalty for an HOTP failure. */
	bool front_end;
	/* No other text is tried after this one in this login. An HOTP failure is
	 * penalised then, be it of this text or, as penalty_due says, of the one
	 * before. */
	bool last;
	bool penalty_due;
	bool disallow_reuse;	/* even where the credential does not say so */
	bool no_skew_adjust;	/* do not learn a new TIME_SKEW */
	bool no_increment_hotp; /* no penalty for an HOTP failure */
	/* An attempt that the rate limit refuses is not recorded, so that it does
	 * not prolong the block. */
	bool blocked_uncounted;
};

#define ATTEMPT_INIT                                                                           \
	{                                                                                      \
		.count = true, .last = true                                                    \
	}

/* What the flow needs besides the public result. */
struct decision {
	struct totpgroup_result result;
	/* No code was recognised at all, so that another text of the same login
	 * may still be tried. Never set together with ACCEPTED. */
	bool no_match;
	/* An HOTP code was wrong, and last was not set: pass it on to the attempt
	 * with the next text of this login. */
	bool penalty_due;
	/* How many bytes of typed came before the code. Set when accepted. */
	size_t password_length;
	/* Whose code was accepted, where the user has several devices; else empty. */
	char device[DEVICE_NAME_SIZE];
};

#define DECISION_INIT                                                                          \
	{                                                                                      \
		.result = TOTPGROUP_RESULT_INIT                                                \
	}

/*
 * Before the prompt, on a credential that nobody has locked and that is not
 * changed: is this login refused already (rate limit reached, malformed
 * RATE_LIMIT), let in by grace, or is it to be asked? In the last case the
 * reason is TOTPGROUP_REASON_NONE. With a damaged secret or an impossible clock
 * it is asked, and decide() says what is wrong.
 *
 * Returns 0, or a TOTPGROUP_E... with a refusal.
 */
int decide_before_prompt(const totpgroup_credential *credential, const struct attempt *attempt,
	struct totpgroup_result *result, struct error *error);

/*
 * Decides, in this order: rate limit; PENDING_UNTIL; emergency code; HOTP, or TOTP
 * of any device, with reuse and skew; grace is recorded. The caller holds the credential's lock,
 * makes the new text durable when result.changed is set, and only then acts
 * upon the verdict.
 *
 * Returns 0 when there is a verdict. error holds what is wrong with the
 * credential where the reason is TOTPGROUP_REASON_BAD_FILE, and with a clock
 * before 1970 or beyond any real time (TOTPGROUP_REASON_STORE_ERROR). A
 * negative return (memory, crypto) is a refusal and leaves the credential
 * unfit for use.
 */
int decide(totpgroup_credential *credential, const struct attempt *attempt,
	struct decision *decision, struct error *error);

#endif
