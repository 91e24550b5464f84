/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Base32 (RFC 4648 section 6) as secrets are written by people and programs. */
#ifndef TOTPGROUP_BASE_BASE32_H
#define TOTPGROUP_BASE_BASE32_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decodes length characters into bytes, which must have room for
 * length * 5 / 8. Either case; blanks, tabs, CR, LF and '-' are skipped; 0, 1
 * and 8 are read as the O, L and B that somebody meant; bits short of a byte
 * at the end are dropped, as google-authenticator does. '=' and everything
 * else is an error.
 *
 * Returns 0 with the number of bytes (0 is possible) in *decoded, or
 * TOTPGROUP_EFORMAT, with *decoded 0 and no bytes left behind. The time it
 * takes depends on the length and on where characters are skipped, not on the
 * values of the others; no copy of them is kept.
 */
int base32_decode(const char *characters, size_t length, uint8_t *bytes, size_t *decoded);

/* Length of the text for that many bytes, without padding or NUL. */
#define BASE32_LENGTH(bytes) (((bytes)*8 + 4) / 5)

/* Encodes in upper case without padding; characters must have room for
 * BASE32_LENGTH(length) + 1 and is NUL-terminated. */
void base32_encode(const uint8_t *bytes, size_t length, char *characters);

#endif
