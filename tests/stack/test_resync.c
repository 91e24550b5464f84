/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two codes in a row at the prompt, of a token that is ahead of the counter. */

#include "config.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <string.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "core/resync.h"
#include "stack.h"

#define HOTP  STACK_SECRET "\n\" RATE_LIMIT 9 30\n\" HOTP_COUNTER 7\n"
#define ALLOW "resync_hotp"

static int log_in(const char *answer)
{
	return stack_log_in("alice", answer);
}

/* Types the codes of two counters, with what is between them. */
static int log_in_with(unsigned int first, const char *between, unsigned int second)
{
	char one[16], text[64];

	snprintf(one, sizeof one, "%s", stack_hotp(first));
	snprintf(text, sizeof text, "%s%s%s", one, between, stack_hotp(second));
	return log_in(text);
}

static void assert_counter(unsigned int counter)
{
	char line[64];

	snprintf(line, sizeof line, "\" HOTP_COUNTER %u\n", counter);
	assert_non_null(strstr(text_of(stack_secret("alice")), line));
}

static void two_codes_in_a_row_find_the_counter(void **state)
{
	static const char *const between[] = {"", " ", "  \t", "\xc2\xa0"};

	(void)state;
	stack_options(ALLOW " no_increment_hotp");
	for (unsigned int i = 0; i < COUNT(between); i++) {
		stack_put_secret("alice", HOTP);
		assert_int_equal(log_in_with(500, between[i], 501), PAM_SUCCESS);
		assert_non_null(
			strstr(stack_log, "accepted user=alice rhost=192.0.2.7 method=hotp "
					  "detail=\"counter behind by about 495\""));
		assert_counter(502);
		/* Both are spent. */
		assert_int_equal(log_in_with(500, between[i], 501), PAM_AUTH_ERR);
		assert_int_equal(log_in(stack_hotp(501)), PAM_AUTH_ERR);
		assert_int_equal(log_in(stack_hotp(502)), PAM_SUCCESS);
	}
	/* A counter that is not behind is no news. */
	stack_put_secret("alice", HOTP);
	assert_int_equal(log_in_with(7, " ", 8), PAM_SUCCESS);
	assert_null(strstr(stack_log, "behind"));
	assert_counter(9);
}

static void other_pairs_are_wrong(void **state)
{
	static const struct {
		unsigned int first, second;
	} cases[] = {{500, 502}, {501, 500}, {500, 500}, {5, 6}, {6, 7},
		{7 + RESYNC_LOOK_AHEAD, 8 + RESYNC_LOOK_AHEAD}};

	(void)state;
	stack_options(ALLOW " no_increment_hotp");
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		stack_put_secret("alice", HOTP);
		assert_int_equal(
			log_in_with(cases[i].first, "", cases[i].second), PAM_AUTH_ERR);
		assert_non_null(strstr(stack_log, "reason=wrong-code"));
		assert_counter(7);
	}
	stack_put_secret("alice", HOTP);
	assert_int_equal(
		log_in_with(6 + RESYNC_LOOK_AHEAD, "", 7 + RESYNC_LOOK_AHEAD), PAM_SUCCESS);
	/* Not a pair: three codes, and a code with more behind it. */
	stack_put_secret("alice", HOTP);
	assert_int_equal(log_in_with(500, "-", 501), PAM_AUTH_ERR);
	assert_int_equal(log_in_with(500, stack_hotp(500), 501), PAM_AUTH_ERR);
	assert_counter(7);
}

/* By default a pair is no code at all. */
static void without_the_option_two_codes_are_no_code(void **state)
{
	(void)state;
	stack_put_secret("alice", HOTP);
	stack_options("");
	assert_int_equal(log_in_with(500, " ", 501), PAM_AUTH_ERR);
	assert_counter(7);
	/* Nor where a password comes first, or codes change with the time. */
	stack_options(ALLOW " forward_pass");
	assert_int_equal(log_in_with(500, "", 501), PAM_AUTH_ERR);
	stack_put_secret("alice", STACK_SECRET "\n\" TOTP_AUTH\n");
	stack_options(ALLOW);
	assert_int_equal(log_in_with(500, " ", 501), PAM_AUTH_ERR);
}

/* Each pair is an attempt, right or wrong, and a wrong one moves the counter as a wrong code
 * does. */
static void each_pair_is_an_attempt(void **state)
{
	(void)state;
	stack_put_secret("alice", STACK_SECRET "\n\" RATE_LIMIT 3 30\n\" HOTP_COUNTER 7\n");
	stack_options(ALLOW);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(log_in_with(500, " ", 502), PAM_AUTH_ERR);
		assert_non_null(strstr(stack_log, "reason=wrong-code"));
		assert_counter(8 + i);
	}
	assert_int_equal(log_in_with(500, " ", 501), PAM_AUTH_ERR);
	assert_non_null(strstr(stack_log, "reason=rate-limited"));
	assert_counter(10);
}

static void a_state_of_its_own_gets_the_counter(void **state)
{
	(void)state;
	stack_options(ALLOW " no_increment_hotp state=@D/home/state/${USER}");
	stack_put_secret("alice", HOTP);
	assert_int_equal(log_in_with(500, " ", 501), PAM_SUCCESS);
	assert_counter(7);
	assert_int_equal(log_in_with(500, " ", 501), PAM_AUTH_ERR);
	assert_int_equal(log_in(stack_hotp(501)), PAM_AUTH_ERR);
	assert_int_equal(log_in(stack_hotp(502)), PAM_SUCCESS);
}

static void pairs_have_the_digits_of_the_credential(void **state)
{
	static const struct {
		unsigned int digits;
		const char *pair; /* of the counters 40 and 41 */
		bool good;
	} cases[] = {{6, "103973184080", true}, {6, "41039735184080", false},
		{6, "9410397345184080", false}, {7, "103973184080", false},
		{7, "41039735184080", true}, {7, "9410397345184080", false},
		{8, "103973184080", false}, {8, "41039735184080", false},
		{8, "9410397345184080", true}};
	char text[256];

	(void)state;
	stack_options(ALLOW);
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof text, "%s\" DIGITS %u\n", HOTP, cases[i].digits);
		stack_put_secret("alice", text);
		assert_int_equal(
			log_in(cases[i].pair), cases[i].good ? PAM_SUCCESS : PAM_AUTH_ERR);
	}
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(two_codes_in_a_row_find_the_counter),
		TEST(other_pairs_are_wrong),
		TEST(without_the_option_two_codes_are_no_code),
		TEST(each_pair_is_an_attempt),
		TEST(a_state_of_its_own_gets_the_counter),
		TEST(pairs_have_the_digits_of_the_credential),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
