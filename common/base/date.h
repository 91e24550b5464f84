/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Days and lengths of time as people write them. Both parsers leave their result
 * unchanged when they return false. */
#ifndef TOTPGROUP_BASE_DATE_H
#define TOTPGROUP_BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATE_DAY_SECONDS INT64_C(86400)

/* Reads length bytes as YYYY-MM-DD, an existing day from 1970 to 9999. *begin is
 * the first second of the day in UTC, since 1970. */
bool date_parse(const char *text, size_t length, int64_t *begin);

/* Reads length bytes as whole seconds, or as a number directly followed by s, m, h
 * or d. The result must be minimum to maximum seconds. */
bool duration_parse(
	const char *text, size_t length, int64_t minimum, int64_t maximum, int64_t *seconds);

/* Seconds as days, rounded up; 0 for a negative number. */
int64_t date_days_begun(int64_t seconds);

#endif
