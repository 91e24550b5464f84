/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decisions on a secret and a state are the same as decisions on one file. */

#include "config.h"

#include "hashed_codes.h"
#include "state_support.h"

#define CASES	 1000
#define ATTEMPTS 6

static size_t pick(struct test_random *random, size_t limit)
{
	return (size_t)test_random_below(random, limit);
}

static void maybe(struct test_random *random, struct text *text, const char *line)
{
	if (pick(random, 2) == 0)
		assert_int_equal(text_append(text, line, strlen(line)), 0);
}

/* A credential with lines that logins use, some of them with values of earlier logins. */
static struct text random_secret(struct test_random *random)
{
	static const char *const heads[] = {SECRET "\n", "jbsw y3dp ehpk 3pxp\n", SECRET "\r\n",
		"1!\n", SECRET "\n\" ALGORITHM SHA256\n"};
	static const char *const ends[] = {"", "12345678", "12345678\n87654321\n11223344\n",
		"\n\n+0087654321\r\n12345678\nforeign\n11223344\n", "\" X y"};
	struct text text = text_from(heads[pick(random, 20) % COUNT(heads)]);

	maybe(random, &text, "\" RATE_LIMIT 4 60\n");
	maybe(random, &text, "\" RATE_LIMIT 2 30 1800000001 1800000002\n");
	maybe(random, &text, "\" DISALLOW_REUSE\n");
	if (pick(random, 4) == 0)
		maybe(random, &text, "\" DISALLOW_REUSE 59999999 60000001\n\" WINDOW_SIZE 7\n");
	if (pick(random, 4) == 0)
		maybe(random, &text, "\" TIME_SKEW 2\n");
	if (pick(random, 8) == 0)
		maybe(random, &text, "\" HOTP_COUNTER 60000000\n");
	if (pick(random, 8) == 0)
		maybe(random, &text, "\" RESETTING_TIME_SKEW 59999999+9 60000000+9\n");
	if (pick(random, 8) == 0)
		maybe(random, &text, "\" LAST3 192.0.2.9 1800000000\n\" TIME_SKEW x\n");
	if (pick(random, 8) == 0)
		maybe(random, &text, A_1 B_1);
	if (pick(random, 20) > 0)
		assert_int_equal(text_append(&text, "\" TOTP_AUTH\n", 12), 0);
	maybe(random, &text, ends[pick(random, COUNT(ends))]);
	return text;
}

static struct attempt random_attempt(struct test_random *random, int64_t *now)
{
	static const char *const others[] = {"12345678", "87654321", "11223344", "000000",
		"secret", CODE_A, CODE_B, "", NULL};
	static const char *const hosts[] = {"192.0.2.7", "192.0.2.9", "a.example", NULL};
	static code_text code;
	struct attempt attempt = attempt_with(code);

	*now += (int64_t)pick(random, 40);
	if (pick(random, 3) > 0)
		put_code(*now / 30 + (pick(random, 4) == 0 ? 9 : 0) + (int64_t)pick(random, 5) -
				 2,
			6, 0, code);
	else
		attempt.typed = others[pick(random, COUNT(others))];
	attempt.now = *now;
	attempt.grace = (struct grace_key){.service = pick(random, 2) == 0 ? "sshd" : NULL,
		.host = hosts[pick(random, COUNT(hosts))]};
	attempt.grace_period = pick(random, 2) == 0 ? 90 : 0;
	attempt.count = pick(random, 8) > 0;
	attempt.disallow_reuse = pick(random, 8) == 0;
	attempt.no_skew_adjust = pick(random, 4) == 0;
	attempt.blocked_uncounted = pick(random, 4) == 0;
	return attempt;
}

static void assert_same(const struct totpgroup_result *a, const struct totpgroup_result *b)
{
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->method, b->method);
	assert_int_equal(a->step, b->step);
	assert_int_equal(a->retry_after, b->retry_after);
	assert_int_equal(a->offset, b->offset);
}

static void compare_before_prompt(totpgroup_credential *one, const struct text *secret,
	const struct text *state, const struct attempt *attempt)
{
	struct totpgroup_result in_one, apart;
	totpgroup_credential *effective;
	struct error error = ERROR_INIT;
	bool damaged;

	assert_int_equal(state_apply(secret, state, &effective, &damaged, &error), 0);
	assert_int_equal(decide_before_prompt(one, attempt, &in_one, &error), 0);
	assert_int_equal(decide_before_prompt(effective, attempt, &apart, &error), 0);
	assert_same(&in_one, &apart);
	totpgroup_credential_free(effective);
}

static unsigned int accepted, reused, limited;

static void count(const struct totpgroup_result *result)
{
	accepted += result->verdict == TOTPGROUP_ACCEPTED;
	reused += result->reason == TOTPGROUP_REASON_REUSED;
	limited += result->reason == TOTPGROUP_REASON_RATE_LIMITED;
}

/* With a damaged secret one file counts attempts, and a separate state does not. */
static bool is_damaged(const struct text *secret)
{
	return secret->data[0] == '1';
}

static void one_file_and_two_give_the_same_verdicts(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int i = 0; i < CASES; i++) {
		struct text secret = random_secret(&random), kept = text_from("");
		totpgroup_credential *one = load(secret.data);
		int64_t now = NOW;

		for (unsigned int n = 0; n < ATTEMPTS && !is_damaged(&secret); n++) {
			struct attempt attempt = random_attempt(&random, &now);
			struct decision in_one, apart;
			struct error error = ERROR_INIT;

			compare_before_prompt(one, &secret, &kept, &attempt);
			assert_int_equal(decide(one, &attempt, &in_one, &error), 0);
			apart = decide_apart(secret.data, &kept, &attempt);
			assert_same(&in_one.result, &apart.result);
			assert_int_equal(in_one.no_match, apart.no_match);
			assert_int_equal(in_one.penalty_due, apart.penalty_due);
			count(&apart.result);
		}
		totpgroup_credential_free(one);
		text_free(&secret);
		text_free(&kept);
	}
	assert_true(accepted > CASES / 2 && reused > CASES / 50 && limited > CASES / 20);
}

/* A damaged state that is not refused can be read by the next login. */
static void damage_is_refused_or_harmless(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int i = 0; i < CASES; i++) {
		struct text secret = random_secret(&random), kept = text_from("");
		struct text next = TEXT_INIT;
		totpgroup_credential *effective;
		struct error error = ERROR_INIT;
		int64_t now = NOW;
		bool damaged;

		for (unsigned int n = 0; n < 4; n++) {
			struct attempt attempt = random_attempt(&random, &now);

			decide_apart(secret.data, &kept, &attempt);
		}
		for (size_t n = 1 + pick(&random, 3); kept.length > 0 && n > 0; n--)
			kept.data[pick(&random, kept.length)] = (char)pick(&random, 256);
		if (state_apply(&secret, &kept, &effective, &damaged, &error) == 0) {
			assert_int_equal(
				state_extract(&secret, &kept, effective, &next, &error), 0);
			totpgroup_credential_free(effective);
			if (next.length > 0)
				assert_int_equal(state_apply(&secret, &next, &effective,
							 &damaged, &error),
					0);
			if (next.length > 0)
				totpgroup_credential_free(effective);
		} else {
			assert_true(damaged);
			assert_null(effective);
		}
		text_free(&secret);
		text_free(&kept);
		text_free(&next);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_file_and_two_give_the_same_verdicts),
		cmocka_unit_test(damage_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
