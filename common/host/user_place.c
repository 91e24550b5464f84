/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/user_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "store/secret_path.h"
#include "totpgroup.h"

/* The account that user= names or numbers. */
static int find_fixed_identity(struct user_place *place, const char *user, struct error *error)
{
	int64_t uid;
	int status;

	if (number_parse(user, strlen(user), 0, UINT32_MAX - 1, &uid))
		status = user_entry_by_uid(&place->fixed_entry, (uid_t)uid, error);
	else
		status = user_entry_by_name(&place->fixed_entry, user, error);
	if (status == 0 && place->fixed_entry == NULL)
		status = error_set(
			error, TOTPGROUP_ECONFIG, "option user=%s: no such user", user);
	place->identity = status == 0 ? &place->fixed_entry->passwd : NULL;
	return status;
}

static int find_identity(struct user_place *place, const struct options *options,
	const char *user, struct error *error)
{
	int status = user_entry_by_name(&place->user_entry, user, error);

	if (status != 0)
		return status;
	if (place->user_entry != NULL)
		place->account = &place->user_entry->passwd;
	place->identity = place->account;
	return options->user != NULL ? find_fixed_identity(place, options->user, error) : 0;
}

/* Of a user whom NSS does not know, where user= is there, as of any other. */
static int find_paths(struct user_place *place, const struct options *options, const char *user,
	struct error *error)
{
	const char *home = options->user == NULL ? place->account->pw_dir : NULL;
	const char *specification =
		options->secret != NULL ? options->secret : SECRET_PATH_DEFAULT;
	int status = secret_path_expand(specification, user, home, &place->path, error);

	if (status == 0 && options->state != NULL)
		status = option_path_expand(
			"state", options->state, user, NULL, &place->state_path, error);
	if (status != 0) {
		free(place->path);
		place->path = NULL;
	}
	return status;
}

int user_place_find(struct user_place *place, const struct options *options, const char *user,
	struct error *error)
{
	int status = find_identity(place, options, user, error);

	if (status != 0 || place->identity == NULL)
		return status;
	/* The name as the user database spells it. */
	if (place->account != NULL)
		user = place->account->pw_name;
	status = find_paths(place, options, user, error);
	if (status != 0)
		return status;
	place->credential = (struct credential_place){
		.rules = {.path = place->path,
			.owner = place->identity->pw_uid,
			.any_owner = options->no_strict_owner,
			.allowed_mode = options->allowed_perm,
			.own_file = options->user == NULL},
		.state = place->state_path,
	};
	return 0;
}

void user_place_free(struct user_place *place)
{
	free(place->path);
	free(place->state_path);
	free(place->user_entry);
	free(place->fixed_entry);
	*place = (struct user_place){0};
}
