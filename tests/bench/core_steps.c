/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Does a work of the core a hundred times, for test_instructions.py to count its instructions:
 *
 *     core_steps parse|verify|wrong-code|decide|state
 *
 * All input is the same each time.
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decide.h"
#include "core/state.h"
#include "totpgroup.h"

#define TIMES 100
#define NOW   1700000000
#define PLAIN "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n"
#define USUAL                                                                                  \
	"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" RATE_LIMIT 3 30\n\" WINDOW_SIZE 3\n"             \
	"\" DISALLOW_REUSE\n\" TOTP_AUTH\n12345678\n87654321\n"
#define RIGHT "921300"
#define WRONG "000001"

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

static totpgroup_credential *parse(const char *text)
{
	totpgroup_credential *credential;

	check(totpgroup_credential_parse(&credential, text, strlen(text)) == 0);
	return credential;
}

static void verify(totpgroup_credential *credential, const char *code, bool is_right)
{
	struct totpgroup_result result;

	check(totpgroup_credential_verify(credential, code, NOW, &result) == 0 &&
		(result.verdict == TOTPGROUP_ACCEPTED) == is_right);
}

static void parse_alone(void)
{
	totpgroup_credential_free(parse(USUAL));
}

static void decide_once(void)
{
	totpgroup_credential *credential = parse(USUAL);
	char *text;
	size_t length;

	verify(credential, RIGHT, true);
	check(totpgroup_credential_serialize(credential, &text, &length) == 0);
	totpgroup_credential_free(credential);
	free(text);
}

static void decide_on_state(void)
{
	struct text secret = TEXT_INIT, state = TEXT_INIT, next = TEXT_INIT;
	totpgroup_credential *effective = NULL;
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	struct error error;
	bool is_damaged;

	attempt.typed = RIGHT;
	attempt.now = NOW;
	check(text_append_string(&secret, USUAL) == 0 &&
		text_append_string(&state, STATE_EMPTY) == 0 &&
		state_apply(&secret, &state, &effective, &is_damaged, &error) == 0 &&
		decide(effective, &attempt, &decision, &error) == 0 &&
		decision.result.verdict == TOTPGROUP_ACCEPTED &&
		state_extract(&secret, &state, effective, &next, &error) == 0);
	totpgroup_credential_free(effective);
	text_free(&secret);
	text_free(&state);
	text_free(&next);
}

int main(int argc, char **argv)
{
	const char *work = argc == 2 ? argv[1] : "";
	totpgroup_credential *credential = parse(PLAIN);

	for (int i = 0; i < TIMES; i++)
		if (strcmp(work, "parse") == 0)
			parse_alone();
		else if (strcmp(work, "verify") == 0)
			verify(credential, RIGHT, true);
		else if (strcmp(work, "wrong-code") == 0)
			verify(credential, WRONG, false);
		else if (strcmp(work, "decide") == 0)
			decide_once();
		else if (strcmp(work, "state") == 0)
			decide_on_state();
		else
			return 2;
	totpgroup_credential_free(credential);
	return 0;
}
