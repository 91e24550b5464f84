/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A credential as two texts: the secret, which only its owner changes, and the state,
 * which every login changes.
 *
 * The state has the times of RATE_LIMIT (the secret has its limits), FRONT_END_ATTEMPTS,
 * DISALLOW_REUSE, TIME_SKEW, RESETTING_TIME_SKEW, HOTP_COUNTER (the greater one counts),
 * LAST0 to LAST9, whether PENDING_UNTIL was confirmed, and which emergency codes are
 * spent. It has them for each secret separately, and remembers earlier secrets: what
 * was spent stays spent when an old secret file is restored, even what was spent while
 * one of its further devices was the first device. Secrets and codes are in the state
 * only as HMAC-SHA-256 values, keyed with the secret.
 */
#ifndef TOTPGROUP_CORE_STATE_H
#define TOTPGROUP_CORE_STATE_H

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "core/credential.h"

/* The state before the first login. */
#define STATE_EMPTY "totpgroup-state 1\n\" END\n"

/*
 * Joins both texts: *effective is what decide() works on, and the caller frees it. A
 * state of length 0 is empty. Lines of the secret keep their numbers, so that messages
 * name the right lines. Where the secret is damaged, *effective is the secret as it is,
 * and decide() reports the damage.
 *
 * TOTPGROUP_EFORMAT: *damaged_state tells whether the line in error is in the state.
 * TOTPGROUP_EMEMORY, TOTPGROUP_ECRYPTO. *effective is NULL after an error.
 */
int state_apply(const struct text *secret, const struct text *state,
	totpgroup_credential **effective, bool *damaged_state, struct error *error);

/*
 * Makes the next state after decide() on the result of state_apply() for the same two
 * texts. next must be TEXT_INIT, and is unchanged where the secret is damaged, because
 * then nothing can be spent. TOTPGROUP_EFORMAT for a damaged state, TOTPGROUP_ESYSTEM
 * where the next one would exceed CREDENTIAL_TEXT_MAX, TOTPGROUP_EMEMORY,
 * TOTPGROUP_ECRYPTO.
 */
int state_extract(const struct text *secret, const struct text *state,
	const totpgroup_credential *effective, struct text *next, struct error *error);

/*
 * Whether the user of a state is enrolled although there is no secret: it may be in a home
 * that is not mounted. So it is unless the latest secret was revoked. A state of length 0
 * is empty, and its user is not. TOTPGROUP_EFORMAT for a damaged state.
 */
int state_is_enrolled(const struct text *state, bool *enrolled, struct error *error);

/* Makes the next state after the secret was removed on purpose, at that time. next must be
 * TEXT_INIT, and stays empty where there is nothing to note. TOTPGROUP_EFORMAT for a
 * damaged state, TOTPGROUP_EMEMORY. */
int state_revoke(const struct text *state, int64_t now, struct text *next, struct error *error);

/*
 * The digest of the emergency code that the later of two states has as spent and the earlier one has
 * not, keyed with the secret. TOTPGROUP_ENOTFOUND where there is none; TOTPGROUP_EFORMAT for a
 * damaged state.
 */
#define STATE_SPENT_SIZE 16
int state_find_spent(const struct text *earlier, const struct text *later,
	uint8_t digest[STATE_SPENT_SIZE], struct error *error);

#endif
