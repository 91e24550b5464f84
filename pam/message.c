/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pam/message.h"

#include <security/pam_ext.h>

#include "message/translate.h"

static bool may_speak(const struct flow *flow)
{
	return flow->watcher == NULL && ((unsigned int)flow->flags & PAM_SILENT) == 0;
}

static void say_error(const struct flow *flow, const char *text)
{
	pam_error(flow->pamh, "%s", translate(text));
}

/* Only to somebody who has passed an earlier factor: it tells who is enrolled, and
 * that a code was seen before. */
static bool may_tell_reason(const struct flow *flow)
{
	const char *methods = flow->login.ssh_auth_info;

	return flow->options.tell_reason || (methods != NULL && *methods != '\0');
}

static void tell_reason(const struct flow *flow)
{
	const struct totpgroup_result *result = &flow->decision.result;

	switch (result->reason) {
	case TOTPGROUP_REASON_REUSED:
		say_error(flow, N_("This code was used already. Wait for the next one."));
		break;
	case TOTPGROUP_REASON_RATE_LIMITED:
		pam_error(flow->pamh, translate("Too many attempts. Try again in %lld s."),
			(long long)result->retry_after);
		break;
	case TOTPGROUP_REASON_NOT_ENROLLED:
		say_error(flow, N_("You have no verification code set up. Ask the "
				   "administrator."));
		break;
	case TOTPGROUP_REASON_BAD_FILE:
		say_error(flow, N_("Your secret file is damaged or not safe. Ask the "
				   "administrator."));
		break;
	case TOTPGROUP_REASON_PENDING_EXPIRED:
		say_error(flow, N_("Your secret was not confirmed in time. Ask the "
				   "administrator."));
		break;
	case TOTPGROUP_REASON_STORE_ERROR:
		say_error(flow, N_("The code could not be checked. Ask the administrator."));
		break;
	default:
		say_error(flow, N_("The verification code is wrong."));
	}
}

static void about_refusal(const struct flow *flow)
{
	switch (flow->decision.result.reason) {
	case TOTPGROUP_REASON_CONVERSATION:
		/* Nobody is there to read it. */
		return;
	case TOTPGROUP_REASON_CONFIG_ERROR:
	case TOTPGROUP_REASON_GROUP_ERROR:
		say_error(flow, N_("Verification codes are set up wrongly on this host. "
				   "Ask the administrator."));
		return;
	default:
		break;
	}
	if (!may_tell_reason(flow))
		say_error(flow, N_("The verification code was not accepted."));
	else if (flow->error.code == TOTPGROUP_EUNWRITABLE)
		say_error(flow, N_("The login could not be recorded. Ask the administrator."));
	else
		tell_reason(flow);
}

static void about_days_left(const struct flow *flow)
{
	const long long days = flow->days_left;

	pam_info(flow->pamh,
		translate_plural(
			"A verification code will be needed to log in here in %lld day. "
			"Run totp-enroll to set it up.",
			"A verification code will be needed to log in here in %lld days. "
			"Run totp-enroll to set it up.",
			(unsigned long)days),
		days);
}

void message_about(const struct flow *flow)
{
	if (!may_speak(flow) || flow->decision.result.verdict == TOTPGROUP_ACCEPTED)
		return;
	if (flow->skip != SKIP_NOT) {
		if (flow->days_left > 0)
			about_days_left(flow);
	} else if (!flow->enrollment_due) {
		/* The offer has said itself what came of it. */
		about_refusal(flow);
	}
}

void message_not_asked(const struct flow *flow)
{
	if (may_speak(flow))
		say_error(flow, N_("A verification code is needed here, and this login was not "
				   "asked for one. Ask the administrator."));
}
