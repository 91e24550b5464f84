/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A login on which totp-verifyd decides. */
#include "config.h"

#include <string.h>

#include "client/verify_client.h"
#include "core/typed.h"
#include "login/login.h"

/* Asks about a code, or about the end of a text that may be one. Of the decision the
 * result is set, and how many bytes of typed come before an accepted code. */
static enum verify_answer ask(struct login *login, const char *typed, bool is_end)
{
	const struct verify_client client = {
		options_socket(&login->options), VERIFY_CLIENT_MILLISECONDS};
	struct decision *decision = &login->decision;
	enum verify_answer answer;
	size_t code_length;

	if (!is_end)
		return verify_client_ask(
			&client, login->user, typed, &decision->result, &login->error);
	answer = verify_client_ask_end(
		&client, login->user, typed, &decision->result, &code_length, &login->error);
	decision->password_length = strlen(typed) - code_length;
	return answer;
}

/* Whether the daemon found no code, as decide() sees it. */
static bool is_no_match(const struct totpgroup_result *result)
{
	return result->verdict != TOTPGROUP_ACCEPTED &&
	       (result->reason == TOTPGROUP_REASON_WRONG_CODE ||
		       result->reason == TOTPGROUP_REASON_NOT_ENROLLED ||
		       result->reason == TOTPGROUP_REASON_PENDING_EXPIRED);
}

/* A password without anything behind it is no guess, and the daemon need not know it. */
static void refuse_without_code(struct login *login)
{
	login_refuse(login, login->usable ? TOTPGROUP_REASON_WRONG_CODE : login->unusable);
	login->decision.no_match = true;
}

static void judge_answer(struct login *login, enum verify_answer answer)
{
	bool no_match = is_no_match(&login->decision.result);

	/* A name that is not text cannot be sent; treat the user as unknown. */
	if (answer != VERIFY_ANSWERED && !login->usable &&
		login->error.code == TOTPGROUP_EARGUMENT) {
		no_match = true;
	} else if (answer != VERIFY_ANSWERED) {
		login_refuse(login, TOTPGROUP_REASON_STORE_ERROR);
		return;
	}
	/* Whatever the daemon says: sshd would fail if it had to let in a user whom it does
	 * not know. */
	if (!login->usable)
		login_refuse(login, login->unusable);
	login->decision.no_match = no_match;
}

void login_ask_daemon(struct login *login, const struct attempt *attempt)
{
	const char *typed = attempt->typed;
	enum verify_answer answer;

	login->decision = (struct decision)DECISION_INIT;
	login->error = (struct error)ERROR_INIT;
	/* Without an answer there is nothing to ask about: nobody has guessed. */
	if (typed == NULL) {
		login_refuse(login, TOTPGROUP_REASON_CONVERSATION);
		return;
	}
	if (attempt->password_before_code)
		typed = typed_end(typed);
	if (typed == NULL) {
		refuse_without_code(login);
		return;
	}
	answer = ask(login, typed, attempt->password_before_code);
	login->decision.password_length += (size_t)(typed - attempt->typed);
	judge_answer(login, answer);
}
