/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Steps 5 to 7 of a login that may not read the store: totp-verifyd takes them. */
#include "config.h"

#include "client/verify_client.h"
#include "pam/flow_state.h"

/* A name that cannot be told to it, as bytes that strangers type, is nobody's. */
static bool is_nobodys(const struct flow *flow)
{
	return !flow->usable && flow->error.code == TOTPGROUP_EARGUMENT;
}

/* Without an answer there is nothing to ask about: nobody has guessed. */
void flow_ask_daemon(struct flow *flow, const char *typed)
{
	const struct verify_client client = {
		options_socket(&flow->options), VERIFY_CLIENT_MILLISECONDS};
	enum verify_answer answer;

	flow->decision = (struct decision)DECISION_INIT;
	flow->error = (struct error)ERROR_INIT;
	if (typed == NULL)
		return;
	answer = verify_client_ask(
		&client, flow->login.user, typed, &flow->decision.result, &flow->error);
	if (answer != VERIFY_ANSWERED && !is_nobodys(flow))
		flow_refuse(flow, TOTPGROUP_REASON_STORE_ERROR);
	else if (!flow->usable)
		/* Whatever the daemon says: sshd would fail over letting in a user whom it
		 * does not know. */
		flow_refuse(flow, flow->unusable);
}
