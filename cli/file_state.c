/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "file_state.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/state_store.h"

int file_state_look(const struct host_defaults *defaults, const char *user, struct text *text,
	struct error *error)
{
	char *path = NULL;
	int status = host_defaults_state_path(defaults, user, &path, error);

	if (status == 0 && path != NULL)
		status = state_store_look(path, text, error);
	free(path);
	return status;
}

bool file_state_is_roots(const struct error *error)
{
	return getuid() != 0 && error->system_error == EACCES;
}
