/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which emergency codes of a secret are spent, as a state knows it: by digests of
 * them, keyed with the secret. */
#ifndef TOTPGROUP_CORE_STATE_SPENT_H
#define TOTPGROUP_CORE_STATE_SPENT_H

#include <stddef.h>

#include "base/hmac.h"
#include "base/text.h"
#include "core/credential.h"
#include "core/state_text.h"

/* The keyed digest of a message, which says what it is of and is longer than the
 * eight bytes that a code is computed from: none is ever a code. Returns 0 or
 * TOTPGROUP_ECRYPTO. */
int state_digest(struct hmac *hmac, const char *message, size_t length,
	char digest[STATE_DIGEST_LENGTH + 1]);

/* The id of the secret that the handle is keyed with. Returns as above. */
int state_identify(struct hmac *hmac, char id[STATE_DIGEST_LENGTH + 1]);

/* Empties the lines from start to end without removing them. Returns 0 or
 * TOTPGROUP_EMEMORY. */
int state_blank(struct text *text, size_t start, size_t end);

/* Empties the lines of codes of either kind that the section, which may be NULL,
 * calls spent. No line is removed. Returns 0, TOTPGROUP_EMEMORY or
 * TOTPGROUP_ECRYPTO. */
int state_spent_blank(
	struct hmac *hmac, const struct state_section *own, totpgroup_credential *effective);

/* Appends the section's line of the codes that are spent: those of before, and
 * those that the secret has and the effective credential no longer has. Errors as
 * above. */
int state_spent_append(struct hmac *hmac, const struct state_section *own,
	const totpgroup_credential *secret, const totpgroup_credential *effective,
	struct text *next);

#endif
