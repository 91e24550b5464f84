/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "login/outcome.h"

#include <security/pam_appl.h>
#include <stdio.h>

#include "message/translate.h"

enum login_outcome outcome_of_prepared(const struct login *login, bool due)
{
	if (login->enrollment_due)
		return LOGIN_OFFERED;
	if (login_is_skipped(login))
		return LOGIN_SKIPPED;
	if (login->decision.result.verdict == TOTPGROUP_ACCEPTED)
		return LOGIN_LET_IN;
	if (!due)
		return LOGIN_REFUSED;
	return login->usable ? LOGIN_ASKED : LOGIN_ASKED_IN_VAIN;
}

int outcome_pam_code(const struct login *login)
{
	if (login_is_skipped(login))
		return PAM_IGNORE;
	if (login->decision.result.verdict == TOTPGROUP_ACCEPTED)
		return PAM_SUCCESS;
	switch (login->decision.result.reason) {
	case TOTPGROUP_REASON_CONFIG_ERROR:
	case TOTPGROUP_REASON_GROUP_ERROR:
		return PAM_SERVICE_ERR;
	case TOTPGROUP_REASON_BAD_FILE:
	case TOTPGROUP_REASON_STORE_ERROR:
		return PAM_AUTHINFO_UNAVAIL;
	default:
		return PAM_AUTH_ERR;
	}
}

static bool may_tell_reason(const struct login *login)
{
	const char *methods = login->facts.ssh_auth_info;

	return login->options.tell_reason || (methods != NULL && *methods != '\0');
}

static const char *words_for_reason(enum totpgroup_reason reason)
{
	switch (reason) {
	case TOTPGROUP_REASON_REUSED:
		return N_("This code was used already. Wait for the next one.");
	case TOTPGROUP_REASON_NOT_ENROLLED:
		return N_("You have no verification code set up. Ask the administrator.");
	case TOTPGROUP_REASON_BAD_FILE:
		return N_("Your secret file is damaged or not safe. Ask the administrator.");
	case TOTPGROUP_REASON_PENDING_EXPIRED:
		return N_("Your secret was not confirmed in time. Ask the administrator.");
	case TOTPGROUP_REASON_STORE_ERROR:
		return N_("The code could not be checked. Ask the administrator.");
	default:
		return N_("The verification code is wrong.");
	}
}

static void tell_refusal(const struct login *login, char message[OUTCOME_MESSAGE_SIZE])
{
	const struct totpgroup_result *result = &login->decision.result;
	const char *words;

	if (result->reason == TOTPGROUP_REASON_CONVERSATION)
		return; /* nobody is there to read it */
	if (result->reason == TOTPGROUP_REASON_CONFIG_ERROR ||
		result->reason == TOTPGROUP_REASON_GROUP_ERROR) {
		words = N_("Verification codes are set up wrongly on this host. Ask the "
			   "administrator.");
	} else if (result->reason == TOTPGROUP_REASON_STORE_ERROR &&
		   options_socket(&login->options) != NULL && login->error.system_error != 0) {
		/* The daemon cannot be reached, so this says nothing about the user. */
		words = N_("The verification code cannot be checked now.");
	} else if (!may_tell_reason(login)) {
		words = N_("The verification code was not accepted.");
	} else if (login->error.code == TOTPGROUP_EUNWRITABLE) {
		words = N_("The login could not be recorded. Ask the administrator.");
	} else if (result->reason == TOTPGROUP_REASON_RATE_LIMITED) {
		(void)snprintf(message, OUTCOME_MESSAGE_SIZE,
			translate("Too many attempts. Try again in %lld s."),
			(long long)result->retry_after);
		return;
	} else {
		words = words_for_reason(result->reason);
	}
	(void)snprintf(message, OUTCOME_MESSAGE_SIZE, "%s", translate(words));
}

static void tell_days_left(const struct login *login, char message[OUTCOME_MESSAGE_SIZE])
{
	const long long days = login->days_left;

	(void)snprintf(message, OUTCOME_MESSAGE_SIZE,
		translate_plural(
			"A verification code will be needed to log in here in %lld day. "
			"Run totp-enroll to set it up.",
			"A verification code will be needed to log in here in %lld days. "
			"Run totp-enroll to set it up.",
			(unsigned long)days),
		days);
}

void outcome_message(const struct login *login, char message[OUTCOME_MESSAGE_SIZE])
{
	*message = '\0';
	if (login->decision.result.verdict == TOTPGROUP_ACCEPTED)
		return;
	if (login->skip != LOGIN_SKIP_NOT) {
		if (login->days_left > 0)
			tell_days_left(login, message);
	} else if (!login->enrollment_due) {
		/* An offer of a secret has said itself what came of it. */
		tell_refusal(login, message);
	}
}
