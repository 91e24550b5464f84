/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Percent-encoding (RFC 3986 section 2.1). */
#ifndef TOTPGROUP_EXCHANGE_PERCENT_H
#define TOTPGROUP_EXCHANGE_PERCENT_H

#include <stddef.h>

#include "base/text.h"

/*
 * Appends what the characters stand for. A '+' is a plus sign. Returns 0,
 * TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where a '%' is not followed by two
 * hexadecimal digits; what came before it is appended then.
 */
int percent_decode(struct text *text, const char *characters, size_t length);

#endif
