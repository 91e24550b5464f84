/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A time as a letter says it. */
#ifndef TOTPGROUP_CLI_LETTER_DATE_H
#define TOTPGROUP_CLI_LETTER_DATE_H

#include <stdint.h>

#include "base/text.h"

/* Appends a time, in seconds since 1970, as a day of this host's time zone in the
 * language that translate() speaks, and with hour and minute where it is not a day's
 * beginning. 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EARGUMENT for a time that has no
 * day. */
int letter_date_append(int64_t seconds, struct text *text);

#endif
