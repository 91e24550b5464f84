/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"

#include "core/device.h"

#define TABLET "\" DEVICE " SECRET_2 " the tablet\n"
#define PAPER  "\" DEVICE " SECRET_3 " paper\n"
#define SHARED "\" TOTP_AUTH\n\" DISALLOW_REUSE\n"
#define THREE  SECRET "\n\" LABEL phone\n" SHARED TABLET PAPER

#define TEN "0123456789"

#define FURTHER(name) "\" DEVICE " SECRET_2 " " name "\n"
#define SEVEN                                                                                  \
	FURTHER("1")                                                                           \
	FURTHER("2") FURTHER("3") FURTHER("4") FURTHER("5") FURTHER("6") FURTHER("7")

/* An attempt with a device's code, that many steps from now. */
static struct attempt attempt_of(size_t device, int64_t steps, char *code)
{
	put_code_of(device, STEP + steps, 6, 0, code);
	return attempt_with(code);
}

static void assert_reads(const char *text, size_t count, const char *names)
{
	totpgroup_credential *credential = load(text);
	struct error error = ERROR_INIT;
	struct devices devices;
	char name[DEVICE_NAME_SIZE], all[600] = "";

	if (devices_read(credential, &devices, &error) != 0)
		fail_msg("%s: %s", text, error.message);
	for (size_t i = 0; i < devices.count; i++) {
		device_copy_name(&devices.device[i], name);
		sprintf(all + strlen(all), "%s;", name);
	}
	assert_int_equal(devices.count, count);
	assert_string_equal(all, names);
	totpgroup_credential_free(credential);
}

static void each_device_has_its_line(void **state)
{
	(void)state;
	assert_reads(SECRET "\n" SHARED, 1, "first;");
	assert_reads(SECRET "\n\" LABEL  \n" SHARED, 1, "first;");
	assert_reads(THREE, 3, "phone;the tablet;paper;");
	assert_reads(SECRET "\n" SHARED "12345678\n\" DEVICE \t" SECRET_2 " \t\xc3\xa9 x \r\n",
		2, "first;\xc3\xa9 x;");
	/* A label may have any bytes and any length. */
	assert_reads(SECRET "\n\" LABEL a\x1b[1m\n" SHARED, 1, "a?[1m;");
	assert_reads(SECRET "\n\" LABEL a\xc2\x9b\x31m\xff\n" SHARED, 1, "a??1m?;");
	assert_reads(SECRET "\n\" LABEL " TEN TEN TEN TEN TEN TEN "abc\xc3\xa9\n" SHARED, 1,
		TEN TEN TEN TEN TEN TEN "abc;");
	assert_reads(SECRET "\n\" LABEL paper\n" SHARED PAPER, 2, "paper;paper;");
	/* Without TOTP there is one device. */
	assert_reads(SECRET "\n\" HOTP_COUNTER 1\n" TABLET, 1, "first;");
	assert_reads(SECRET "\n" TABLET "\" DEVICE x\n", 1, "first;");
	/* The maximum. */
	assert_reads(SECRET "\n" SHARED SEVEN, DEVICES_MAX, "first;1;2;3;4;5;6;7;");
}

static void a_damaged_line_is_named(void **state)
{
	static const struct {
		const char *line;
		const char *message;
	} rows[] = {
		{"\" DEVICE\n", "line 4: DEVICE needs a secret and a name"},
		{"\" DEVICE " SECRET_2 "\n", "line 4: DEVICE needs a secret and a name"},
		{"\" DEVICE " SECRET_2 " \t\n", "line 4: DEVICE needs a secret and a name"},
		{"\" DEVICE secret! name\n", "line 4: not a base32 secret"},
		{"\" DEVICE - name\n", "line 4: not a base32 secret"},
		{"\" DEVICE " SECRET_2 " a\x1bz\n", "line 4: DEVICE needs"},
		{"\" DEVICE " SECRET_2 " a\xc3\n", "line 4: DEVICE needs"},
		{"\" DEVICE " SECRET_2 " " TEN TEN TEN TEN TEN TEN "12345\n",
			"line 4: DEVICE needs"},
		{TABLET "\" DEVICE " SECRET_3 " the tablet\n",
			"line 5: DEVICE has the name of another"},
		{SEVEN PAPER, "line 11: DEVICE is one too many"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[2000];
		code_text code;
		struct attempt attempt = attempt_of(0, 0, code);
		totpgroup_credential *credential;
		struct error error;

		snprintf(text, sizeof text, SECRET "\n" SHARED "%s12345678\n", rows[i].line);
		credential = load(text);
		assert_int_equal(decide_on(credential, &attempt, &error).result.reason,
			TOTPGROUP_REASON_BAD_FILE);
		assert_message(&error, rows[i].message);
		/* Then no device's code is accepted, but emergency codes are. */
		attempt.typed = "12345678";
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_EMERGENCY);
		totpgroup_credential_free(credential);
	}
}

static void codes_of_each_device_are_accepted(void **state)
{
	static const char *const names[] = {"phone", "the tablet", "paper"};

	(void)state;
	for (size_t device = 0; device < COUNT(names); device++) {
		totpgroup_credential *credential = load(THREE);
		code_text code;
		struct attempt attempt = attempt_of(device, (int64_t)device - 1, code);
		struct decision decision =
			assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);

		assert_string_equal(decision.device, names[device]);
		assert_int_equal(decision.result.step, STEP + (int64_t)device - 1);
		assert_refused(credential, &attempt, TOTPGROUP_REASON_REUSED);
		totpgroup_credential_free(credential);
	}
}

static void a_single_device_is_not_named(void **state)
{
	totpgroup_credential *credential = load(SECRET "\n\" LABEL phone\n" SHARED);
	code_text code;
	struct attempt attempt = attempt_of(0, 0, code);

	(void)state;
	assert_string_equal(
		assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP).device, "");
	attempt = attempt_of(1, 0, code);
	assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	totpgroup_credential_free(credential);
}

static void a_step_is_spent_for_all_devices(void **state)
{
	totpgroup_credential *credential = load(THREE);
	code_text code;
	struct attempt attempt = attempt_of(1, 0, code);

	(void)state;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	for (size_t device = 0; device < 3; device++) {
		attempt = attempt_of(device, 0, code);
		assert_refused(credential, &attempt, TOTPGROUP_REASON_REUSED);
	}
	attempt = attempt_of(2, 1, code);
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	totpgroup_credential_free(credential);
}

/* A code that another device spends does not make a code of the first device valid again. */
static void the_skew_is_that_of_the_first_device(void **state)
{
	totpgroup_credential *credential = load(THREE "\" TIME_SKEW 20\n");
	code_text code;
	struct attempt attempt = attempt_of(0, 20, code);
	struct decision decision;

	(void)state;
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	attempt = attempt_of(1, 0, code);
	assert_accepted(credential, &attempt, TOTPGROUP_METHOD_TOTP);
	attempt = attempt_of(0, 20, code);
	assert_refused(credential, &attempt, TOTPGROUP_REASON_REUSED);
	attempt = attempt_of(1, 0, code);
	assert_refused(credential, &attempt, TOTPGROUP_REASON_REUSED);
	attempt = attempt_of(1, 20, code);
	decision = assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
	assert_true(decision.result.offset_known);
	assert_int_equal(decision.result.offset, 20 * 30 - 15);
	totpgroup_credential_free(credential);
}

/* Three codes of a further device whose clock is wrong teach nothing. */
static void no_skew_is_learned_from_further_devices(void **state)
{
	totpgroup_credential *credential = load(THREE);
	code_text code;

	(void)state;
	for (int64_t i = 0; i < 4; i++) {
		struct attempt attempt = attempt_of(1, i + 40, code);
		struct decision decision;

		attempt.now += i * 30;
		decision = assert_refused(credential, &attempt, TOTPGROUP_REASON_WRONG_CODE);
		assert_int_equal(decision.result.offset, 40 * 30 - 15);
		assert_false(decision.result.changed);
	}
	totpgroup_credential_free(credential);
}

/* A code of two devices counts for the first of them. */
static void a_search_keeps_the_first_match_and_goes_on(void **state)
{
	totpgroup_credential *credential =
		load(SECRET "\n" SHARED "\" DEVICE " SECRET_2 " a\n\" DEVICE " SECRET_2 " b\n");
	struct device_search search = {.now_step = STEP, .window = 3, .digits = 6};
	struct device_keys keys = {.count = 0};
	struct device_match match;
	struct error error;
	code_text code;

	(void)state;
	assert_int_equal(device_keys_open_first(credential, &keys, &error), 0);
	assert_int_equal(device_keys_open_further(credential, &keys, &error), 0);
	assert_int_equal(keys.count, 3);
	put_code_of(1, STEP + 1, 6, 0, code);
	assert_int_equal(device_search(&keys, &search, code, &match), 0);
	assert_int_equal(match.kind, DEVICE_MATCH_WINDOW);
	assert_int_equal(match.device, 1);
	assert_int_equal(match.step, STEP + 1);
	totpgroup_credential_free(credential);
}

static void names_are_short_and_can_be_shown(void **state)
{
	static const char *const good[] = {"a", "my phone", "\xe2\x82\xac", "\xf0\x9f\x93\xb1",
		"\"quoted\"", TEN TEN TEN TEN TEN TEN "1234"};
	static const char *const bad[] = {"", " a", "a ", "\ta", "a\nb", "a\x7f", "\xc2\x85",
		"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff",
		TEN TEN TEN TEN TEN TEN "12345"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(device_name_is_allowed(good[i], strlen(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(device_name_is_allowed(bad[i], strlen(bad[i])));
	assert_false(device_name_is_allowed("a\0b", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_device_has_its_line),
		cmocka_unit_test(a_damaged_line_is_named),
		cmocka_unit_test(codes_of_each_device_are_accepted),
		cmocka_unit_test(a_single_device_is_not_named),
		cmocka_unit_test(a_step_is_spent_for_all_devices),
		cmocka_unit_test(the_skew_is_that_of_the_first_device),
		cmocka_unit_test(no_skew_is_learned_from_further_devices),
		cmocka_unit_test(a_search_keeps_the_first_match_and_goes_on),
		cmocka_unit_test(names_are_short_and_can_be_shown),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
