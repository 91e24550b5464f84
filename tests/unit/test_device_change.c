/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "state_support.h"

#include "allocation.h"
#include "core/device.h"
#include "core/device_change.h"

#define KIND  "\" TOTP_AUTH\n\" DISALLOW_REUSE 60000000\n\" RATE_LIMIT 9 30 1800000010\n"
#define CODES "12345678\n87654321\n"
#define ONE   SECRET "\n\" LABEL phone\n" KIND CODES
#define B     "\" DEVICE " SECRET_2 " tablet\n"
#define C     "\" DEVICE " SECRET_3 " on paper\n"

/* Which allocation fails in the next change; 0 for none. */
static unsigned int failing;

/* The result of a change: the text, or a message. */
struct outcome {
	struct text secret, state;
	bool damaged_state;
	int status;
	struct error error;
};

static struct outcome change_with(
	const struct device_change *change, const char *secret, const struct text *state)
{
	struct outcome outcome = {TEXT_INIT, TEXT_INIT, false, 0, ERROR_INIT};
	struct text text = text_from(secret);

	allocation_to_fail = failing;
	outcome.status = device_change(change, &text, state, &outcome.secret, &outcome.state,
		&outcome.damaged_state, &outcome.error);
	allocation_to_fail = 0;
	text_free(&text);
	return outcome;
}

static void outcome_free(struct outcome *outcome)
{
	text_free(&outcome->secret);
	text_free(&outcome->state);
}

static void expect(const struct device_change *change, const char *before, const char *after)
{
	struct outcome outcome = change_with(change, before, NULL);

	if (outcome.status != 0)
		fail_msg("refused: %s", outcome.error.message);
	assert_string_equal(outcome.secret.data, after);
	assert_int_equal(outcome.state.length, 0);
	outcome_free(&outcome);
}

static void expect_error(
	const struct device_change *change, const char *before, int status, const char *message)
{
	struct outcome outcome = change_with(change, before, NULL);

	assert_int_equal(outcome.status, status);
	assert_message(&outcome.error, message);
	assert_int_equal(outcome.secret.length, 0);
	outcome_free(&outcome);
}

static const struct device_change add_tablet = {.name = "tablet", .secret = SECRET_2};
static const struct device_change add_paper = {.name = "on paper", .secret = SECRET_3};
static const struct device_change revoke_phone = {.name = "phone"};
static const struct device_change revoke_tablet = {.name = "tablet"};

static void a_device_is_added_below_the_others(void **state)
{
	const struct device_change confirmed = {
		.name = "tablet", .secret = SECRET_2, .spent_step = 60000001};
	const struct device_change tracked = {.name = "tablet",
		.secret = SECRET_2,
		.spent_step = 60000001,
		.disallow_reuse = true};

	(void)state;
	expect(&add_tablet, ONE, SECRET "\n" B "\" LABEL phone\n" KIND CODES);
	/* Below the last of the others. */
	expect(&add_paper, ONE B "\" X\n", ONE B C "\" X\n");
	expect(&add_paper, SECRET "\n\" TOTP_AUTH\n" B, SECRET "\n\" TOTP_AUTH\n" B C);
	expect(&add_paper, SECRET "\n\" TOTP_AUTH\n\" DEVICE " SECRET_2 " x",
		SECRET "\n\" TOTP_AUTH\n\" DEVICE " SECRET_2 " x\n" C);
	/* The code that confirmed it is spent, if the credential disallows reuse. */
	expect(&confirmed, SECRET "\n\" TOTP_AUTH\n\" DISALLOW_REUSE 60000000\n",
		SECRET "\n" B "\" TOTP_AUTH\n\" DISALLOW_REUSE 60000000 60000001\n");
	expect(&confirmed, SECRET "\n\" TOTP_AUTH\n", SECRET "\n" B "\" TOTP_AUTH\n");
	expect(&tracked, SECRET "\n\" TOTP_AUTH\n",
		SECRET "\n\" DISALLOW_REUSE 60000001\n" B "\" TOTP_AUTH\n");
	/* Steps that the first device has spent, far away because of its skew, stay
	 * spent. */
	expect(&confirmed,
		SECRET "\n\" TOTP_AUTH\n\" TIME_SKEW 20\n\" DISALLOW_REUSE 60000020\n",
		SECRET "\n" B "\" TOTP_AUTH\n\" TIME_SKEW 20\n"
		       "\" DISALLOW_REUSE 60000020 60000001\n");
}

static void a_device_that_cannot_be_added_is_refused(void **state)
{
	const struct device_change nameless = {.name = "", .secret = SECRET_2};
	const struct device_change first = {.name = "first", .secret = SECRET_2};
	const struct device_change phone = {.name = "phone", .secret = SECRET_2};
	char text[2000] = SECRET "\n\" TOTP_AUTH\n";

	(void)state;
	expect_error(&phone, ONE, TOTPGROUP_EARGUMENT, "a device 'phone' already");
	expect_error(&first, SECRET "\n\" TOTP_AUTH\n", TOTPGROUP_EARGUMENT,
		"a device 'first' already");
	expect_error(&add_tablet, ONE B, TOTPGROUP_EARGUMENT, "a device 'tablet' already");
	expect_error(&nameless, ONE, TOTPGROUP_EARGUMENT, "1 to 64 bytes");
	expect_error(&add_tablet, SECRET "\n\" HOTP_COUNTER 1\n", TOTPGROUP_EARGUMENT,
		"only a secret whose codes change with time");
	expect_error(&add_tablet, SECRET "\n", TOTPGROUP_EARGUMENT, "only a secret whose");
	expect_error(&add_tablet, "1!\n", TOTPGROUP_EFORMAT, "line 1");
	expect_error(&add_tablet, ONE "\" DEVICE x\n", TOTPGROUP_EFORMAT, "line 8");
	expect_error(&add_tablet, ONE "\" WINDOW_SIZE x\n", TOTPGROUP_EFORMAT, "line 8");
	for (int i = 1; i < DEVICES_MAX; i++)
		sprintf(text + strlen(text), "\" DEVICE " SECRET_3 " %d\n", i);
	expect_error(&add_tablet, text, TOTPGROUP_EARGUMENT, "8 devices already");
}

static void a_device_is_replaced_where_that_is_asked(void **state)
{
	const struct device_change tablet = {
		.name = "tablet", .secret = SECRET_3, .replace = true};
	const struct device_change phone = {
		.name = "phone", .secret = SECRET_3, .replace = true};

	(void)state;
	expect(&tablet, ONE B "\" X\n\" LAST3 192.0.2.7 1800000000\n",
		ONE "\" DEVICE " SECRET_3 " tablet\n\" X\n\" LAST3 - 0\n");
	expect(&tablet, ONE,
		SECRET "\n\" DEVICE " SECRET_3 " tablet\n\" LABEL phone\n" KIND CODES);
	expect(&phone, ONE B "\" TIME_SKEW 3\n", SECRET_3 "\n\" LABEL phone\n" KIND CODES B);
}

static void a_device_is_revoked_and_the_next_becomes_first(void **state)
{
	(void)state;
	expect(&revoke_tablet, ONE B C, ONE C);
	/* The next device becomes the first one, and the skew is forgotten. */
	expect(&revoke_phone, ONE B C "\" TIME_SKEW 3\n\" RESETTING_TIME_SKEW 59999999+9\n",
		SECRET_2 "\n\" LABEL tablet\n" KIND CODES C);
	expect(&(struct device_change){.name = "first"}, SECRET "\r\n\" TOTP_AUTH\n" B,
		SECRET_2 "\n\" LABEL tablet\n\" TOTP_AUTH\n");
	/* Grace is forgotten, because a code of the device may have given it. */
	expect(&revoke_tablet, ONE B "\" LAST0 192.0.2.7 1800000000 sshd\n",
		ONE "\" LAST0 - 0\n");
	/* If both have that name, the further device is revoked. */
	expect(&revoke_tablet, SECRET "\n\" LABEL tablet\n\" TOTP_AUTH\n" B,
		SECRET "\n\" LABEL tablet\n\" TOTP_AUTH\n");
}

static void an_unknown_or_only_device_is_not_revoked(void **state)
{
	(void)state;
	expect_error(&revoke_tablet, ONE C, TOTPGROUP_ENOTFOUND, "no device 'tablet'");
	expect_error(&revoke_phone, ONE, TOTPGROUP_EARGUMENT, "'phone' is the only device");
	expect_error(&revoke_phone, ONE "\" DEVICE x\n", TOTPGROUP_EFORMAT, "line 8");
}

/* The state that a login with an emergency code leaves. */
static struct text state_of(const char *secret, const char *typed)
{
	struct text kept = text_from("");
	struct attempt attempt = attempt_with(typed);

	assert_int_equal(
		decide_apart(secret, &kept, &attempt).result.verdict, TOTPGROUP_ACCEPTED);
	return kept;
}

static void expect_reason(const struct text *secret, const struct text *state,
	const char *typed, enum totpgroup_reason reason)
{
	struct text copy = text_from(state->data);
	struct attempt attempt = attempt_with(typed);
	struct decision decision = decide_apart(secret->data, &copy, &attempt);

	assert_string_equal(
		totpgroup_reason_name(decision.result.reason), totpgroup_reason_name(reason));
	text_free(&copy);
}

/* With separate state, the next device inherits what was spent. The secret gets no new
 * lines. */
static void the_state_follows_the_first_device(void **state)
{
	struct text kept = state_of(ONE B, "12345678"), old = text_from(ONE B);
	struct outcome outcome = change_with(&revoke_phone, ONE B, &kept);
	struct text tablet = TEXT_INIT;
	code_text code;

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.secret.data, SECRET_2 "\n\" LABEL tablet\n" KIND CODES);
	put_code_of(1, STEP, 6, 0, code);
	expect_reason(&outcome.secret, &outcome.state, "12345678", TOTPGROUP_REASON_WRONG_CODE);
	expect_reason(&outcome.secret, &outcome.state, "87654321", TOTPGROUP_REASON_NONE);
	expect_reason(&outcome.secret, &outcome.state, code, TOTPGROUP_REASON_REUSED);
	/* It stays spent before the new secret is stored, and when the old one is
	 * restored. */
	expect_reason(&old, &outcome.state, "12345678", TOTPGROUP_REASON_WRONG_CODE);
	expect_reason(&old, &outcome.state, code, TOTPGROUP_REASON_REUSED);
	/* Codes that are spent later are spent with the old secret, too. */
	assert_int_equal(text_append(&tablet, outcome.state.data, outcome.state.length), 0);
	expect_reason(&old, &tablet, "87654321", TOTPGROUP_REASON_NONE);
	{
		struct attempt attempt = attempt_with("87654321");

		decide_apart(outcome.secret.data, &tablet, &attempt);
		put_code_of(1, STEP + 1, 6, 0, code);
		attempt.typed = code;
		decide_apart(outcome.secret.data, &tablet, &attempt);
	}
	expect_reason(&old, &tablet, "87654321", TOTPGROUP_REASON_WRONG_CODE);
	expect_reason(&old, &tablet, code, TOTPGROUP_REASON_REUSED);
	text_free(&tablet);
	text_free(&kept);
	text_free(&old);
	outcome_free(&outcome);
}

/* The list of the state counts. */
static void the_confirming_code_is_spent_in_the_state(void **state)
{
	const struct device_change confirmed = {
		.name = "tablet", .secret = SECRET_2, .spent_step = 60000001};
	struct text kept = state_of(ONE, "12345678");
	struct outcome outcome = change_with(&confirmed, ONE, &kept);
	code_text code;

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.secret.data, SECRET "\n" B "\" LABEL phone\n" KIND CODES);
	put_code_of(1, STEP + 1, 6, 0, code);
	expect_reason(&outcome.secret, &outcome.state, code, TOTPGROUP_REASON_REUSED);
	put_code_of(0, STEP + 1, 6, 0, code);
	expect_reason(&outcome.secret, &outcome.state, code, TOTPGROUP_REASON_REUSED);
	text_free(&kept);
	outcome_free(&outcome);
}

static void a_revoked_device_ends_grace_in_the_state(void **state)
{
	struct text kept = text_from("");
	struct attempt attempt = attempt_with("12345678");
	struct totpgroup_result result;
	totpgroup_credential *effective;
	struct outcome outcome;
	struct error error = ERROR_INIT;
	bool damaged;

	(void)state;
	attempt.grace.host = "192.0.2.7";
	attempt.grace_period = 1000;
	decide_apart(ONE B, &kept, &attempt);
	outcome = change_with(&revoke_tablet, ONE B, &kept);
	assert_int_equal(
		state_apply(&outcome.secret, &outcome.state, &effective, &damaged, &error), 0);
	assert_int_equal(decide_before_prompt(effective, &attempt, &result, &error), 0);
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	totpgroup_credential_free(effective);
	text_free(&kept);
	outcome_free(&outcome);
}

static void a_damaged_state_is_reported_as_such(void **state)
{
	struct text kept = text_from("totpgroup-state 2\n\" END\n");
	struct outcome outcome = change_with(&revoke_phone, ONE B, &kept);

	(void)state;
	assert_int_equal(outcome.status, TOTPGROUP_EFORMAT);
	assert_true(outcome.damaged_state);
	assert_message(&outcome.error, "line 1");
	assert_int_equal(outcome.state.length, 0);
	text_free(&kept);
	outcome_free(&outcome);
}

/* Each failed allocation is an error. */
static void each_failed_allocation_is_an_error(void **state)
{
	const struct device_change changes[] = {add_paper, revoke_phone, revoke_tablet};
	struct text kept = state_of(ONE B, "12345678");

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		bool done = false;

		for (failing = 1; !done; failing++) {
			struct outcome outcome = change_with(&changes[i], ONE B, &kept);

			done = outcome.status == 0;
			assert_int_equal(outcome.error.code, outcome.status);
			assert_true(done || outcome.status == TOTPGROUP_EMEMORY);
			outcome_free(&outcome);
		}
		assert_true(failing > 20);
		failing = 0;
	}
	text_free(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_added_below_the_others),
		cmocka_unit_test(a_device_that_cannot_be_added_is_refused),
		cmocka_unit_test(a_device_is_replaced_where_that_is_asked),
		cmocka_unit_test(a_device_is_revoked_and_the_next_becomes_first),
		cmocka_unit_test(an_unknown_or_only_device_is_not_revoked),
		cmocka_unit_test(the_state_follows_the_first_device),
		cmocka_unit_test(the_confirming_code_is_spent_in_the_state),
		cmocka_unit_test(a_revoked_device_ends_grace_in_the_state),
		cmocka_unit_test(a_damaged_state_is_reported_as_such),
		cmocka_unit_test(each_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
