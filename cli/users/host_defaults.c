/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/host_defaults.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/ui/terminal.h"
#include "config/configuration.h"
#include "host/shared_store.h"
#include "host/user_credential.h"
#include "message/translate.h"
#include "totpgroup.h"

/* An error is reported where the store is needed. */
static enum exit_status open_shared(struct host_defaults *defaults)
{
	struct error error = ERROR_INIT;

	if (getuid() != 0 ||
		shared_store_open(&defaults->shared, defaults->configuration, &error) == 0)
		return STATUS_DONE;
	defaults->shared_error = malloc(sizeof error);
	if (defaults->shared_error == NULL)
		return terminal_out_of_memory();
	*defaults->shared_error = error;
	return STATUS_DONE;
}

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
	return open_shared(defaults);
}

enum exit_status host_defaults_store(
	const struct host_defaults *defaults, struct store **store, struct error *error)
{
	*store = shared_store_of(defaults->shared);
	if (*store != NULL || !options_is_shared(&defaults->configuration->options))
		return STATUS_DONE;
	if (getuid() != 0) {
		error_set(error, TOTPGROUP_EUNSAFE,
			translate("only root may do that: the secrets of this host are in a "
				  "store that hosts share"));
		return STATUS_NOT_PERMITTED;
	}
	*error = *defaults->shared_error;
	return STATUS_STORE_ERROR;
}

void host_defaults_free(struct host_defaults *defaults)
{
	shared_store_close(defaults->shared);
	if (defaults->configuration != NULL)
		configuration_free(defaults->configuration);
	free(defaults->configuration);
	free(defaults->owner);
	free(defaults->shared_error);
	*defaults = (struct host_defaults){0};
}
