/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/store_users.h"

#include <stdlib.h>
#include <string.h>

#include "message/translate.h"
#include "store/secret_path.h"
#include "totpgroup.h"

#define VARIABLE "/${USER}"

int store_users_begin(struct store_users *users, const char *specification, struct error *error)
{
	size_t length = specification != NULL ? strlen(specification) : 0;
	char *folder;

	if (length <= strlen(VARIABLE) || *specification != '/' ||
		strcmp(specification + length - strlen(VARIABLE), VARIABLE) != 0 ||
		strchr(specification, '$') != specification + length - strlen(VARIABLE) + 1)
		return error_set(error, TOTPGROUP_EARGUMENT,
			translate("--all needs a folder of root's, as in "
				  "secret=/var/lib/totpgroup/secret/${USER}; name users or a "
				  "group"));
	folder = strndup(specification, length - strlen(VARIABLE));
	if (folder == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	users->folder = opendir(folder);
	if (users->folder == NULL)
		error_set_system(error, TOTPGROUP_ESYSTEM, translate("cannot open %s"), folder);
	free(folder);
	return error->code;
}

const char *store_users_next(struct store_users *users)
{
	const struct dirent *entry;

	while ((entry = readdir(users->folder)) != NULL)
		if (secret_path_user_is_safe(entry->d_name))
			return entry->d_name;
	return NULL;
}

void store_users_end(struct store_users *users)
{
	if (users->folder != NULL)
		closedir(users->folder);
	users->folder = NULL;
}
