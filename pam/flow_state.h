/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One login on its way, and what the files of the flow share. */
#ifndef TOTPGROUP_PAM_FLOW_STATE_H
#define TOTPGROUP_PAM_FLOW_STATE_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/configuration.h"
#include "core/decide.h"
#include "pam/flow.h"
#include "pam/login.h"

/* Why no code is due. The values are none that memory holds by chance. */
enum skip {
	SKIP_NOT = 0,
	SKIP_GATE = 0x4e1b93d7,
	SKIP_NOT_ENROLLED = 0x19a7c64b,
};

struct flow {
	pam_handle_t *pamh;
	int flags;
	/* Told each step; NULL unless somebody wants an explanation, and then
	 * nothing is written, logged or said to the user. */
	const struct flow_watcher *watcher;
	struct configuration configuration; /* what options point into */
	struct options options;
	/* A session is judged: since the login, pam_env may have let the user set the
	 * PAM environment, so that SSH_CONNECTION tells nothing. */
	bool is_session;
	struct login login;
	enum skip skip;
	const char *skip_reason; /* the word for the log, where it is skipped */
	int64_t days_left;	 /* until a secret is needed; 0: no end, or not skipped */
	struct decision decision;
	struct error error;
	/* There is a credential that can be decided on. Otherwise the person is
	 * asked all the same, and refused for `unusable`. */
	bool usable;
	enum totpgroup_reason unusable;
	/* A user without a secret is to be offered one; skip says whether he may
	 * pass that over. */
	bool enrollment_due;
	/* Of the texts tried in this login, one was counted already. */
	bool counted;
};

#define FLOW_INIT(handle, pam_flags)                                                           \
	{                                                                                      \
		.pamh = (handle), .flags = (pam_flags), .configuration = CONFIGURATION_INIT,   \
		.options = OPTIONS_INIT, .decision = DECISION_INIT, .error = ERROR_INIT        \
	}

/* Frees what the flow owns, at its end. */
void flow_end(struct flow *flow);

/* Refuses for good: no other text of this login is tried. */
void flow_refuse(struct flow *flow, enum totpgroup_reason reason);

/* Tells the watcher, or the log under the option debug, one line about a step;
 * never a code or a secret. */
void flow_note(const struct flow *flow, const char *step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Steps 1 to 4, before anybody is asked: options, user, gate, and a look at the
 * credential. True where a code is to be asked for; otherwise the outcome
 * stands in flow->skip or flow->decision.
 */
bool flow_approach(struct flow *flow, int argc, const char *const *argv);

/* An attempt of this login at this moment, with what the options say of it. */
void flow_begin_attempt(const struct flow *flow, struct attempt *attempt);

/*
 * Step 4, second half, to 7: asks for a code, decides on it and makes that durable;
 * the outcome stands in flow->decision. No lock, no file and no secret is held
 * while the person thinks: sshd may kill the process at any moment of it.
 */
void flow_ask(struct flow *flow);

/* Steps 5 to 7 where store=socket leaves them to the daemon: what is typed, or NULL,
 * is a code alone. */
void flow_ask_daemon(struct flow *flow, const char *typed);

/* Records that a login was refused for the rate limit before the prompt, which
 * google-authenticator counts as an attempt too. */
void flow_count_limited(struct flow *flow);

/* Offers a secret to a user who has none, as far as he takes it. */
void flow_enroll(struct flow *flow);

/* For a known user without a secret: whether the roll-out lets him pass, which
 * flow->skip says then. False where he is asked, or refused. */
bool roll_out_passes(struct flow *flow);

#endif
