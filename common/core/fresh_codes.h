/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* New emergency codes for a secret whose old ones may be spent. */
#ifndef TOTPGROUP_CORE_FRESH_CODES_H
#define TOTPGROUP_CORE_FRESH_CODES_H

#include "base/error.h"
#include "base/text.h"
#include "core/emergency_codes.h"

/*
 * Draws so many codes, of which none is in the secret's text, nor spent by the
 * state that is kept apart from it (core/state.h; one of no length where it is
 * not), and appends their lines. codes must be zeroed. Hashed ones take a moment
 * each.
 *
 * Returns 0, or a TOTPGROUP_E... with a message: that of state_apply() where one
 * of the two texts is damaged, with *damaged_state as there; lines is unchanged then.
 */
int fresh_codes_draw(struct emergency_codes *codes, unsigned int count, bool hashed,
	const struct text *secret, const struct text *state, struct text *lines,
	bool *damaged_state, struct error *error);

#endif
