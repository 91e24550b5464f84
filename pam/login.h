/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who logs in, from where, and whose rights reach the credential. */
#ifndef TOTPGROUP_PAM_LOGIN_H
#define TOTPGROUP_PAM_LOGIN_H

#include <security/pam_modules.h>

#include "base/error.h"
#include "config/options.h"
#include "gate/address.h"
#include "host/user_place.h"

/* Begins zeroed. Everything that is not owned lives as long as the PAM
 * handle. */
struct login {
	const char *user;    /* the name as NSS spells it, or as it was typed */
	const char *host;    /* PAM_RHOST, or NULL */
	const char *service; /* PAM_SERVICE, or NULL */
	/* Where a grace period is counted for: the address that sshd takes from the
	 * socket, else PAM_RHOST. NULL:
	 * nothing is known that it could be counted for. */
	const char *peer;
	char address[ADDRESS_TEXT_SIZE];
	/* Of the PAM environment, where sshd puts them, or NULL. */
	const char *ssh_connection;
	const char *ssh_auth_info;
	/* Of the credential, which is reached with the rights that it says. */
	struct user_place place;
	pam_handle_t *pamh;
};

/* Takes down the user and the host as the application gave them, so that a
 * login refused for its options has names in the log. Asks nobody. */
void login_name(pam_handle_t *pamh, struct login *login);

/*
 * Finds out the rest. Returns as user_place_find(): an unknown user is no error. The
 * login stays where it is from now on, for its place knows it.
 */
int login_find(pam_handle_t *pamh, const struct options *options, struct login *login,
	struct error *error);

void login_free(struct login *login);

#endif
