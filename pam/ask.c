/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The prompt, and what becomes of the text that was typed. */
#include "config.h"

#include "base/wipe.h"
#include "pam/conversation.h"
#include "pam/enrollment.h"
#include "pam/log.h"
#include "pam/module.h"

/* Leaves the first length bytes of a text to the modules behind. */
static void pass_on(struct module *module, const char *typed, size_t length)
{
	struct login *login = &module->login;
	int status = conversation_forward_pass(module->pamh, typed, length);

	if (status == 0)
		return;
	error_set(&login->error, status, "cannot pass the password on");
	login_refuse(login, TOTPGROUP_REASON_STORE_ERROR);
}

/* The user typed something else, which nobody knows, so there is nothing to count. */
static void refuse_for_sshd(struct login *login, const struct attempt *attempt)
{
	login_pretend(login, attempt);
	error_set(&login->error, TOTPGROUP_EUNSAFE,
		"sshd does not let this user log in, whatever the code: see PermitRootLogin, "
		"AllowUsers, DenyUsers and the user's shell");
	login_refuse(login, TOTPGROUP_REASON_DENIED_BY_SSHD);
}

/* Decides on one text, and leaves its password for the next module where that is wanted.
 * Anything but a verdict on a durable state refuses, unless the option allow_readonly
 * overlooks that the state could not be written. */
static void try_text(
	struct module *module, const char *typed, bool password_before_code, bool last)
{
	struct login *login = &module->login;
	struct error unrecorded = ERROR_INIT;
	struct attempt attempt;
	int status = 0;

	login_begin_attempt(login, &attempt);
	attempt.typed = typed;
	attempt.password_before_code = password_before_code;
	attempt.last = last;
	attempt.penalty_due = login->decision.penalty_due;
	if (login->usable && typed != NULL && conversation_is_of_sshd(typed))
		refuse_for_sshd(login, &attempt);
	else if (options_socket(&login->options) != NULL)
		login_ask_daemon(login, &attempt);
	else if (!login->usable)
		login_pretend(login, &attempt);
	else
		status = user_credential_verify(&login->credential, &attempt, &login->decision,
			login->options.allow_readonly ? &unrecorded : NULL, &login->error);
	login->counted = true;
	if (unrecorded.code != 0)
		log_unrecorded(module->pamh, login, &unrecorded);
	/* The credential was there before the prompt. */
	if (status != 0)
		login_refuse(login, status == TOTPGROUP_ENOTFOUND
					    ? TOTPGROUP_REASON_STORE_ERROR
					    : user_credential_reason(status));
	if (login->decision.result.verdict == TOTPGROUP_ACCEPTED && login->options.forward_pass)
		pass_on(module, typed, login->decision.password_length);
}

/* Tries the password of an earlier module, with the code at its end. True where that
 * settles it. */
static bool try_first_pass(struct module *module)
{
	const struct options *options = &module->login.options;
	const char *typed;

	if (!options->use_first_pass && !options->try_first_pass)
		return false;
	typed = conversation_first_pass(module->pamh);
	if (typed == NULL && !options->use_first_pass)
		return false;
	try_text(module, typed, true, options->use_first_pass);
	return options->use_first_pass || !module->login.decision.no_match;
}

void module_ask(struct module *module)
{
	struct login *login = &module->login;
	char *typed;

	if (try_first_pass(module))
		return;
	typed = conversation_ask_code(module->pamh, &login->options);
	try_text(module, typed, login->options.forward_pass, true);
	if (typed == NULL)
		login_refuse(login, TOTPGROUP_REASON_CONVERSATION);
	wipe_free_string(typed);
}

void module_leave_password(struct module *module)
{
	struct login *login = &module->login;
	const struct options *options = &login->options;
	const char *typed = NULL;
	char *answer = NULL;

	if (options->use_first_pass || options->try_first_pass)
		typed = conversation_first_pass(module->pamh);
	if (typed == NULL && options->use_first_pass)
		return;
	if (typed == NULL)
		typed = answer = conversation_ask_code(module->pamh, options);
	if (typed != NULL)
		pass_on(module, typed, login_cut_code(login, typed));
	else
		login_refuse(login, TOTPGROUP_REASON_CONVERSATION);
	wipe_free_string(answer);
}

void module_count_limited(struct module *module)
{
	struct login *login = &module->login;
	struct totpgroup_result limited = login->decision.result;

	try_text(module, NULL, false, true);
	login_refuse(login, limited.reason);
	login->decision.result.retry_after = limited.retry_after;
}

void module_enroll(struct module *module)
{
	struct login *login = &module->login;
	bool optional = login->skip == LOGIN_SKIP_NOT_ENROLLED;
	enum enrollment outcome;

	login->skip = LOGIN_SKIP_NOT;
	outcome = enrollment_offer(module->pamh, login, optional);
	if (outcome == ENROLLMENT_DECLINED)
		login->skip = LOGIN_SKIP_NOT_ENROLLED;
	else if (outcome != ENROLLMENT_STORED)
		login_refuse(login, login->decision.result.reason);
}
