/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of a login: its result for PAM, what explain calls it, and the sentence. */

#include "config.h"

#include "test_support.h"

#include <security/pam_appl.h>
#include <string.h>

#include "login/outcome.h"

/* More than there are: a number that no reason has is a refusal, too. */
#define REASONS 16

static const char *message_of(const struct login *login)
{
	static char message[OUTCOME_MESSAGE_SIZE];

	memset(message, 'x', sizeof message);
	outcome_message(login, message);
	return message;
}

static struct login refused_for(enum totpgroup_reason reason)
{
	struct login login = LOGIN_INIT;

	login_refuse(&login, reason);
	return login;
}

static void a_login_that_nothing_was_said_of_is_refused(void **state)
{
	struct login login = LOGIN_INIT;

	(void)state;
	assert_int_equal(outcome_of_prepared(&login, false), LOGIN_REFUSED);
	assert_int_equal(outcome_pam_code(&login), PAM_AUTH_ERR);
	memset(&login, 0, sizeof login);
	assert_int_equal(outcome_of_prepared(&login, false), LOGIN_REFUSED);
	assert_int_equal(outcome_pam_code(&login), PAM_AUTH_ERR);
}

static void who_is_asked_has_a_secret_that_can_be_right(void **state)
{
	struct login login = LOGIN_INIT;

	(void)state;
	assert_int_equal(outcome_of_prepared(&login, true), LOGIN_ASKED_IN_VAIN);
	login.usable = true;
	assert_int_equal(outcome_of_prepared(&login, true), LOGIN_ASKED);
	assert_int_equal(outcome_of_prepared(&login, false), LOGIN_REFUSED);
	login.enrollment_due = true;
	assert_int_equal(outcome_of_prepared(&login, true), LOGIN_OFFERED);
	assert_int_equal(outcome_pam_code(&login), PAM_AUTH_ERR);
}

static void each_way_past_the_question_is_skipped(void **state)
{
	static const enum login_skip skips[] = {
		LOGIN_SKIP_GATE, LOGIN_SKIP_SERVICE, LOGIN_SKIP_NOT_ENROLLED};

	(void)state;
	for (size_t i = 0; i < COUNT(skips); i++) {
		struct login login = LOGIN_INIT;

		login.skip = skips[i];
		assert_int_equal(outcome_of_prepared(&login, false), LOGIN_SKIPPED);
		assert_int_equal(outcome_pam_code(&login), PAM_IGNORE);
		assert_string_equal(message_of(&login), "");
	}
}

/* A bit that memory lost, and what a compiler would take for true. */
static void a_value_that_no_skip_has_skips_nothing(void **state)
{
	static const unsigned int values[] = {1, 2, (unsigned int)LOGIN_SKIP_GATE ^ 1U,
		(unsigned int)LOGIN_SKIP_SERVICE ^ 4U, 0x7fffffff};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct login login = LOGIN_INIT;

		login.skip = (enum login_skip)values[i];
		assert_int_equal(outcome_of_prepared(&login, false), LOGIN_REFUSED);
		assert_int_equal(outcome_pam_code(&login), PAM_AUTH_ERR);
	}
}

static void an_accepted_login_is_let_in_without_a_word(void **state)
{
	struct login login = LOGIN_INIT;

	(void)state;
	login.decision.result.verdict = TOTPGROUP_ACCEPTED;
	assert_int_equal(outcome_of_prepared(&login, false), LOGIN_LET_IN);
	assert_int_equal(outcome_pam_code(&login), PAM_SUCCESS);
	login.options.tell_reason = true;
	assert_string_equal(message_of(&login), "");
}

static void no_refusal_is_success_or_ignored(void **state)
{
	(void)state;
	for (int reason = 0; reason < REASONS; reason++) {
		struct login login = refused_for((enum totpgroup_reason)reason);
		int expected = PAM_AUTH_ERR;

		if (reason == TOTPGROUP_REASON_CONFIG_ERROR ||
			reason == TOTPGROUP_REASON_GROUP_ERROR)
			expected = PAM_SERVICE_ERR;
		if (reason == TOTPGROUP_REASON_BAD_FILE ||
			reason == TOTPGROUP_REASON_STORE_ERROR)
			expected = PAM_AUTHINFO_UNAVAIL;
		assert_int_equal(outcome_pam_code(&login), expected);
		assert_int_equal(outcome_of_prepared(&login, false), LOGIN_REFUSED);
	}
}

/* A refusal that follows on a skip or an acceptance takes it back. */
static void a_refusal_takes_back_what_was_decided(void **state)
{
	struct login login = LOGIN_INIT;

	(void)state;
	login.skip = LOGIN_SKIP_GATE;
	login.decision.result.verdict = TOTPGROUP_ACCEPTED;
	login.decision.no_match = true;
	login_refuse(&login, TOTPGROUP_REASON_STORE_ERROR);
	assert_false(login_is_skipped(&login));
	assert_false(login.decision.no_match);
	assert_int_equal(outcome_pam_code(&login), PAM_AUTHINFO_UNAVAIL);
}

static void a_stranger_is_told_no_reason(void **state)
{
	(void)state;
	for (int reason = 0; reason < REASONS; reason++) {
		struct login login = refused_for((enum totpgroup_reason)reason);

		if (reason == TOTPGROUP_REASON_CONVERSATION)
			assert_string_equal(message_of(&login), "");
		else if (reason == TOTPGROUP_REASON_CONFIG_ERROR ||
			 reason == TOTPGROUP_REASON_GROUP_ERROR)
			assert_string_equal(message_of(&login),
				"Verification codes are set up wrongly on this host. Ask the "
				"administrator.");
		else
			assert_string_equal(
				message_of(&login), "The verification code was not accepted.");
	}
}

static const struct {
	enum totpgroup_reason reason;
	const char *words;
} told[] = {
	{TOTPGROUP_REASON_REUSED, "This code was used already. Wait for the next one."},
	{TOTPGROUP_REASON_NOT_ENROLLED,
		"You have no verification code set up. Ask the administrator."},
	{TOTPGROUP_REASON_BAD_FILE,
		"Your secret file is damaged or not safe. Ask the administrator."},
	{TOTPGROUP_REASON_PENDING_EXPIRED,
		"Your secret was not confirmed in time. Ask the administrator."},
	{TOTPGROUP_REASON_STORE_ERROR, "The code could not be checked. Ask the administrator."},
	{TOTPGROUP_REASON_WRONG_CODE, "The verification code is wrong."},
	{TOTPGROUP_REASON_RATE_LIMITED, "Too many attempts. Try again in 17 s."},
};

static void who_has_passed_a_factor_is_told_the_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(told); i++) {
		struct login login = refused_for(told[i].reason);

		login.decision.result.retry_after = 17;
		login.options.tell_reason = true;
		assert_string_equal(message_of(&login), told[i].words);
		login.options.tell_reason = false;
		login.facts.ssh_auth_info = "publickey ssh-ed25519 AAAA";
		assert_string_equal(message_of(&login), told[i].words);
		login.facts.ssh_auth_info = "";
		assert_string_equal(
			message_of(&login), "The verification code was not accepted.");
	}
}

static void what_cannot_be_recorded_or_reached_has_its_own_words(void **state)
{
	struct login login = refused_for(TOTPGROUP_REASON_STORE_ERROR);

	(void)state;
	login.error.system_error = 111;
	login.options.store = "socket:/run/x";
	assert_string_equal(message_of(&login), "The verification code cannot be checked now.");
	login.error.system_error = 0;
	assert_string_equal(message_of(&login), "The verification code was not accepted.");
	login.options.store = NULL;
	login.error.system_error = 111;
	assert_string_equal(message_of(&login), "The verification code was not accepted.");
	login.options.tell_reason = true;
	login.error.code = TOTPGROUP_EUNWRITABLE;
	assert_string_equal(
		message_of(&login), "The login could not be recorded. Ask the administrator.");
}

static void days_are_told_while_there_are_some(void **state)
{
	struct login login = LOGIN_INIT;

	(void)state;
	login.skip = LOGIN_SKIP_NOT_ENROLLED;
	login.days_left = 1;
	assert_string_equal(message_of(&login),
		"A verification code will be needed to log in here in 1 day. Run totp-enroll "
		"to set it up.");
	login.days_left = 12;
	assert_string_equal(message_of(&login),
		"A verification code will be needed to log in here in 12 days. Run totp-enroll "
		"to set it up.");
}

/* The offer has said itself what came of it. */
static void nothing_is_added_to_an_offer(void **state)
{
	struct login login = refused_for(TOTPGROUP_REASON_WRONG_CODE);

	(void)state;
	login.enrollment_due = true;
	assert_string_equal(message_of(&login), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_that_nothing_was_said_of_is_refused),
		cmocka_unit_test(who_is_asked_has_a_secret_that_can_be_right),
		cmocka_unit_test(each_way_past_the_question_is_skipped),
		cmocka_unit_test(a_value_that_no_skip_has_skips_nothing),
		cmocka_unit_test(an_accepted_login_is_let_in_without_a_word),
		cmocka_unit_test(no_refusal_is_success_or_ignored),
		cmocka_unit_test(a_refusal_takes_back_what_was_decided),
		cmocka_unit_test(a_stranger_is_told_no_reason),
		cmocka_unit_test(who_has_passed_a_factor_is_told_the_reason),
		cmocka_unit_test(what_cannot_be_recorded_or_reached_has_its_own_words),
		cmocka_unit_test(days_are_told_while_there_are_some),
		cmocka_unit_test(nothing_is_added_to_an_offer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
