/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Percent-encoding (RFC 3986 section 2.1). */
#ifndef TOTPGROUP_EXCHANGE_PERCENT_H
#define TOTPGROUP_EXCHANGE_PERCENT_H

#include <stddef.h>

#include "base/text.h"

/*
 * Appends the decoded characters. A '+' is a plus sign. Returns 0, TOTPGROUP_EMEMORY,
 * or TOTPGROUP_EFORMAT where a '%' is not followed by two hexadecimal digits; the
 * characters before it may have been appended then.
 */
int percent_decode(struct text *text, const char *characters, size_t length);

/* Appends a string, encoding all but RFC 3986's unreserved characters and the one that
 * is also allowed, NUL for none. Returns 0 or TOTPGROUP_EMEMORY. */
int percent_encode(struct text *text, const char *string, char also_allowed);

#endif
