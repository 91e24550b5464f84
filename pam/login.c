/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "login.h"

#include <security/pam_modutil.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "store/secret_path.h"
#include "totpgroup.h"

/* The account that user= names or numbers. */
static int find_fixed_identity(
	pam_handle_t *pamh, const char *user, struct passwd **identity, struct error *error)
{
	int64_t uid;

	if (number_parse(user, strlen(user), 0, UINT32_MAX - 1, &uid))
		*identity = pam_modutil_getpwuid(pamh, (uid_t)uid);
	else
		*identity = pam_modutil_getpwnam(pamh, user);
	if (*identity == NULL)
		return error_set(
			error, TOTPGROUP_ECONFIG, "option user=%s: no such user", user);
	return 0;
}

/* Where the credential is, and what it must be like. */
static int find_credential(
	const struct options *options, struct login *login, struct error *error)
{
	const char *home = options->user == NULL ? login->account->pw_dir : NULL;
	const char *specification =
		options->secret != NULL ? options->secret : SECRET_PATH_DEFAULT;
	int status = secret_path_expand(specification, login->user, home, &login->path, error);

	if (status != 0)
		return status;
	login->rules = (struct file_store_rules){
		.path = login->path,
		.owner = login->identity->pw_uid,
		.any_owner = options->no_strict_owner,
		.allowed_mode = options->allowed_perm,
		.own_file = options->user == NULL,
	};
	return 0;
}

void login_name(pam_handle_t *pamh, struct login *login)
{
	const void *item = NULL;

	if (pam_get_item(pamh, PAM_USER, &item) == PAM_SUCCESS)
		login->user = item;
	if (pam_get_item(pamh, PAM_RHOST, &item) == PAM_SUCCESS)
		login->host = item;
}

int login_find(pam_handle_t *pamh, const struct options *options, struct login *login,
	struct error *error)
{
	struct passwd *account;
	int status = 0;

	if (pam_get_user(pamh, &login->user, NULL) != PAM_SUCCESS || login->user == NULL)
		login->user = "";
	account = pam_modutil_getpwnam(pamh, login->user);
	login->account = account;
	if (account != NULL)
		login->user = account->pw_name;
	if (options->user != NULL)
		status = find_fixed_identity(pamh, options->user, &login->identity, error);
	else
		login->identity = account;
	if (status != 0 || login->identity == NULL)
		return status;
	return find_credential(options, login, error);
}

void login_free(struct login *login)
{
	free(login->path);
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
