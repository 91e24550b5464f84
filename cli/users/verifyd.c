/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/verifyd.h"

#include <unistd.h>

#include "config/configuration.h"

bool verifyd_is_there(const struct host_defaults *defaults)
{
	const struct options *options = &defaults->configuration->options;

	if (getuid() == 0)
		return false;
	if (options->store != NULL)
		return options_socket(options) != NULL;
	return access(VERIFY_CLIENT_PATH, F_OK) == 0;
}

struct verify_client verifyd_client(const struct host_defaults *defaults)
{
	const char *path = options_socket(&defaults->configuration->options);

	return (struct verify_client){
		path != NULL ? path : VERIFY_CLIENT_PATH, VERIFY_CLIENT_MILLISECONDS};
}
