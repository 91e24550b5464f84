/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/store_users.h"

#include "host/whole_store.h"
#include "message/translate.h"
#include "totpgroup.h"

int store_users_list(struct store *shared, const struct options *options,
	const char *specification, bool states, store_name *name, void *argument,
	struct error *error)
{
	struct store *store = NULL;
	int status;

	if (shared != NULL && specification == NULL)
		return store_list(shared, states, name, argument, error);
	status = whole_store_open(&store, options, specification, error);

	if (status == 0)
		status = store_list(store, states, name, argument, error);
	store_close(store);
	if (status == TOTPGROUP_EARGUMENT)
		error_set(error, status,
			translate("--all needs a folder of root's, as in "
				  "secret=/var/lib/totpgroup/secret/${USER}; name users or a "
				  "group"));
	return status;
}
