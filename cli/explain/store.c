/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the store that hosts share says about itself and about the user. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/explain/explain.h"
#include "config/configuration.h"
#include "host/local_codes.h"
#include "host/shared_store.h"
#include "totpgroup.h"

/* For store_check(). */
static void tell(void *argument, const struct store_finding *found)
{
	explain_report_step(argument, "store", found->what);
}

/* What would be while the store gives no answer. */
static void tell_local(const struct configuration *configuration, const char *user,
	struct explain_report *report)
{
	struct local_codes codes;
	struct error error = ERROR_INIT;
	char text[350];
	int status;

	if (!local_codes_are_on(configuration))
		return;
	status = local_codes_look(configuration, user, &codes, &error);
	if (status == 0 || status == TOTPGROUP_ENOTFOUND)
		(void)snprintf(text, sizeof text,
			"fail=local: %s in fail_group=, and has %u codes of this host",
			codes.is_member ? "the user is" : "the user is not", codes.count);
	else
		(void)snprintf(text, sizeof text, "fail=local: %s", error.message);
	explain_report_step(report, "store", text);
}

static void check(struct shared_store *shared, const char *user, struct explain_report *report)
{
	const struct store_user named = {.name = user};
	struct store_place *place = NULL;
	struct error error = ERROR_INIT;

	if (store_locate(shared_store_of(shared), &named, &place, &error) != 0)
		explain_report_step(report, "store", error.message);
	store_check(shared_store_of(shared), place, tell, report);
	store_release(place);
}

void explain_store(const char *user, const struct pam_line *line, struct explain_report *report)
{
	struct configuration configuration = CONFIGURATION_INIT;
	struct shared_store *shared = NULL;
	struct error error = ERROR_INIT;

	if (getuid() == 0 &&
		configuration_load(&configuration, line->argument_count,
			(const char *const *)line->arguments, &error) == 0 &&
		options_is_shared(&configuration.options)) {
		if (shared_store_open(&shared, &configuration, &error) != 0)
			explain_report_step(report, "store", error.message);
		else if (shared != NULL)
			check(shared, user, report);
		tell_local(&configuration, user, report);
		shared_store_close(shared);
	}
	configuration_free(&configuration);
}
