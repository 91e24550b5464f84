/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/file_state.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/state_file.h"

int file_state_look(const struct host_defaults *defaults, const char *user, struct text *text,
	struct error *error)
{
	char *path = NULL;
	int status = host_defaults_state_path(defaults, user, &path, error);

	if (status == 0 && path != NULL)
		status = state_file_look(path, text, error);
	free(path);
	return status;
}

int file_state_is_damaged(const struct host_defaults *defaults, const char *user,
	const struct error *why, struct error *error)
{
	struct error ignored = ERROR_INIT;
	char *path = NULL;

	if (host_defaults_state_path(defaults, user, &path, &ignored) != 0 || path == NULL)
		error_set(error, why->code, "the state: %s", why->message);
	else
		error_set(error, why->code,
			"%.150s, %.100s; once it is removed, spent codes are good again", path,
			why->message);
	free(path);
	return why->code;
}

bool file_state_is_roots(const struct error *error)
{
	return getuid() != 0 && error->system_error == EACCES;
}
