/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Emergency codes in the making, of either format. */
#ifndef TOTPGROUP_CORE_EMERGENCY_CODES_H
#define TOTPGROUP_CORE_EMERGENCY_CODES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "core/emergency_hash.h"

#define EMERGENCY_CODES_MAX 10

/* How the file keeps them. */
enum code_format {
	CODE_FORMAT_CHOOSE = 0, /* as suits the file */
	CODE_FORMAT_PLAIN,	/* eight digits, which google-authenticator reads too */
	CODE_FORMAT_HASHED,
};

/* Holds secrets: ends with WIPE_OBJECT(). */
struct emergency_codes {
	char code[EMERGENCY_CODES_MAX][EMERGENCY_HASH_WRITTEN_LENGTH + 1];
	unsigned int count;
	bool hashed;
};

/* Draws so many different codes. Returns 0 or a TOTPGROUP_E... with a message. */
int emergency_codes_draw(
	struct emergency_codes *codes, unsigned int count, bool hashed, struct error *error);

/* Appends their lines for the file. Hashed ones take a moment each. Returns as
 * above. */
int emergency_codes_append(
	const struct emergency_codes *codes, struct text *text, struct error *error);

#endif
