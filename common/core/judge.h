/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Would a login take this credential? */
#ifndef TOTPGROUP_CORE_JUDGE_H
#define TOTPGROUP_CORE_JUDGE_H

#include <stddef.h>

#include "base/error.h"
#include "core/credential.h"

/*
 * Reads everything that decide() and decide_before_prompt() may read, whatever is
 * typed and whenever: limits, PENDING_UNTIL, the secret, hashed emergency codes, how
 * codes are computed, further devices, spent time steps.
 *
 * Returns 0 where every attempt gets a verdict on the code. Otherwise returns the
 * error that such an attempt ends with, usually TOTPGROUP_EFORMAT with the line in
 * the message. A credential that has expired, or whose limit is reached, is none.
 *
 * Does not change the credential. With state kept apart, pass what state_apply()
 * (core/state.h) gives.
 */
int credential_judge(const totpgroup_credential *credential, struct error *error);

/* The same for length bytes of text, which may be no credential at all. */
int credential_judge_text(const char *text, size_t length, struct error *error);

#endif
