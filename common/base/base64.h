/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Base64 (RFC 4648 sections 4 and 5). */
#ifndef TOTPGROUP_BASE_BASE64_H
#define TOTPGROUP_BASE_BASE64_H

#include <stddef.h>

#include "base/text.h"

/*
 * Appends the decoded bytes. Reads both alphabets, with or without '=' at the
 * end. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT for any other character
 * or an impossible length; some bytes may have been appended then.
 */
int base64_decode(struct text *bytes, const char *characters, size_t length);

/* Appends the bytes encoded as in section 4, with '=' at the end. Returns 0 or
 * TOTPGROUP_EMEMORY. */
int base64_encode(struct text *characters, const char *bytes, size_t length);

#endif
