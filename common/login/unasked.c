/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The password of a login that is not asked for a code, for the modules behind. */
#include "config.h"

#include <string.h>

#include "core/typed.h"
#include "login/login.h"

bool login_leaves_password(const struct login *login)
{
	if (!login->options.forward_pass)
		return false;
	return login->skip == LOGIN_SKIP_GATE || login->skip == LOGIN_SKIP_NOT_ENROLLED ||
	       login->decision.result.verdict == TOTPGROUP_ACCEPTED;
}

static bool has_place(struct login *login)
{
	struct error ignored = ERROR_INIT;

	if (login->credential.place == NULL && login->unusable == TOTPGROUP_REASON_NOT_ENROLLED)
		(void)user_credential_locate(&login->credential, &ignored);
	return login->credential.place != NULL;
}

/*
 * Nothing but a right code changes the file. A password that ends with digits is no attempt
 * at a code, so it is not counted, moves no counter and teaches no skew.
 *
 * Somebody who has the password can try codes here without being counted: only the right one
 * is cut off, so that the modules behind let in. Without the password, the time that writing
 * takes may tell. That is no oracle, because a code that was found this way is worth nothing:
 * it is spent, even where the file allows reuse, it begins no grace period, and the password
 * alone lets in as well.
 */
static void begin_attempt(const struct login *login, const char *typed, struct attempt *attempt)
{
	login_begin_attempt(login, attempt);
	attempt->typed = typed;
	attempt->password_before_code = true;
	attempt->count = false;
	attempt->last = false;
	attempt->disallow_reuse = true;
	attempt->no_skew_adjust = true;
	attempt->grace_period = 0;
}

/* A file that cannot be used is no reason to refuse somebody who needs no code. A code that
 * cannot be spent durably stays where it is, even with allow_readonly. */
size_t login_cut_code(struct login *login, const char *typed)
{
	struct error error = ERROR_INIT;
	struct attempt attempt;
	struct decision decision;
	size_t length = strlen(typed);
	int status;

	if (typed_end(typed) == NULL)
		return length;
	if (options_socket(&login->options) != NULL)
		return login_cut_by_daemon(login, typed);
	if (!has_place(login))
		return length;
	begin_attempt(login, typed, &attempt);
	status = user_credential_verify(&login->credential, &attempt, &decision, NULL, &error);
	if (status != 0)
		login_tell(
			login, "forward_pass", "no code can be looked for: %s", error.message);
	if (status != 0 || decision.result.verdict != TOTPGROUP_ACCEPTED)
		return length;
	login_tell(login, "forward_pass", "a code that was not needed is spent, and cut off");
	return decision.password_length;
}
