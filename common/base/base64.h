/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Base64 (RFC 4648 sections 4 and 5). */
#ifndef TOTPGROUP_BASE_BASE64_H
#define TOTPGROUP_BASE_BASE64_H

#include <stddef.h>

#include "base/text.h"

/*
 * Appends the bytes that the characters stand for. Both alphabets are read,
 * and '=' at the end may be there or not. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT for any other character and for a length that no bytes
 * have; some bytes may be appended then.
 */
int base64_decode(struct text *bytes, const char *characters, size_t length);

/* Appends the characters of section 4, with '=' at the end. Returns 0 or
 * TOTPGROUP_EMEMORY. */
int base64_encode(struct text *characters, const char *bytes, size_t length);

#endif
