/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"
#include "mutant.h"

/* Decisions on texts that were damaged at random. The tests check what is true of every
 * decision; sanitizers find other errors. */

#define TEXTS 200000

static const char *const seeds[] = {
	SECRET "\n\" RATE_LIMIT 3 30 1799999990 1800000000\n\" WINDOW_SIZE 17\n"
	       "\" DISALLOW_REUSE 59999999 60000000\n\" TOTP_AUTH\n12345678\n23456789\n",
	SECRET "\r\n\" TOTP_AUTH\r\n\" STEP_SIZE 60\r\n\" DIGITS 8\r\n\" ALGORITHM SHA256\r\n"
	       "\r\n12345678\r\n",
	SECRET "\n\" HOTP_COUNTER 5\n\" WINDOW_SIZE 3\n+012345678\n\t23456789\nx\n34567890\n",
	SECRET "\n\" TOTP_AUTHxyz\n\" TIME_SKEW -20\n\" RESETTING_TIME_SKEW 59999998+20 "
	       "59999999+20\n\" LAST0 192.0.2.7 1799999999\n\" LAST9 ::1 1800000000\n",
	SECRET,
	"\" TOTP_AUTH\n",
	"\n\n\r\r\n \n12345678",
};

/* Pieces that are difficult for parsers. */
static const char *const pieces[] = {"\n", "\r", "\r\n", "\"", "\" ", " ", "\t", "\v", "0", "9",
	"-1", "+", "99999999999999999999", "9223372036854775807", "-9223372036854775808",
	"2147483648", "12345678", "\n12345678\n", "\" TOTP_AUTH", "\n\" RATE_LIMIT 3 30 ",
	"\n\" RATE_LIMIT 1 1", "\n\" DISALLOW_REUSE 1 2 3", "\n\" HOTP_COUNTER 7",
	"\n\" HOTP_COUNTER 2305843009213693951", "\n\" TIME_SKEW 2147483647",
	"\n\" RESETTING_TIME_SKEW 5+5 6+5 7+5", "\n\" WINDOW_SIZE 100", "\n\" STEP_SIZE 1",
	"\n\" DEVICE " SECRET_2 " a", "\n\" DEVICE ", "\n\" LAST0 192.0.2.7 1800000000",
	"\n\" LAST5 192.0.2.7 x", "\x80", "\xff", "%s%n"};

static void make(struct mutant *mutant, struct test_random *random)
{
	static const struct mutant_pieces all = {pieces, COUNT(pieces)};
	const char *seed = seeds[pick(random, COUNT(seeds))];

	mutant->length = strlen(seed);
	memcpy(mutant->text, seed, mutant->length);
	for (size_t i = pick(random, 8); i > 0; i--)
		mutate(mutant, &all, random);
	/* Some texts have a NUL byte. */
	if (pick(random, 50) == 0 && mutant->length > 0)
		mutant->text[pick(random, mutant->length)] = '\0';
}

static struct attempt make_attempt(struct test_random *random)
{
	static const char *const typed[] = {"12345678", "23456789", "34567890", "1234567",
		"password12345678", "pass", "", "1234 5678", "12345 6789", NULL};
	static const int64_t clocks[] = {
		NOW, NOW, NOW, NOW, 0, 29, 31, -1, INT64_MAX, INT64_MIN, INT64_MAX / 4};
	struct attempt attempt = attempt_with(typed[pick(random, COUNT(typed))]);

	/* Rarely, because such a code is searched at thousands of other times. */
	if (pick(random, 50) == 0)
		attempt.typed = "123456";
	attempt.now = clocks[pick(random, COUNT(clocks))];
	attempt.grace.host = pick(random, 2) == 0 ? "192.0.2.7" : "x\n87654321";
	attempt.grace_period = pick(random, 2) == 0 ? 0 : 100;
	attempt.password_before_code = pick(random, 3) == 0;
	attempt.count = pick(random, 4) > 0;
	attempt.last = pick(random, 4) > 0;
	attempt.penalty_due = pick(random, 8) == 0;
	attempt.disallow_reuse = pick(random, 4) == 0;
	attempt.no_skew_adjust = pick(random, 4) == 0;
	attempt.no_increment_hotp = pick(random, 4) == 0;
	return attempt;
}

/* The outcomes, to check that all kinds were seen. */
struct tally {
	unsigned int loaded, accepted, damaged, other;
};

static void decide_on_mutant(
	totpgroup_credential *credential, struct tally *tally, struct test_random *random)
{
	struct attempt attempt = make_attempt(random);
	struct totpgroup_result before;
	struct error error = ERROR_INIT;
	struct decision decision;

	assert_int_equal(decide_before_prompt(credential, &attempt, &before, &error), 0);
	assert_true(before.verdict == TOTPGROUP_REFUSED || attempt.grace_period > 0);
	decision = decide_on(credential, &attempt, &error);
	/* The text is still one. */
	assert_null(memchr(credential->text.data, '\0', credential->text.length));
	assert_int_equal(credential->text.data[credential->text.length], '\0');
	assert_null(strstr(credential->text.data, "87654321"));
	if (decision.result.verdict == TOTPGROUP_ACCEPTED)
		tally->accepted++;
	else if (decision.result.reason == TOTPGROUP_REASON_BAD_FILE)
		tally->damaged++;
	else
		tally->other++;
}

static void every_damaged_text_has_a_sound_decision(void **state)
{
	static struct mutant mutant;
	struct test_random random = test_random_begin();
	struct tally tally = {0};

	(void)state;
	for (int i = 0; i < TEXTS; i++) {
		totpgroup_credential *credential;
		struct error error = ERROR_INIT;

		make(&mutant, &random);
		if (credential_load(&credential, mutant.text, mutant.length, &error) != 0) {
			assert_null(credential);
			continue;
		}
		tally.loaded++;
		for (size_t attempts = 1 + pick(&random, 3); attempts > 0; attempts--)
			decide_on_mutant(credential, &tally, &random);
		totpgroup_credential_free(credential);
	}
	fprintf(stderr, "# %u loaded: %u accepted, %u damaged, %u others\n", tally.loaded,
		tally.accepted, tally.damaged, tally.other);
	assert_true(tally.accepted > TEXTS / 100);
	assert_true(tally.damaged > TEXTS / 100);
	assert_true(tally.other > TEXTS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_damaged_text_has_a_sound_decision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
