/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hashed_codes.h"
#include "state_support.h"

#include "base/hex.h"

/* The ids of two secrets, and digests of codes: HMAC-SHA-256 of Python's hmac, the first half. */
#define ID    "b0862033bb0e8d129ce994e10895a7ba"
#define OTHER "00112233445566778899aabbccddeeff"
#define ONE   "8a65ef5ed0867fc5f3a4f65272d17d70"
#define TWO   "8e292fe872b0f9b382c9dd0fc0017ff5"
#define THREE "ffeeddccbbaa99887766554433221100"

#define HEAD "totpgroup-state 1\n\" SECRET " ID "\n"
#define MORE "\" SECRET " OTHER "\n"
#define END  "\" END\n"

/* Expects the digest, or for NULL that nothing was spent. */
static void expect(const char *earlier, const char *later, const char *digits)
{
	struct text before = text_from(earlier), after = text_from(later);
	uint8_t digest[STATE_SPENT_SIZE], expected[STATE_SPENT_SIZE];
	struct error error = ERROR_INIT;
	int status = state_find_spent(&before, &after, digest, &error);

	assert_int_equal(status, digits != NULL ? 0 : TOTPGROUP_ENOTFOUND);
	if (digits != NULL) {
		assert_true(hex_decode(digits, strlen(digits), expected));
		assert_memory_equal(digest, expected, sizeof digest);
	}
	text_free(&before);
	text_free(&after);
}

static void the_new_digest_is_found(void **state)
{
	(void)state;
	expect("", HEAD "\" SPENT " ONE "\n" END, ONE);
	expect(STATE_EMPTY, HEAD "\" SPENT " ONE "\n" END, ONE);
	expect(HEAD END, HEAD "\" SPENT " ONE "\n" END, ONE);
	expect(HEAD "\" SPENT " ONE "\n" END, HEAD "\" SPENT " ONE " " TWO "\n" END, TWO);
	/* Wherever it stands. */
	expect(HEAD "\" SPENT " ONE " " TWO "\n" END,
		HEAD "\" SPENT " THREE " " ONE " " TWO "\n" END, THREE);
	/* A digest of another secret is another code's. */
	expect(HEAD "\" SPENT " ONE "\n" END,
		HEAD "\" SPENT " ONE "\n" MORE "\" SPENT " ONE "\n" END, ONE);
}

static void nothing_new_is_nothing(void **state)
{
	(void)state;
	expect("", "", NULL);
	expect("", STATE_EMPTY, NULL);
	expect(HEAD "\" SPENT " ONE "\n" END, HEAD "\" SPENT " ONE "\n" END, NULL);
	expect(HEAD "\" SPENT " ONE " " TWO "\n" END, HEAD "\" SPENT " TWO "\n" END, NULL);
	expect(HEAD "\" SPENT " ONE "\n" END, HEAD END, NULL);
}

static void a_damaged_state_is_an_error(void **state)
{
	static const char *const damaged[] = {"x", "totpgroup-state 1\n",
		HEAD "\" SPENT " ONE "\n", ("totpgroup-state 2\n" END)};
	struct text good = text_from(HEAD "\" SPENT " ONE "\n" END);

	(void)state;
	for (size_t i = 0; i < COUNT(damaged); i++) {
		struct text bad = text_from(damaged[i]);
		uint8_t digest[STATE_SPENT_SIZE];
		struct error error = ERROR_INIT;

		assert_int_equal(
			state_find_spent(&bad, &good, digest, &error), TOTPGROUP_EFORMAT);
		error = (struct error)ERROR_INIT;
		assert_int_equal(
			state_find_spent(&good, &bad, digest, &error), TOTPGROUP_EFORMAT);
		text_free(&bad);
	}
	text_free(&good);
}

/* A login with a code, and what the store is told of it. */
static void what_a_login_spends_is_found(void **state)
{
	struct text kept = TEXT_INIT, before = TEXT_INIT;
	const char *secret = SECRET "\n\" TOTP_AUTH\n12345678\n" A_1;
	const char *const codes[] = {"12345678", CODE_A};
	const char *const digests[] = {ONE, TWO};

	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		struct attempt attempt = attempt_with(codes[i]);

		attempt.now = NOW;
		text_free(&before);
		before = text_from(kept.length > 0 ? kept.data : "");
		assert_int_equal(decide_apart(secret, &kept, &attempt).result.verdict,
			TOTPGROUP_ACCEPTED);
		expect(before.data, kept.data, digests[i]);
	}
	text_free(&before);
	text_free(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_new_digest_is_found),
		cmocka_unit_test(nothing_new_is_nothing),
		cmocka_unit_test(a_damaged_state_is_an_error),
		cmocka_unit_test(what_a_login_spends_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
