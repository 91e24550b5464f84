/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Would a login take this credential? */
#ifndef TOTPGROUP_CORE_JUDGE_H
#define TOTPGROUP_CORE_JUDGE_H

#include <stddef.h>

#include "base/error.h"
#include "core/credential.h"

/*
 * Reads everything that decide() and decide_before_prompt() may read for any code at any
 * time: limits, PENDING_UNTIL, the secret, hashed emergency codes, parameters, further
 * devices, spent time steps.
 *
 * Returns 0 where every attempt gets a verdict on its code. Otherwise returns the error
 * of an attempt that does not, usually TOTPGROUP_EFORMAT with the line in the message.
 * An expired credential, or one whose limit is reached, is no error.
 *
 * For a credential with separate state, pass the result of state_apply() (core/state.h).
 */
int credential_judge(const totpgroup_credential *credential, struct error *error);

/* The same for length bytes of text, which need not be a credential. */
int credential_judge_text(const char *text, size_t length, struct error *error);

#endif
