/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What totp-verifyd answers, as its clients read it:
 *
 *     the call: verify, end, look, examine, create or enroll
 *     a reply on each line
 */

#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "client/verify_client.h"

#define CODE "123456"

static const struct verify_client client = {"/run/fuzz/verify", 10000};

static void check_answer(enum verify_answer answer, const struct error *error)
{
	if (answer != VERIFY_ANSWERED)
		fuzz_check_error(error);
}

static void check_verify(bool whole)
{
	struct verify_told told = {"", 0};
	const struct verify_login login = {
		.service = "sshd", .rhost = "192.0.2.7", .told = &told};
	struct totpgroup_result result;
	struct error error = ERROR_INIT;
	size_t code_length = 0;
	enum verify_answer answer =
		whole ? verify_client_ask(&client, "alice", CODE, &login, &result, &error)
		      : verify_client_ask_end(&client, "alice", "99" CODE, &login, &result,
				&code_length, &error);

	check_answer(answer, &error);
	FUZZ_CHECK(answer == VERIFY_ANSWERED || result.verdict != TOTPGROUP_ACCEPTED);
	FUZZ_CHECK(code_length <= strlen("99" CODE));
	FUZZ_CHECK(code_length == 0 || result.verdict == TOTPGROUP_ACCEPTED);
	FUZZ_CHECK(strlen(told.device) < sizeof told.device);
}

static void check_examine(void)
{
	const struct verify_login login = {.service = "sshd", .rhost = "192.0.2.7"};
	static const struct verify_look nothing;
	struct verify_look look;
	struct error error = ERROR_INIT;
	enum verify_answer answer =
		verify_client_examine(&client, "alice", &login, false, &look, &error);

	check_answer(answer, &error);
	if (answer != VERIFY_ANSWERED)
		FUZZ_CHECK(memcmp(&look, &nothing, sizeof look) == 0);
	FUZZ_CHECK(look.kind == VERIFY_LOOK_NOT_ENROLLED || !look.passes);
	FUZZ_CHECK(look.days_left >= 0 && look.retry_after >= 0);
}

static void check_create(void)
{
	const struct verify_login login = {.service = "sshd"};
	struct text credential = TEXT_INIT;
	struct error error = ERROR_INIT;

	FUZZ_CHECK(text_append_string(&credential, "JBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n") == 0);
	if (verify_client_create(&client, "alice", &login, &credential, &error) != 0)
		fuzz_check_error(&error);
	text_free(&credential);
}

static void check_enroll(void)
{
	struct enroll_client enroll = ENROLL_CLIENT_INIT;
	struct error error = ERROR_INIT;
	enum enroll_answer answer = enroll_client_begin(&enroll, &client, &error);

	if (answer == ENROLL_DONE) {
		FUZZ_CHECK(strncmp(enroll.uri.data, "otpauth://", 10) == 0);
		FUZZ_CHECK(enroll.codes.count <= EMERGENCY_CODES_MAX);
		do
			answer = enroll_client_confirm(&enroll, CODE, &error);
		while (answer == ENROLL_WRONG_CODE);
	}
	if (answer != ENROLL_DONE)
		fuzz_check_error(&error);
	enroll_client_end(&enroll);
}

void fuzz_reply(struct fuzz_input input)
{
	char call[16];

	fuzz_take_line(&input, call, sizeof call);
	fuzz_daemon_begin(input);
	if (strcmp(call, "verify") == 0 || strcmp(call, "end") == 0) {
		check_verify(*call == 'v');
	} else if (strcmp(call, "look") == 0) {
		struct error error = ERROR_INIT;

		check_answer(verify_client_look(&client, &error), &error);
	} else if (strcmp(call, "examine") == 0) {
		check_examine();
	} else if (strcmp(call, "create") == 0) {
		check_create();
	} else if (strcmp(call, "enroll") == 0) {
		check_enroll();
	}
	fuzz_daemon_end();
}
