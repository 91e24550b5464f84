/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A secret file and a state, and attempts on both. */
#ifndef TOTPGROUP_STATE_SUPPORT_H
#define TOTPGROUP_STATE_SUPPORT_H

#include "decide_support.h"

#include "core/state.h"

static inline struct text text_from(const char *string)
{
	struct text text = TEXT_INIT;

	assert_int_equal(text_append(&text, string, strlen(string)), 0);
	return text;
}

/* Decides on both texts, and replaces the state if it changed. */
static inline struct decision decide_apart(
	const char *secret, struct text *state, const struct attempt *attempt)
{
	struct text secret_text = text_from(secret), next = TEXT_INIT;
	totpgroup_credential *effective;
	struct error error = ERROR_INIT;
	struct decision decision;
	bool damaged_state;

	assert_int_equal(
		state_apply(&secret_text, state, &effective, &damaged_state, &error), 0);
	assert_int_equal(decide(effective, attempt, &decision, &error), 0);
	if (decision.result.changed) {
		assert_int_equal(
			state_extract(&secret_text, state, effective, &next, &error), 0);
		assert_true(next.length == 0 ||
			    next.length >= strlen("totpgroup-state 1\n\" END\n"));
	}
	if (next.length > 0) {
		text_free(state);
		*state = next;
	}
	totpgroup_credential_free(effective);
	text_free(&secret_text);
	return decision;
}

#endif
