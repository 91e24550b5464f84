/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who logs in, from where, and whose rights reach the credential. */
#ifndef TOTPGROUP_PAM_LOGIN_H
#define TOTPGROUP_PAM_LOGIN_H

#include <pwd.h>
#include <security/pam_modules.h>
#include <stdbool.h>

#include "base/error.h"
#include "config/options.h"
#include "gate/address.h"
#include "gate/user_entry.h"
#include "store/file_store.h"

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
	/* NULL where NSS does not know the user. */
	const struct passwd *account;
	struct user_entry *user_entry; /* account, owned */
	/* Whose rights are taken on to touch the credential: the user's own, or
	 * those of user=. NULL where there is no credential to touch. */
	const struct passwd *identity;
	struct user_entry *fixed_entry; /* of user=, owned */
	char *path;			/* of the credential, or NULL; owned */
	struct file_store_rules rules;
	/* Of the state, which is then kept apart, reached with the module's own
	 * rights; or NULL. Owned. */
	char *state_path;
};

/* Takes down the user and the host as the application gave them, so that a
 * login refused for its options has names in the log. Asks nobody. */
void login_name(pam_handle_t *pamh, struct login *login);

/*
 * Finds out all of the above. An unknown user is no error. TOTPGROUP_ECONFIG
 * where user= names nobody, TOTPGROUP_EARGUMENT where the user can have no
 * credential (the name, or the home folder, does not do for a path): path is
 * NULL then and in error stands why.
 */
int login_find(pam_handle_t *pamh, const struct options *options, struct login *login,
	struct error *error);

void login_free(struct login *login);

/*
 * Calls work(argument) with the rights that reach the credential, and gives
 * them up again. Returns what work returned, or TOTPGROUP_ESYSTEM where the
 * rights could not be taken on (work was not called) or not be given up: what
 * work did is void then.
 */
int login_as_identity(pam_handle_t *pamh, const struct login *login,
	int (*work)(void *argument), void *argument, struct error *error);

#endif
