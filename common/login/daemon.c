/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A login on which totp-verifyd decides. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "client/verify_client.h"
#include "core/typed.h"
#include "gate/ssh_methods.h"
#include "login/login.h"

static struct verify_client client_of(const struct login *login)
{
	return (struct verify_client){
		options_socket(&login->options), VERIFY_CLIENT_MILLISECONDS};
}

static struct verify_login describe(const struct login *login, enum verify_turn turn)
{
	return (struct verify_login){.service = login->facts.service,
		.rhost = login->peer,
		.session = *login->session != '\0' ? login->session : NULL,
		.turn = turn};
}

/* Judges what the daemon says of a user whom this host knows. */
static bool judge_look(struct login *login, const struct verify_look *look)
{
	struct totpgroup_result *result = &login->decision.result;

	switch (look->kind) {
	case VERIFY_LOOK_ASK:
		if (login->explains && look->reason != TOTPGROUP_REASON_NONE) {
			login->usable = false;
			login->unusable = look->reason;
		}
		return true;
	case VERIFY_LOOK_LIMITED:
		result->reason = TOTPGROUP_REASON_RATE_LIMITED;
		result->retry_after = look->retry_after;
		return false;
	case VERIFY_LOOK_GRACE:
		result->verdict = TOTPGROUP_ACCEPTED;
		result->method = TOTPGROUP_METHOD_GRACE;
		return false;
	case VERIFY_LOOK_NOT_ENROLLED:
		login->is_unenrolled = true;
		login->options.enroll = look->enroll;
		if (look->passes)
			(void)login_pass_unenrolled(login, look->days_left);
		else if (look->is_over)
			(void)login_end_roll_out(login);
		return login_go_on_unenrolled(login, look->passes);
	case VERIFY_LOOK_REFUSED:
		break;
	}
	login_refuse(login, look->reason);
	return false;
}

/* Whether there is somebody to ask before the prompt: the daemon tells root alone. A session
 * of a login that was asked is judged without. */
static bool may_look(const struct login *login)
{
	return geteuid() == 0 &&
	       !(login->facts.is_session && ssh_methods_completed(login->facts.ssh_auth_info,
						    "keyboard-interactive"));
}

static void tell_look(const struct login *login, const struct verify_look *look)
{
	switch (look->kind) {
	case VERIFY_LOOK_LIMITED:
		login_tell(login, "rate limit", "reached; again in %lld s",
			(long long)look->retry_after);
		break;
	case VERIFY_LOOK_GRACE:
		login_tell(login, "grace", "a code was accepted from here before");
		break;
	default:
		login_tell(login, "secret", "totp-verifyd says: %s",
			look->kind == VERIFY_LOOK_NOT_ENROLLED ? "not there"
			: look->reason == TOTPGROUP_REASON_NONE
				? "there"
				: totpgroup_reason_name(look->reason));
	}
}

bool login_look_by_daemon(struct login *login)
{
	const struct verify_client client = client_of(login);
	const struct verify_login description = describe(login, VERIFY_TURN_UNSAID);
	enum verify_answer answer;
	struct verify_look look;

	login_tell(login, "store", "store=%s: totp-verifyd has the secret, and decides",
		login->options.store);
	/* A place for a secret is not needed here. */
	login->usable = login->credential.user != NULL &&
			login->unusable == TOTPGROUP_REASON_NOT_ENROLLED;
	login->error = (struct error)ERROR_INIT;
	if (!may_look(login))
		return true;
	answer = verify_client_examine(
		&client, login->user, &description, login->explains, &look, &login->error);
	/* Root of a container is somebody else to the daemon, and asks for herself. A name
	 * that is not text cannot be sent: the user is unknown. */
	if (answer == VERIFY_NOT_PERMITTED ||
		(!login->usable && login->error.code == TOTPGROUP_EARGUMENT)) {
		login->error = (struct error)ERROR_INIT;
		return true;
	}
	if (answer != VERIFY_ANSWERED) {
		login_tell(login, "store", "%s", login->error.message);
		login->usable = false;
		login->unusable = TOTPGROUP_REASON_STORE_ERROR;
		login->look_failed = true;
		return true;
	}
	login->daemon_believes = true;
	tell_look(login, &look);
	/* Nobody whom this host does not know passes, whatever the daemon says. */
	return login->usable ? judge_look(login, &look) : true;
}

int login_create_by_daemon(struct login *login, const struct text *credential)
{
	const struct verify_client client = client_of(login);
	const struct verify_login description = describe(login, VERIFY_TURN_UNSAID);

	return verify_client_create(
		&client, login->user, &description, credential, &login->error);
}

size_t login_cut_by_daemon(struct login *login, const char *typed)
{
	const struct verify_client client = client_of(login);
	const struct verify_login description = describe(login, VERIFY_TURN_UNNEEDED);
	struct totpgroup_result result;
	struct error error = ERROR_INIT;
	size_t code_length = 0;

	if (geteuid() == 0 &&
		verify_client_ask_end(&client, login->user, typed_end(typed), &description,
			&result, &code_length, &error) != VERIFY_ANSWERED)
		login_tell(
			login, "forward_pass", "no code can be looked for: %s", error.message);
	if (code_length > 0)
		login_tell(login, "forward_pass",
			"a code that was not needed is spent, and cut off");
	return strlen(typed) - code_length;
}

/* Asks about a code, or about the end of a text that may be one. Of the decision the
 * result is set, and how many bytes of typed come before an accepted code. */
static enum verify_answer ask(
	struct login *login, const char *typed, bool is_end, enum verify_turn turn)
{
	const struct verify_client client = client_of(login);
	struct verify_told told = {.counter_behind = 0};
	struct verify_login description = describe(login, turn);
	const struct verify_login *said = login->daemon_believes ? &description : NULL;
	struct decision *decision = &login->decision;
	enum verify_answer answer;
	size_t code_length;

	description.told = &told;
	if (is_end) {
		answer = verify_client_ask_end(&client, login->user, typed, said,
			&decision->result, &code_length, &login->error);
		decision->password_length = strlen(typed) - code_length;
	} else {
		answer = verify_client_ask(
			&client, login->user, typed, said, &decision->result, &login->error);
	}
	memcpy(decision->device, told.device, sizeof decision->device);
	decision->counter_behind = told.counter_behind;
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
	bool is_wrong = login->usable && !login->is_unenrolled;

	login_refuse(login, is_wrong	    ? TOTPGROUP_REASON_WRONG_CODE
			    : login->usable ? TOTPGROUP_REASON_NOT_ENROLLED
					    : login->unusable);
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
	/* Why a user without a secret does not pass. */
	const struct error before = login->error;

	login->decision = (struct decision)DECISION_INIT;
	if (login->look_failed) {
		login_refuse(login, TOTPGROUP_REASON_STORE_ERROR);
		return;
	}
	login->error = (struct error)ERROR_INIT;
	/* Without an answer nobody has guessed. Root's logins are counted all the same, as
	 * with files. */
	if (typed == NULL) {
		if (login->daemon_believes)
			(void)ask(login, NULL, false,
				login->was_sent ? VERIFY_TURN_LAST : VERIFY_TURN_UNSAID);
		login_refuse(login, TOTPGROUP_REASON_CONVERSATION);
		return;
	}
	if (attempt->password_before_code)
		typed = typed_end(typed);
	if (typed == NULL) {
		refuse_without_code(login);
		return;
	}
	answer = ask(login, typed, attempt->password_before_code,
		login->was_sent ? VERIFY_TURN_LAST
		: attempt->last ? VERIFY_TURN_UNSAID
				: VERIFY_TURN_FIRST);
	login->was_sent = true;
	login->decision.password_length += (size_t)(typed - attempt->typed);
	judge_answer(login, answer);
	if (login->decision.result.reason == TOTPGROUP_REASON_NOT_ENROLLED &&
		login->error.code == 0)
		login->error = before;
}
