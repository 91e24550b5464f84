/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A credential whose state is kept apart from its secret. The secret is read with
 * the rights of login_as_identity(), and never written; the state is read, locked
 * and written with the module's own.
 */
#ifndef TOTPGROUP_PAM_SEPARATE_STATE_H
#define TOTPGROUP_PAM_SEPARATE_STATE_H

#include <security/pam_modules.h>

#include "base/error.h"
#include "base/text.h"
#include "core/credential.h"
#include "login.h"

/* The state between begin and commit. Begins as SEPARATE_STATE_INIT, and ends
 * with separate_state_end(), whatever happened. Holds secrets. */
struct separate_state {
	struct file_store_transaction *transaction;
	struct text secret;
	struct text state;
	/* The state file could not be made: what commit reports. */
	struct error unwritable;
};

#define SEPARATE_STATE_INIT                                                                    \
	{                                                                                      \
		NULL, TEXT_INIT, TEXT_INIT, ERROR_INIT                                         \
	}

/*
 * Puts the secret's text, which was read, and the state together without a lock.
 * The caller frees *credential. What is wrong with the state is never
 * TOTPGROUP_ENOTFOUND.
 */
int separate_state_look(const struct login *login, const struct text *secret,
	totpgroup_credential **credential, struct error *error);

/* Locks the state, which is made where it is missing, and reads both. Otherwise
 * as above; where there is no secret any more, TOTPGROUP_ENOTFOUND. */
int separate_state_begin(pam_handle_t *pamh, const struct login *login,
	struct separate_state *work, totpgroup_credential **credential, struct error *error);

/* Makes durable what decide() changed. Errors as file_store_commit(). */
int separate_state_commit(struct separate_state *work, const totpgroup_credential *credential,
	struct error *error);

void separate_state_end(struct separate_state *work);

#endif
