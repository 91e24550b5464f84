/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pam/login.h"

#include <security/pam_modutil.h>

#include "gate/peer.h"
#include "totpgroup.h"

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

/* With the rights that the options say. */
static int do_as_identity(void *context, rights_work work, void *argument, size_t size,
	struct text *text, struct error *error)
{
	const struct login *login = context;
	const struct passwd *identity = login->place.identity;
	gid_t groups[PAM_MODUTIL_NGROUPS];
	struct pam_modutil_privs privileges = {
		.grplist = groups,
		.number_of_groups = PAM_MODUTIL_NGROUPS,
		.old_gid = (gid_t)-1,
		.old_uid = (uid_t)-1,
	};
	int status;

	(void)size;
	if (pam_modutil_drop_priv(login->pamh, &privileges, identity) != 0)
		return error_set(error, TOTPGROUP_ESYSTEM,
			"cannot take on the rights of uid %u", identity->pw_uid);
	status = work(argument, text, error);
	if (pam_modutil_regain_priv(login->pamh, &privileges) != 0)
		return error_set(error, TOTPGROUP_ESYSTEM,
			"cannot give up the rights of the user again");
	return status;
}

int login_find(pam_handle_t *pamh, const struct options *options, struct login *login,
	struct error *error)
{
	int status;

	/* Whoever gave a name is not asked for one. */
	if (login->user == NULL &&
		(pam_get_user(pamh, &login->user, NULL) != PAM_SUCCESS || login->user == NULL))
		login->user = "";
	status = user_place_find(&login->place, options, login->user, error);
	if (login->place.account != NULL)
		login->user = login->place.account->pw_name;
	login->pamh = pamh;
	login->place.credential.with_rights = do_as_identity;
	login->place.credential.context = login;
	return status;
}

void login_free(struct login *login)
{
	user_place_free(&login->place);
	*login = (struct login){0};
}
