/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the files of the module share: one call of an application, and its steps. */
#ifndef TOTPGROUP_PAM_MODULE_H
#define TOTPGROUP_PAM_MODULE_H

#include <security/pam_modules.h>

#include "host/setuid_guard.h"
#include "login/login.h"

/* One call of pam_sm_authenticate() or pam_sm_open_session(). */
struct module {
	pam_handle_t *pamh;
	struct login login;
	struct setuid_inherited inherited;
};

/* Begins with PAM's items as the facts of the login, without asking anybody. The caller
 * ends it with module_end(). It must not be moved in between. Until then the limits and
 * the environment of a set-user-ID program are set aside (setuid_inherited_set_aside()). */
void module_begin(struct module *module, pam_handle_t *pamh, int flags);
void module_end(struct module *module);

/* Reads the options, asks for the user's name where the application has not set it, and
 * goes up to the prompt. Returns as login_prepare(). */
bool module_prepare(struct module *module, int argc, const char **argv);

/*
 * Asks for a code, decides on it and makes that durable; the outcome stands in
 * login->decision. Nothing is held while the person thinks: no lock, no file, no secret.
 */
void module_ask(struct module *module);

/* Where login_leaves_password(): asks for the password with the usual prompt, unless the
 * options take an earlier one, and leaves it for the modules behind. Refuses where nobody
 * answers. */
void module_leave_password(struct module *module);

/* Records that the login was refused for the rate limit before the prompt, which
 * google-authenticator counts as an attempt too. */
void module_count_limited(struct module *module);

/* Offers a secret to a user who has none. */
void module_enroll(struct module *module);

/* Tells the person about the outcome, unless the application wants no messages. */
void module_tell_outcome(const struct module *module);

/*
 * The session guard: refuses a session over SSH of a user who must give a code where none
 * was asked for, because sshd runs the auth stack for keyboard-interactive alone. Returns
 * PAM_SUCCESS, PAM_IGNORE where no code is due or it is no session over SSH,
 * PAM_SESSION_ERR, or an error as pam_sm_authenticate(). It logs a line where it refuses,
 * and where a user without a secret passes unasked.
 */
int module_guard_session(struct module *module, int argc, const char **argv);

#endif
