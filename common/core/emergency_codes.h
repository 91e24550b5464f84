/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* New emergency codes of either format. */
#ifndef TOTPGROUP_CORE_EMERGENCY_CODES_H
#define TOTPGROUP_CORE_EMERGENCY_CODES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "core/emergency_hash.h"

#define EMERGENCY_CODES_MAX 10

/* How the credential stores codes. */
enum code_format {
	CODE_FORMAT_CHOOSE = 0, /* as the codes that it has */
	CODE_FORMAT_PLAIN,	/* eight digits, which google-authenticator reads too */
	CODE_FORMAT_HASHED,
};

/* Holds secrets: ends with WIPE_OBJECT(). */
struct emergency_codes {
	char code[EMERGENCY_CODES_MAX][EMERGENCY_HASH_WRITTEN_LENGTH + 1];
	unsigned int count;
	bool hashed;
};

/* Draws count different codes. codes must be zeroed. Returns 0 or a TOTPGROUP_E... with a
 * message. */
int emergency_codes_draw(
	struct emergency_codes *codes, unsigned int count, bool hashed, struct error *error);

/* Appends their lines for the credential. Each hashed code takes a moment. Returns 0 or a
 * TOTPGROUP_E... with a message. */
int emergency_codes_append(
	const struct emergency_codes *codes, struct text *text, struct error *error);

/*
 * Draws count different codes for an existing secret, and appends their lines. No code
 * is in the text of the secret, or was spent according to its separate state
 * (core/state.h; of length 0 where there is none). codes must be zeroed.
 *
 * Returns 0 or a TOTPGROUP_E... with a message; an error and *damaged_state of
 * state_apply() where one of the texts is damaged. lines is unchanged after an error.
 */
int emergency_codes_draw_fresh(struct emergency_codes *codes, unsigned int count, bool hashed,
	const struct text *secret, const struct text *state, struct text *lines,
	bool *damaged_state, struct error *error);

#endif
