/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One login: its steps in their order, and the one place where the outcome becomes
 * what PAM is told. */
#include "config.h"

#include "pam/flow.h"

#include <string.h>

#include "pam/flow_state.h"
#include "pam/log.h"
#include "pam/message.h"

static bool is_skipped(const struct flow *flow)
{
	return flow->skip == SKIP_GATE || flow->skip == SKIP_NOT_ENROLLED;
}

static void count_if_limited(struct flow *flow)
{
	if (flow->decision.result.reason == TOTPGROUP_REASON_RATE_LIMITED)
		flow_count_limited(flow);
}

static void run(struct flow *flow, int argc, const char *const *argv)
{
	if (!flow_approach(flow, argc, argv))
		count_if_limited(flow);
	else if (flow->enrollment_due)
		flow_enroll(flow);
	else
		flow_ask(flow);
}

/* The one place where the outcome becomes a PAM code. */
static int conclude(const struct flow *flow)
{
	if (is_skipped(flow))
		return PAM_IGNORE;
	if (flow->decision.result.verdict == TOTPGROUP_ACCEPTED)
		return PAM_SUCCESS;
	switch (flow->decision.result.reason) {
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

static void report(const struct flow *flow)
{
	if (is_skipped(flow))
		log_skipped(flow->pamh, &flow->login, flow->skip_reason, flow->days_left);
	else
		log_verdict(flow->pamh, &flow->login, &flow->decision, &flow->error);
	message_about(flow);
}

int flow_authenticate(pam_handle_t *pamh, int flags, int argc, const char *const *argv)
{
	struct flow flow = FLOW_INIT(pamh, flags);
	int code;

	run(&flow, argc, argv);
	report(&flow);
	code = conclude(&flow);
	flow_end(&flow);
	return code;
}

static enum flow_outcome outcome_of(const struct flow *flow, bool asked)
{
	if (flow->enrollment_due)
		return FLOW_OFFERED;
	if (is_skipped(flow))
		return FLOW_SKIPPED;
	if (flow->decision.result.verdict == TOTPGROUP_ACCEPTED)
		return FLOW_LET_IN;
	if (!asked)
		return FLOW_REFUSED;
	return flow->usable ? FLOW_ASKED : FLOW_ASKED_IN_VAIN;
}

void flow_explain(pam_handle_t *pamh, int argc, const char *const *argv,
	const struct flow_watcher *watcher, struct flow_explanation *explanation)
{
	struct flow flow = FLOW_INIT(pamh, 0);
	bool asked;

	flow.watcher = watcher;
	asked = flow_approach(&flow, argc, argv);
	*explanation = (struct flow_explanation){.outcome = outcome_of(&flow, asked)};
	if (explanation->outcome == FLOW_ASKED_IN_VAIN)
		flow_refuse(&flow, flow.unusable);
	explanation->result = flow.decision.result;
	explanation->skip_reason = flow.skip_reason;
	if (explanation->outcome == FLOW_ASKED || explanation->outcome == FLOW_OFFERED)
		explanation->pam_code = PAM_SUCCESS;
	else
		explanation->pam_code = conclude(&flow);
	memcpy(explanation->message, flow.error.message, sizeof explanation->message);
	flow_end(&flow);
}
