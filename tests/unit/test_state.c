/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hashed_codes.h"
#include "state_support.h"

#define OTHER "KRUGS4ZANFZSAYJA"
#define LIMIT "\" RATE_LIMIT 3 30\n"
#define REUSE "\" DISALLOW_REUSE\n"
#define TOTP  "\" TOTP_AUTH\n"

/* HMAC-SHA-256 of Python's hmac, keyed with SECRET_BYTES, the first half. */
#define ID	   "b0862033bb0e8d129ce994e10895a7ba"
#define SPENT_CODE "8a65ef5ed0867fc5f3a4f65272d17d70"
#define SPENT_HASH "8e292fe872b0f9b382c9dd0fc0017ff5"

#define HEAD "totpgroup-state 1\n\" SECRET " ID "\n"
#define END  "\" END\n"

static void expect(const char *secret, struct text *state, const char *typed, int64_t now,
	enum totpgroup_reason reason)
{
	struct attempt attempt = attempt_with(typed);
	struct decision decision;

	attempt.now = now;
	attempt.grace = (struct grace_key){.service = "sshd", .host = "192.0.2.7"};
	decision = decide_apart(secret, state, &attempt);
	if (decision.result.reason != reason)
		fail_msg("%s, not %s", totpgroup_reason_name(decision.result.reason),
			totpgroup_reason_name(reason));
	assert_true((decision.result.verdict == TOTPGROUP_ACCEPTED) ==
		    (reason == TOTPGROUP_REASON_NONE));
}

static void accept(const char *secret, struct text *state, const char *typed)
{
	expect(secret, state, typed, NOW, TOTPGROUP_REASON_NONE);
}

static void refuse(
	const char *secret, struct text *state, const char *typed, enum totpgroup_reason reason)
{
	expect(secret, state, typed, NOW, reason);
}

static const char *code_at(int64_t step)
{
	static code_text codes[8];
	static unsigned int next;
	char *code = codes[next++ % COUNT(codes)];

	put_code(step, 6, 0, code);
	return code;
}

/* Applies the state, and expects the effective text; or for NULL, an error with that
 * message. */
static void expect_applied(
	const char *secret, const char *state, const char *expected, const char *message)
{
	struct text secret_text = text_from(secret), state_text = text_from(state);
	struct text next = TEXT_INIT;
	totpgroup_credential *effective;
	struct error error = ERROR_INIT;
	bool damaged;
	int status = state_apply(&secret_text, &state_text, &effective, &damaged, &error);

	if (expected != NULL) {
		assert_int_equal(status, 0);
		assert_credential(effective, expected);
	} else {
		assert_int_equal(status, TOTPGROUP_EFORMAT);
		assert_null(effective);
		assert_true(damaged);
		assert_message(&error, message);
		effective = load(secret);
		assert_int_equal(
			state_extract(&secret_text, &state_text, effective, &next, &error),
			TOTPGROUP_EFORMAT);
		assert_null(next.data);
	}
	totpgroup_credential_free(effective);
	text_free(&secret_text);
	text_free(&state_text);
}

static void a_login_leaves_its_state(void **state)
{
	struct text kept = TEXT_INIT;
	const char *secret = SECRET "\n" LIMIT REUSE TOTP;

	(void)state;
	accept(secret, &kept, code_at(STEP));
	assert_string_equal(
		kept.data, HEAD "\" RATE_LIMIT 1800000015\n\" DISALLOW_REUSE 60000000\n" END);
	refuse(secret, &kept, code_at(STEP), TOTPGROUP_REASON_REUSED);
	expect_applied(secret, kept.data,
		SECRET "\n\" RATE_LIMIT 3 30 1800000015 1800000015\n"
		       "\" DISALLOW_REUSE 60000000\n" TOTP,
		NULL);
	text_free(&kept);
}

/* A first accepted code confirms for good. Another time in the secret file means that it
 * was handed out again. */
static void a_confirmation_is_kept(void **state)
{
	struct text kept = TEXT_INIT;
	const char *secret = SECRET "\n\" PENDING_UNTIL 1800000100\n" REUSE TOTP;

	(void)state;
	accept(secret, &kept, code_at(STEP));
	assert_string_equal(
		kept.data, HEAD "\" DISALLOW_REUSE 60000000\n\" CONFIRMED 1800000100\n" END);
	expect(secret, &kept, code_at(STEP + 10), NOW + 300, TOTPGROUP_REASON_NONE);
	expect_applied(secret, kept.data, SECRET "\n\n\" DISALLOW_REUSE 60000010\n" TOTP, NULL);
	expect(SECRET "\n\" PENDING_UNTIL 1800000200\n" REUSE TOTP, &kept, code_at(STEP + 11),
		NOW + 330, TOTPGROUP_REASON_PENDING_EXPIRED);
	text_free(&kept);
}

/* The state has a digest of the code, and nothing else of it. */
static void spent_codes_stay_spent(void **state)
{
	struct text kept = TEXT_INIT;
	const char *secret = SECRET "\n" TOTP A_1 "12345678\n\n \t\n 0087654321\r\nend\n";

	(void)state;
	accept(secret, &kept, "12345678");
	assert_string_equal(kept.data, HEAD "\" SPENT " SPENT_CODE "\n" END);
	refuse(secret, &kept, "12345678", TOTPGROUP_REASON_WRONG_CODE);
	accept(secret, &kept, CODE_A);
	assert_string_equal(kept.data, HEAD "\" SPENT " SPENT_CODE " " SPENT_HASH "\n" END);
	refuse(secret, &kept, CODE_A, TOTPGROUP_REASON_WRONG_CODE);
	accept(secret, &kept, "87654321");
	refuse(secret, &kept, "87654321", TOTPGROUP_REASON_WRONG_CODE);
	assert_null(strstr(kept.data, "12345678"));
	assert_null(strstr(kept.data, "7654321"));
	/* Every line keeps its number. */
	expect_applied(secret, kept.data, SECRET "\n" TOTP "\n\n\n\n\r\nend\n", NULL);
	/* Not another line with the same code. Blanks do not matter. */
	refuse(SECRET "\n12345678\n" TOTP "12345678\n", &kept, "12345678",
		TOTPGROUP_REASON_WRONG_CODE);
	refuse(SECRET "\n\" SCRATCH_HASH  scrypt\t1 8 1 " SALT_1 "   " HASH_A " \n" TOTP, &kept,
		CODE_A, TOTPGROUP_REASON_WRONG_CODE);
	text_free(&kept);
}

static void a_new_secret_starts_afresh_and_an_old_one_does_not(void **state)
{
	struct text kept = TEXT_INIT;
	const char *old = SECRET "\n" LIMIT REUSE TOTP "12345678\n";
	const char *new = OTHER "\n" LIMIT REUSE TOTP "12345678\n";

	(void)state;
	accept(old, &kept, "12345678");
	accept(old, &kept, code_at(STEP));
	accept(new, &kept, "12345678");
	assert_non_null(strstr(kept.data, "\" SECRET " ID));
	assert_null(strstr(kept.data, HEAD));
	refuse(old, &kept, "12345678", TOTPGROUP_REASON_WRONG_CODE);
	refuse(old, &kept, code_at(STEP), TOTPGROUP_REASON_RATE_LIMITED);
	assert_ptr_equal(strstr(kept.data, HEAD), kept.data);
	expect(old, &kept, code_at(STEP), NOW + 31, TOTPGROUP_REASON_REUSED);
	refuse(new, &kept, "12345678", TOTPGROUP_REASON_WRONG_CODE);
	text_free(&kept);
}

static void another_spelling_is_the_same_secret(void **state)
{
	struct text kept = TEXT_INIT;

	(void)state;
	accept(SECRET "\n" REUSE TOTP "12345678\n", &kept, code_at(STEP));
	accept("jbsw y3dp ehpk 3pxp\r\n\" ALGORITHM SHA1\n" REUSE TOTP "12345678\n", &kept,
		"12345678");
	refuse("jbswy3dp-ehpk3pxp\n" REUSE TOTP, &kept, code_at(STEP), TOTPGROUP_REASON_REUSED);
	refuse(SECRET "\n" TOTP "12345678\n", &kept, "12345678", TOTPGROUP_REASON_WRONG_CODE);
	assert_null(strstr(strstr(kept.data, "SECRET") + 1, "SECRET"));
	text_free(&kept);
}

static void put_other(char *secret, unsigned int i)
{
	sprintf(secret, "JBSWY3DPEHPK3P%c%c\n" TOTP "12345678\n", 'A' + i / 26 % 26,
		'A' + i % 26);
}

/* Eight earlier secrets are remembered; the ninth is forgotten. */
static void eight_earlier_secrets_are_remembered(void **state)
{
	struct text kept = TEXT_INIT;
	char secret[100];

	(void)state;
	for (unsigned int i = 0; i < 9; i++) {
		put_other(secret, 8 * i);
		accept(secret, &kept, "12345678");
	}
	for (unsigned int i = 0; i < 9; i++) {
		put_other(secret, 8 * i);
		refuse(secret, &kept, "12345678", TOTPGROUP_REASON_WRONG_CODE);
	}
	put_other(secret, 8 * 9);
	accept(secret, &kept, "12345678");
	put_other(secret, 8);
	refuse(secret, &kept, "12345678", TOTPGROUP_REASON_WRONG_CODE);
	put_other(secret, 0);
	accept(secret, &kept, "12345678");
	text_free(&kept);
}

static void the_greater_counter_counts(void **state)
{
	const char *kept = HEAD "\" HOTP_COUNTER 7\n" END;

	(void)state;
	expect_applied(
		SECRET "\n\" HOTP_COUNTER 5\n", kept, SECRET "\n\" HOTP_COUNTER 7\n", NULL);
	expect_applied(
		SECRET "\n\" HOTP_COUNTER 9\n", kept, SECRET "\n\" HOTP_COUNTER 9\n", NULL);
	/* A credential without a counter does not get one. */
	expect_applied(SECRET "\n" TOTP, kept, SECRET "\n" TOTP, NULL);
	expect_applied(SECRET "\n\" HOTP_COUNTER 0\n" TOTP, kept,
		SECRET "\n\" HOTP_COUNTER 0\n" TOTP, NULL);
}

/* A login does not lose values that it does not use. */
static void values_that_the_secret_lacks_are_kept(void **state)
{
	struct text kept = text_from(HEAD
		"\" RATE_LIMIT 1\n\" TIME_SKEW -3\n\" HOTP_COUNTER 7\n\" LAST4 host 5\n" END);
	const char *secret = SECRET "\n12345678\n" TOTP;

	(void)state;
	expect_applied(secret, kept.data,
		SECRET "\n12345678\n" TOTP "\" TIME_SKEW -3\n\" LAST4 host 5\n", NULL);
	accept(secret, &kept, "12345678");
	assert_string_equal(kept.data,
		HEAD "\" RATE_LIMIT 1\n\" TIME_SKEW -3\n\" HOTP_COUNTER 7\n\" LAST4 host 5\n"
		     "\" SPENT " SPENT_CODE "\n" END);
	text_free(&kept);
}

/* google-authenticator reads these values leniently. They stay in the secret, and do not
 * damage the state. */
static void a_malformed_value_stays_in_the_secret(void **state)
{
	struct text kept = TEXT_INIT;
	const char *secret = SECRET "\n" TOTP "\" TIME_SKEW 0x\n\" LAST0 a b c d\n"
				    "\" RESETTING_TIME_SKEW x\n12345678\n";

	(void)state;
	accept(secret, &kept, "12345678");
	assert_string_equal(kept.data, HEAD "\" SPENT " SPENT_CODE "\n" END);
	text_free(&kept);
}

/* No code is accepted, so there is nothing to record. */
static void a_damaged_secret_has_no_state(void **state)
{
	struct text kept = text_from(STATE_EMPTY);

	(void)state;
	refuse("1!\n" LIMIT TOTP "12345678\n", &kept, "12345678", TOTPGROUP_REASON_BAD_FILE);
	assert_string_equal(kept.data, STATE_EMPTY);
	text_free(&kept);
	kept = text_from("");
	refuse(SECRET "\n\" RATE_LIMIT 0\n" TOTP, &kept, code_at(STEP),
		TOTPGROUP_REASON_BAD_FILE);
	expect_applied(SECRET "\n\" RATE_LIMIT 3\n" TOTP, HEAD "\" RATE_LIMIT 5\n" END,
		SECRET "\n\" RATE_LIMIT 3\n" TOTP, NULL);
	text_free(&kept);
}

static void a_damaged_state_is_an_error(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"\n", "line 1: not a state"},
		{"totpgroup-state 2\n" END, "line 1: not a state, or one of another version"},
		{" totpgroup-state 1\n" END, "line 1:"},
		{SECRET "\n" TOTP, "line 1:"},
		{"totpgroup-state 1\n", "line 1: the end is missing"},
		{HEAD, "line 2: the end is missing"},
		{HEAD "\" RATE_LIMIT 1\n", "line 3: the end is missing"},
		{HEAD "\" END", "line 3: the end is missing"},
		{HEAD END "\n", "line 4: something behind the end"},
		{HEAD END HEAD END, "line 4: something behind"},
		{HEAD "\n" END, "line 3: not a line"},
		{HEAD "12345678\n" END, "line 3: not a line"},
		{HEAD "\"\n" END, "line 3: not a line"},
		{HEAD "\"  TIME_SKEW 1\n" END, "line 3: not a line"},
		{"totpgroup-state 1\n\" TIME_SKEW 1\n" END, "line 2: a value that belongs"},
		{HEAD "\" TOTP_AUTH\n" END, "line 3: not a key"},
		{HEAD "\" time_skew 1\n" END, "line 3: not a key"},
		{HEAD "\" TIME_SKEW 1\n\" TIME_SKEW 1\n" END, "line 4: the same key twice"},
		{HEAD "\" SECRET " ID "\n" END, "line 3: the same secret twice"},
		{"totpgroup-state 1\n\" SECRET\n" END, "line 2: not the id"},
		{"totpgroup-state 1\n\" SECRET " ID "0\n" END, "line 2: not the id"},
		{"totpgroup-state 1\n\" SECRET " ID " 0\n" END, "line 2: not the id"},
		{HEAD "\" RATE_LIMIT 1 x\n" END, "line 3: a value that is malformed"},
		{HEAD "\" RATE_LIMIT -1\n" END, "malformed"},
		{HEAD "\" DISALLOW_REUSE 1,2\n" END, "malformed"},
		{HEAD "\" DISALLOW_REUSE 9223372036854775807\n" END, "malformed"},
		{HEAD "\" TIME_SKEW\n" END, "malformed"},
		{HEAD "\" TIME_SKEW 1 2\n" END, "malformed"},
		{HEAD "\" TIME_SKEW 2147483648\n" END, "malformed"},
		{HEAD "\" RESETTING_TIME_SKEW 1\n" END, "malformed"},
		{HEAD "\" RESETTING_TIME_SKEW 1+\n" END, "malformed"},
		{HEAD "\" RESETTING_TIME_SKEW 1+1 2+1 3+1 4+1\n" END, "malformed"},
		{HEAD "\" HOTP_COUNTER 0\n" END, "malformed"},
		{HEAD "\" HOTP_COUNTER 1 1\n" END, "malformed"},
		{HEAD "\" LAST0\n" END, "malformed"},
		{HEAD "\" LAST0 host\n" END, "malformed"},
		{HEAD "\" LAST0 host x\n" END, "malformed"},
		{HEAD "\" LAST0 ho\x7fst 1\n" END, "malformed"},
		{HEAD "\" LAST0 host 1 ss\x7fhd\n" END, "malformed"},
		{HEAD "\" LAST0 host 1 sshd x\n" END, "malformed"},
		{HEAD "\" LAST0 host 1 sshd 2 3\n" END, "malformed"},
		{HEAD "\" SPENT 12345678\n" END, "malformed"},
		{HEAD "\" SPENT 0123456789ABCDEF0123456789ABCDEF\n" END, "malformed"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_applied(SECRET "\n" TOTP, cases[i].text, NULL, cases[i].message);
}

/* What it was spent for cannot be known, and none of its codes is good. */
static void a_device_with_a_damaged_secret_is_left_alone(void **state)
{
	const char *secret = SECRET "\n" TOTP "\" DEVICE 0189 tablet\n";

	(void)state;
	expect_applied(secret, HEAD END, secret, NULL);
}

static void one_secret_too_many_is_damage(void **state)
{
	struct text kept = text_from("totpgroup-state 1\n");
	struct text secret = text_from(SECRET "\n");

	(void)state;
	for (unsigned int i = 0; i < 9; i++)
		assert_int_equal(text_append_format(&kept, "\" SECRET %032x\n", i), 0);
	assert_int_equal(text_append_format(&kept, END), 0);
	expect_applied(SECRET "\n", kept.data, SECRET "\n", NULL);
	assert_int_equal(text_splice(&kept, 18, 0, "\" SECRET " ID "\n", 42), 0);
	expect_applied(SECRET "\n", kept.data, NULL, "line 11: one secret too many");
	text_free(&kept);
	text_free(&secret);
}

/* A text with a changed byte is a state or damaged. A text that is cut off is always
 * damaged. */
static void a_state_that_was_cut_off_is_damage(void **state)
{
	const char *whole = HEAD "\" RATE_LIMIT 1 2\n\" SPENT " SPENT_CODE "\n" END;
	char part[400];

	(void)state;
	for (size_t length = 1; length < strlen(whole); length++) {
		memcpy(part, whole, length);
		part[length] = '\0';
		expect_applied(SECRET "\n" TOTP, part, NULL, "line ");
	}
}

static void the_size_is_bounded(void **state)
{
	struct text secret = text_from(SECRET "\n"), kept = text_from(""), next = TEXT_INIT;
	totpgroup_credential *effective = load(SECRET "\n" TOTP);
	struct error error = ERROR_INIT;

	(void)state;
	/* 7000 emergency codes, all of them spent. */
	for (unsigned int i = 0; i < 7000; i++)
		assert_int_equal(text_append_format(&secret, "%08u\n", 10000000 + i), 0);
	assert_int_equal(
		state_extract(&secret, &kept, effective, &next, &error), TOTPGROUP_ESYSTEM);
	assert_message(&error, "longer than 65536 bytes");
	assert_null(next.data);
	/* Earlier secrets are forgotten first. */
	text_free(&secret);
	secret = text_from(SECRET "\n");
	for (unsigned int i = 0; i < 1900; i++)
		assert_int_equal(text_append_format(&secret, "%08u\n", 10000000 + i), 0);
	assert_int_equal(state_extract(&secret, &kept, effective, &next, &error), 0);
	text_free(&kept);
	kept = next;
	next = (struct text)TEXT_INIT;
	assert_true(kept.length > 60000);
	assert_int_equal(text_splice(&secret, 0, strlen(SECRET), OTHER, strlen(OTHER)), 0);
	assert_int_equal(state_extract(&secret, &kept, effective, &next, &error), 0);
	assert_true(next.length > 60000 && next.length < 65536);
	assert_null(strstr(next.data, ID));
	text_free(&next);
	text_free(&kept);
	text_free(&secret);
	totpgroup_credential_free(effective);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_leaves_its_state),
		cmocka_unit_test(a_confirmation_is_kept),
		cmocka_unit_test(spent_codes_stay_spent),
		cmocka_unit_test(a_new_secret_starts_afresh_and_an_old_one_does_not),
		cmocka_unit_test(another_spelling_is_the_same_secret),
		cmocka_unit_test(eight_earlier_secrets_are_remembered),
		cmocka_unit_test(the_greater_counter_counts),
		cmocka_unit_test(values_that_the_secret_lacks_are_kept),
		cmocka_unit_test(a_malformed_value_stays_in_the_secret),
		cmocka_unit_test(a_damaged_secret_has_no_state),
		cmocka_unit_test(a_damaged_state_is_an_error),
		cmocka_unit_test(one_secret_too_many_is_damage),
		cmocka_unit_test(a_device_with_a_damaged_secret_is_left_alone),
		cmocka_unit_test(a_state_that_was_cut_off_is_damage),
		cmocka_unit_test(the_size_is_bounded),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
