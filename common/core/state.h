/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A credential in two texts: the secret, which only its owner changes, and the
 * state, which every login changes. Pure: texts go in and come out.
 *
 * To the state belong the times of RATE_LIMIT (its limits are the secret's),
 * FRONT_END_ATTEMPTS, DISALLOW_REUSE, TIME_SKEW, RESETTING_TIME_SKEW, HOTP_COUNTER (the greater one
 * counts), LAST0 to LAST9, whether PENDING_UNTIL was confirmed, and which emergency
 * codes are spent. It holds them for
 * each secret by itself, and remembers earlier ones: what was spent stays spent
 * when an old secret file is put back. So does what was spent while one of the further
 * devices in it was the first. Secrets and codes stand in it only as
 * HMAC-SHA-256 values keyed with the secret.
 */
#ifndef TOTPGROUP_CORE_STATE_H
#define TOTPGROUP_CORE_STATE_H

#include "base/error.h"
#include "base/text.h"
#include "core/credential.h"

/* What a state file holds before the first login. */
#define STATE_EMPTY "totpgroup-state 1\n\" END\n"

/*
 * Puts both together: *effective is what decide() works on, and the caller frees
 * it. A state of no length is one without anything. Of the secret's lines each
 * keeps its number, so that messages about them are right. Where the secret is
 * damaged, *effective is the secret as it stands, on which decide() says so.
 *
 * TOTPGROUP_EFORMAT: *damaged_state tells which of the two is meant by the line in
 * error. TOTPGROUP_EMEMORY, TOTPGROUP_ECRYPTO. *effective is NULL after an error.
 */
int state_apply(const struct text *secret, const struct text *state,
	totpgroup_credential **effective, bool *damaged_state, struct error *error);

/*
 * The state after decide() on what state_apply() gave for the same two texts.
 * next must be TEXT_INIT, and stays that where the secret is damaged: nothing can
 * be spent then. TOTPGROUP_EFORMAT for a damaged state, TOTPGROUP_ESYSTEM where it
 * would be longer than CREDENTIAL_TEXT_MAX, TOTPGROUP_EMEMORY, TOTPGROUP_ECRYPTO.
 */
int state_extract(const struct text *secret, const struct text *state,
	const totpgroup_credential *effective, struct text *next, struct error *error);

#endif
