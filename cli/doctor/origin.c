/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/origin.h"

#include "base/text.h"
#include "cli/doctor/stack.h"
#include "cli/pamconf/option_origin.h"

static struct option_place find(const struct doctor *doctor, const char *option)
{
	return option_place_find(&doctor->configuration, doctor->line->argument_count,
		(const char *const *)doctor->line->arguments, option);
}

struct doctor_place doctor_place_of(const struct doctor *doctor, const char *option)
{
	const struct option_place place = find(doctor, option);

	if (place.argument < 0 && place.value != NULL)
		return (struct doctor_place){place.value->path, place.value->line, place.text};
	return (struct doctor_place){doctor->line->file, doctor->line->number, place.text};
}

static void mend_in_file(struct doctor *doctor, struct finding *finding, const char *option,
	const char *value, const struct configuration_value *old)
{
	if (value != NULL)
		finding_mend(&doctor->report, finding, MEND_REPLACE, old->path, old->line,
			"%s=%s", option, value);
	else
		finding_mend(&doctor->report, finding, MEND_REMOVE, old->path, old->line,
			"%s=%s", option, old->value);
}

static void mend_on_line(struct doctor *doctor, struct finding *finding, const char *option,
	const char *value, int argument)
{
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;
	struct text replacement = TEXT_INIT;

	change.argument = argument;
	if (value != NULL && text_append_format(&replacement, "%s=%s", option, value) != 0)
		doctor->report.out_of_memory = true;
	change.replacement = replacement.data;
	doctor_mend_line(doctor, finding, doctor->line, &change);
	text_free(&replacement);
}

void doctor_mend_option(
	struct doctor *doctor, struct finding *finding, const char *option, const char *value)
{
	const struct option_place place = find(doctor, option);

	if (place.argument >= 0)
		mend_on_line(doctor, finding, option, value, place.argument);
	else if (place.value != NULL)
		mend_in_file(doctor, finding, option, value, place.value);
}
