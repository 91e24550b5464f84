/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/manage/verify_daemon.h"

#include <unistd.h>

#include "config/configuration.h"

bool verify_daemon_is_there(const struct host_defaults *defaults)
{
	const struct options *options = &defaults->configuration->options;

	if (getuid() == 0)
		return false;
	if (options->store != NULL)
		return options_socket(options) != NULL;
	return access(VERIFY_CLIENT_PATH, F_OK) == 0;
}

struct verify_client verify_daemon_client(const struct host_defaults *defaults)
{
	const char *path = options_socket(&defaults->configuration->options);

	return (struct verify_client){
		path != NULL ? path : VERIFY_CLIENT_PATH, VERIFY_CLIENT_MILLISECONDS};
}

enum exit_status verify_daemon_ask(const struct host_defaults *defaults, const char *user,
	const char *code, struct totpgroup_result *result, struct error *error)
{
	const struct verify_client client = verify_daemon_client(defaults);
	enum verify_answer answer = verify_client_ask(&client, user, code, result, error);

	if (answer == VERIFY_ANSWERED)
		return STATUS_DONE;
	result->reason = TOTPGROUP_REASON_STORE_ERROR;
	return answer == VERIFY_NOT_PERMITTED ? STATUS_NOT_PERMITTED : STATUS_STORE_ERROR;
}
