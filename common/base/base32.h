/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Base32 (RFC 4648 section 6) as people and programs write secrets. */
#ifndef TOTPGROUP_BASE_BASE32_H
#define TOTPGROUP_BASE_BASE32_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * Decodes length characters into bytes, which must have room for
 * length * 5 / 8. Letters may have either case. Blanks, tabs, CR, LF and '-' are
 * skipped; 0, 1 and 8 are read as O, L and B. As in google-authenticator, bits
 * at the end that do not fill a byte are dropped. Any other character, such as
 * '=', is an error.
 *
 * Returns 0 with the number of bytes, possibly 0, in *decoded. Otherwise returns
 * TOTPGROUP_EFORMAT with *decoded 0 and bytes wiped. The time it takes depends on
 * the length and on which characters are skipped, not on the values of the
 * others; no copy of them is kept.
 */
int base32_decode(const char *characters, size_t length, uint8_t *bytes, size_t *decoded);

/* What a text is, if read as RFC 4648 says. */
enum base32_kind {
	BASE32_EXACT,
	BASE32_FOREIGN, /* it has another character, such as 0, 1 or 8 */
	BASE32_CUT,	/* no number of bytes gives so many characters */
};

/* Ignores what base32_decode() skips. The time it takes depends on the same as there. */
enum base32_kind base32_check(const char *characters, size_t length);

/* Length of the text for that many bytes, without padding or NUL. */
#define BASE32_LENGTH(bytes) (((bytes)*8 + 4) / 5)

/* Encodes in upper case without padding. characters must have room for
 * BASE32_LENGTH(length) + 1, and is NUL-terminated. */
void base32_encode(const uint8_t *bytes, size_t length, char *characters);

/* Appends the same characters to a text. Returns 0 or TOTPGROUP_EMEMORY. */
int base32_append(struct text *text, const uint8_t *bytes, size_t length);

#endif
