/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include "core/summary.h"

#define NOW INT64_C(1800000015)

static struct credential_summary summarize(const char *text)
{
	totpgroup_credential *credential = load(text);
	struct credential_summary summary;
	struct error error = ERROR_INIT;

	memset(&summary, 0xff, sizeof summary);
	if (credential_summarize(credential, NOW, &summary, &error) != 0)
		fail_msg("%s", error.message);
	assert_credential(credential, text);
	totpgroup_credential_free(credential);
	return summary;
}

static void assert_damaged(const char *text, const char *message)
{
	totpgroup_credential *credential = load(text);
	struct credential_summary summary;
	struct error error = ERROR_INIT;

	assert_int_equal(
		credential_summarize(credential, NOW, &summary, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, message);
	totpgroup_credential_free(credential);
}

static void a_summary_tells_the_kind_of_codes(void **state)
{
	struct credential_summary summary = summarize(SECRET "\n\" TOTP_AUTH\n");

	(void)state;
	assert_int_equal(summary.kind, SUMMARY_TOTP);
	assert_int_equal(summary.algorithm, HMAC_SHA1);
	assert_int_equal(summary.digits, 6);
	assert_int_equal(summary.period, 30);
	assert_string_equal(summary.label, "");
	assert_false(summary.pending.pending);
	assert_false(summary.limited);
	assert_int_equal(summary.plain_codes + summary.hashed_codes, 0);
	assert_true(summary.used.login == 0 && summary.used.code == 0);
	assert_true(summary.used.attempt == 0);

	summary = summarize(SECRET "\n\" TOTP_AUTH\n\" ALGORITHM SHA512\n\" DIGITS 8\n"
				   "\" STEP_SIZE 60\n");
	assert_int_equal(summary.algorithm, HMAC_SHA512);
	assert_int_equal(summary.digits, 8);
	assert_int_equal(summary.period, 60);
	assert_int_equal(
		summarize(SECRET "\n\" HOTP_COUNTER 7\n\" TOTP_AUTH\n").kind, SUMMARY_HOTP);
	assert_int_equal(summarize(SECRET "\n12345678\n").kind, SUMMARY_EMERGENCY_ONLY);
}

static void a_summary_tells_whether_it_is_pending(void **state)
{
	struct credential_summary summary = summarize(SECRET "\n\" PENDING_UNTIL 1800000015\n");

	(void)state;
	assert_true(summary.pending.pending);
	assert_false(summary.pending.expired);
	assert_true(summary.pending.until == NOW);
	assert_true(summarize(SECRET "\n\" PENDING_UNTIL 1800000014\n").pending.expired);
}

static void a_summary_counts_emergency_codes(void **state)
{
	struct credential_summary summary =
		summarize(SECRET "\n\" SCRATCH_HASH scrypt 1 8 1 AAAQEAYEAUDAOCAJBIFQYDIOB4 "
				 "TWXQMLOGYIAUEMANAMWTSTEDQF4WZOA3C5J3OWFGJF5TVADF5FPQ\n"
				 "12345678\n87654321\nforeign\n11111111\n");

	(void)state;
	assert_int_equal(summary.plain_codes, 2);
	assert_int_equal(summary.hashed_codes, 1);
}

static void a_summary_tells_the_times_of_use(void **state)
{
	struct credential_summary summary =
		summarize(SECRET "\n\" TOTP_AUTH\n\" RATE_LIMIT 99 3600 1700000001 1700000003 "
				 "1700000002\n\" DISALLOW_REUSE 5 56666667 7\n"
				 "\" LAST0 host 1700000500\n\" LAST9 other 1700000501 sshd\n"
				 "\" LAST3 1700000999\n\" LAST4 host later\n");

	(void)state;
	assert_true(summary.used.attempt == 1700000003);
	assert_true(summary.used.code == INT64_C(56666667) * 30);
	assert_true(summary.used.login == 1700000501);
	assert_false(summary.limited);
}

static void times_of_the_future_are_not_told(void **state)
{
	struct credential_summary summary =
		summarize(SECRET "\n\" TOTP_AUTH\n\" RATE_LIMIT 9 30 1800000016 5\n"
				 "\" DISALLOW_REUSE 60000001\n\" LAST0 host 1800000016\n");

	(void)state;
	assert_true(summary.used.attempt == 5);
	assert_true(summary.used.code == NOW);
	assert_true(summary.used.login == 0);
}

/* retry_after assumes that there is no attempt in between. */
static void a_summary_tells_the_limit(void **state)
{
	struct credential_summary summary =
		summarize(SECRET "\n\" RATE_LIMIT 2 30 1800000010 1800000005\n");

	(void)state;
	assert_true(summary.limited);
	assert_int_equal(summary.retry_after, 1800000005 + 31 - NOW);
	assert_false(summarize(SECRET "\n\" RATE_LIMIT 2 30 1800000010\n").limited);
	/* The numbers of the limit are no times. */
	assert_true(summarize(SECRET "\n\" RATE_LIMIT 2 30\n").used.attempt == 0);
}

static void a_label_is_cut_and_can_be_shown(void **state)
{
	char text[400] = SECRET "\n\" LABEL ";
	struct credential_summary summary =
		summarize(SECRET "\n\" LABEL  J\xc3\xbcrgen's \x1b[31mphone\t2\n");

	(void)state;
	assert_string_equal(summary.label, "J\xc3\xbcrgen's ?[31mphone?2");
	/* Some terminals treat these bytes like ESC and a bracket. */
	summary = summarize(SECRET "\n\" LABEL a\xc2\x9b\x33\x31mb\x9b\n");
	assert_string_equal(summary.label, "a??31mb?");
	for (int i = 0; i < 100; i++)
		strcat(text, "\xc3\xbc");
	strcat(text, "\n");
	summary = summarize(text);
	assert_int_equal(strlen(summary.label), SUMMARY_LABEL_SIZE - 2);
	memset(text + strlen(SECRET "\n\" LABEL "), 'x', 127);
	strcpy(text + strlen(SECRET "\n\" LABEL ") + 127, "\n");
	assert_int_equal(strlen(summarize(text).label), SUMMARY_LABEL_SIZE - 1);
}

static void a_summary_names_the_devices(void **state)
{
	struct credential_summary summary = summarize(SECRET "\n\" TOTP_AUTH\n");

	(void)state;
	assert_int_equal(summary.device_count, 1);
	assert_string_equal(summary.devices[0], "first");
	summary = summarize(SECRET "\n\" TOTP_AUTH\n\" DEVICE " SECRET_2 " the tablet\n"
				   "\" LABEL phone\n\" DEVICE " SECRET_3 " paper\n");
	assert_int_equal(summary.device_count, 3);
	assert_string_equal(summary.devices[0], "phone");
	assert_string_equal(summary.devices[1], "the tablet");
	assert_string_equal(summary.devices[2], "paper");
}

static void damage_is_an_error(void **state)
{
	(void)state;
	assert_damaged("!\n", "line 1: not a base32 secret");
	assert_damaged(SECRET "\n\" ALGORITHM MD5\n", "line 2: ALGORITHM");
	assert_damaged(SECRET "\n\" DIGITS 9\n", "line 2: DIGITS");
	assert_damaged(SECRET "\n\" RATE_LIMIT x\n", "line 2: RATE_LIMIT");
	assert_damaged(SECRET "\n\" PENDING_UNTIL x\n", "line 2: PENDING_UNTIL");
	assert_damaged(SECRET "\n\" TOTP_AUTH\n\" DEVICE x\n", "line 3: DEVICE needs");
	assert_damaged(
		SECRET "\n\" TOTP_AUTH\n\" DISALLOW_REUSE x\n", "line 3: DISALLOW_REUSE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_summary_tells_the_kind_of_codes),
		cmocka_unit_test(a_summary_tells_whether_it_is_pending),
		cmocka_unit_test(a_summary_counts_emergency_codes),
		cmocka_unit_test(a_summary_tells_the_times_of_use),
		cmocka_unit_test(times_of_the_future_are_not_told),
		cmocka_unit_test(a_summary_tells_the_limit),
		cmocka_unit_test(a_label_is_cut_and_can_be_shown),
		cmocka_unit_test(a_summary_names_the_devices),
		cmocka_unit_test(damage_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
