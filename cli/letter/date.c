/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/date.h"

#include <time.h>

#include "message/translate.h"
#include "totpgroup.h"

/* As they stand in a date. Not strftime(), whose names depend on locales that this
 * host may not have. */
static const char *const months[] = {
	N_("January"),
	N_("February"),
	N_("March"),
	N_("April"),
	N_("May"),
	N_("June"),
	N_("July"),
	N_("August"),
	N_("September"),
	N_("October"),
	N_("November"),
	N_("December"),
};

int letter_date_append(int64_t seconds, struct text *text)
{
	time_t time = (time_t)seconds;
	struct tm local;
	int result;

	if (localtime_r(&time, &local) == NULL)
		return TOTPGROUP_EARGUMENT;
	/* Day, month and year. */
	result = text_append_format(text, translate("%d %s %d"), local.tm_mday,
		translate(months[local.tm_mon]), local.tm_year + 1900);
	if (result != 0 || (local.tm_hour == 0 && local.tm_min == 0 && local.tm_sec == 0))
		return result;
	return text_append_format(text, ", %d:%02d", local.tm_hour, local.tm_min);
}
