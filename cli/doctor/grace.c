/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a login session can be remembered: grace_services=. */

#include "config.h"

#include <string.h>

#include "cli/doctor/doctor.h"
#include "config/options.h"
#include "gate/service_list.h"
#include "message/translate.h"

#define CHECK "grace"

/* What keeps the option from doing anything, or NULL. */
static const char *find_obstacle(const struct options *options)
{
	if (options->grace_period == 0)
		return translate("grace_period= says for how long, and is 0");
	if (options->user == NULL ||
		(strcmp(options->user, "root") != 0 && strcmp(options->user, "0") != 0))
		return translate(
			"only secrets of root's are remembered so, and user=root is not set");
	if (options->no_strict_owner)
		return translate("with no_strict_owner the secrets may be anybody's");
	return NULL;
}

void doctor_check_grace(struct doctor *doctor)
{
	const struct options *options = doctor->module;
	struct option_origin origin;
	struct error error = ERROR_INIT;
	struct finding *finding;
	const char *obstacle;

	if (options->grace_services == NULL || options_socket(options) != NULL)
		return;
	origin = doctor_option_origin(doctor, "grace_services");
	if (service_list_check("grace_services", options->grace_services, &error) != 0) {
		finding = report_add(doctor, FINDING_PROBLEM, CHECK, "%s, line %u: %s",
			origin.file, origin.line, error.message);
		finding_why(finding, "The module refuses every login.");
		return;
	}
	obstacle = find_obstacle(options);
	if (obstacle != NULL) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"%s, line %u: grace_services=%s does nothing: %s", origin.file,
			origin.line, options->grace_services, obstacle);
		finding_why(finding, "Every login is asked for a code.");
	} else if (service_list_has(options->grace_services, doctor->service)) {
		report_add(doctor, FINDING_OK, CHECK,
			"a code is remembered in its login session for %lld s",
			(long long)options->grace_period);
	}
}
