/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "login.h"

#include <security/pam_modutil.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "gate/peer.h"
#include "store/secret_path.h"
#include "totpgroup.h"

/* The account that user= names or numbers. */
static int find_fixed_identity(const char *user, struct login *login, struct error *error)
{
	int64_t uid;
	int status;

	if (number_parse(user, strlen(user), 0, UINT32_MAX - 1, &uid))
		status = user_entry_by_uid(&login->fixed_entry, (uid_t)uid, error);
	else
		status = user_entry_by_name(&login->fixed_entry, user, error);
	if (status == 0 && login->fixed_entry == NULL)
		status = error_set(
			error, TOTPGROUP_ECONFIG, "option user=%s: no such user", user);
	login->identity = status == 0 ? &login->fixed_entry->passwd : NULL;
	return status;
}

/* Where the credential is, and what it must be like. */
static int find_credential(
	const struct options *options, struct login *login, struct error *error)
{
	const char *home = options->user == NULL ? login->account->pw_dir : NULL;
	const char *specification =
		options->secret != NULL ? options->secret : SECRET_PATH_DEFAULT;
	int status = secret_path_expand(specification, login->user, home, &login->path, error);

	if (status == 0 && options->state != NULL)
		status = option_path_expand(
			"state", options->state, login->user, NULL, &login->state_path, error);
	if (status != 0) {
		free(login->path);
		login->path = NULL;
		return status;
	}
	login->rules = (struct file_store_rules){
		.path = login->path,
		.owner = login->identity->pw_uid,
		.any_owner = options->no_strict_owner,
		.allowed_mode = options->allowed_perm,
		.own_file = options->user == NULL,
	};
	return 0;
}

static void find_peer(struct login *login)
{
	struct peer peer = peer_of(login->ssh_connection, NULL);

	login->peer = login->service != NULL ? login->host : NULL;
	if (login->ssh_connection == NULL || login->service == NULL)
		return;
	/* What is no address counts for nothing. */
	login->peer = peer.kind == PEER_ADDRESS ? login->address : NULL;
	peer_format(&peer, login->address);
}

void login_name(pam_handle_t *pamh, struct login *login)
{
	const void *item = NULL;

	if (pam_get_item(pamh, PAM_USER, &item) == PAM_SUCCESS)
		login->user = item;
	if (pam_get_item(pamh, PAM_RHOST, &item) == PAM_SUCCESS)
		login->host = item;
	if (pam_get_item(pamh, PAM_SERVICE, &item) == PAM_SUCCESS)
		login->service = item;
	login->ssh_connection = pam_getenv(pamh, "SSH_CONNECTION");
	login->ssh_auth_info = pam_getenv(pamh, "SSH_AUTH_INFO_0");
	find_peer(login);
}

/* The name as the user database spells it, and whose rights reach the credential. */
static int find_identity(
	const struct options *options, struct login *login, struct error *error)
{
	int status = user_entry_by_name(&login->user_entry, login->user, error);

	if (status != 0)
		return status;
	if (login->user_entry != NULL) {
		login->account = &login->user_entry->passwd;
		login->user = login->account->pw_name;
	}
	login->identity = login->account;
	return options->user != NULL ? find_fixed_identity(options->user, login, error) : 0;
}

int login_find(pam_handle_t *pamh, const struct options *options, struct login *login,
	struct error *error)
{
	int status;

	/* Whoever gave a name is not asked for one. */
	if (login->user == NULL &&
		(pam_get_user(pamh, &login->user, NULL) != PAM_SUCCESS || login->user == NULL))
		login->user = "";
	status = find_identity(options, login, error);
	if (status != 0 || login->identity == NULL)
		return status;
	return find_credential(options, login, error);
}

void login_free(struct login *login)
{
	free(login->path);
	free(login->state_path);
	free(login->user_entry);
	free(login->fixed_entry);
	*login = (struct login){0};
}

int login_as_identity(pam_handle_t *pamh, const struct login *login,
	int (*work)(void *argument), void *argument, struct error *error)
{
	gid_t groups[PAM_MODUTIL_NGROUPS];
	struct pam_modutil_privs privileges = {
		.grplist = groups,
		.number_of_groups = PAM_MODUTIL_NGROUPS,
		.old_gid = (gid_t)-1,
		.old_uid = (uid_t)-1,
	};
	int status;

	if (pam_modutil_drop_priv(pamh, &privileges, login->identity) != 0)
		return error_set(error, TOTPGROUP_ESYSTEM,
			"cannot take on the rights of uid %u", login->identity->pw_uid);
	status = work(argument);
	if (pam_modutil_regain_priv(pamh, &privileges) != 0)
		return error_set(error, TOTPGROUP_ESYSTEM,
			"cannot give up the rights of the user again");
	return status;
}
