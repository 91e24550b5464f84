/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/date.h"

#include <string.h>
#include <time.h>

#include "base/number.h"

bool date_parse(const char *text, size_t length, int64_t *begin)
{
	struct tm day = {0}, same;
	int64_t year, month, day_of_month;
	time_t seconds;

	if (length != 10 || text[4] != '-' || text[7] != '-' ||
		!number_parse(text, 4, 1970, 9999, &year) ||
		!number_parse(text + 5, 2, 1, 12, &month) ||
		!number_parse(text + 8, 2, 1, 31, &day_of_month))
		return false;
	day.tm_year = (int)(year - 1900);
	day.tm_mon = (int)(month - 1);
	day.tm_mday = (int)day_of_month;
	seconds = timegm(&day);
	/* timegm() turns a day that does not exist into one of the next month. */
	if (gmtime_r(&seconds, &same) == NULL || same.tm_mday != (int)day_of_month)
		return false;
	*begin = (int64_t)seconds;
	return true;
}

bool duration_parse(
	const char *text, size_t length, int64_t minimum, int64_t maximum, int64_t *seconds)
{
	static const char units[] = "smhd";
	static const int64_t factors[] = {1, 60, 3600, DATE_DAY_SECONDS};
	const char *unit = length > 0 ? memchr(units, text[length - 1], 4) : NULL;
	int64_t factor = unit != NULL ? factors[unit - units] : 1;
	int64_t number;

	if (!number_parse(
		    text, unit != NULL ? length - 1 : length, 0, INT64_MAX / factor, &number) ||
		number * factor < minimum || number * factor > maximum)
		return false;
	*seconds = number * factor;
	return true;
}

int64_t date_days_begun(int64_t seconds)
{
	return seconds <= 0 ? 0 : (seconds + DATE_DAY_SECONDS - 1) / DATE_DAY_SECONDS;
}
