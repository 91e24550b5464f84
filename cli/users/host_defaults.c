/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/host_defaults.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/ui/terminal.h"
#include "config/configuration.h"
#include "host/user_credential.h"

enum exit_status host_defaults_load(struct host_defaults *defaults, const char *conf)
{
	char *argument = NULL;
	struct configuration *configuration = malloc(sizeof *configuration);
	struct error error = ERROR_INIT;

	int result;

	if (configuration == NULL ||
		(conf != NULL && asprintf(&argument, "conf=%s", conf) < 0)) {
		free(configuration);
		return terminal_out_of_memory();
	}
	*configuration = (struct configuration)CONFIGURATION_INIT;
	defaults->configuration = configuration;
	result = configuration_load(
		configuration, conf != NULL, (const char *const *)&argument, &error);
	configuration->options.conf = NULL;
	free(argument);
	if (result != 0) {
		terminal_complain_error(&error);
		return STATUS_STORE_ERROR;
	}
	defaults->enroll = configuration->enroll;
	defaults->secret = configuration->options.secret;
	defaults->user = defaults->secret != NULL ? configuration->options.user : NULL;
	if (configuration->options.user != NULL)
		(void)user_credential_find_owner(
			&configuration->options, &defaults->owner, &error);
	return STATUS_DONE;
}

void host_defaults_free(struct host_defaults *defaults)
{
	if (defaults->configuration != NULL)
		configuration_free(defaults->configuration);
	free(defaults->configuration);
	free(defaults->owner);
	*defaults = (struct host_defaults){0};
}
