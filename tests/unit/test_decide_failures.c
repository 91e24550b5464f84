/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"

#include <dlfcn.h>
#include <errno.h>
#include <gcrypt.h>

#include "allocation.h"

/* Decisions in which one allocation or one hash fails, each in turn. An error must always
 * come with a complete refusal. */

/* How many hashes were begun, and which one fails. */
static struct {
	uint64_t count;
	uint64_t failing; /* counted from 1; 0 for none */
} hashing;

/* Replaces libgcrypt's function, because a program's own symbols come first. */
gcry_error_t gcry_mac_write(gcry_mac_hd_t handle, const void *buffer, size_t length)
{
	static gcry_error_t (*real)(gcry_mac_hd_t, const void *, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "gcry_mac_write");
	if (++hashing.count == hashing.failing)
		return gcry_error(GPG_ERR_INTERNAL);
	return real(handle, buffer, length);
}

/* Makes libgcrypt refuse keys, as a policy that forbids the algorithm does. */
static bool keys_are_refused;

gcry_error_t gcry_mac_setkey(gcry_mac_hd_t handle, const void *key, size_t length)
{
	static gcry_error_t (*real)(gcry_mac_hd_t, const void *, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "gcry_mac_setkey");
	return keys_are_refused ? gcry_error(GPG_ERR_FORBIDDEN) : real(handle, key, length);
}

/* libgcrypt aborts the process when an allocation fails while it finishes a digest, so
 * these do not fail here. */
static bool finishing_digest;

gcry_error_t gcry_mac_read(gcry_mac_hd_t handle, void *buffer, size_t *length)
{
	static gcry_error_t (*real)(gcry_mac_hd_t, void *, size_t *);
	gcry_error_t status;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "gcry_mac_read");
	finishing_digest = true;
	status = real(handle, buffer, length);
	finishing_digest = false;
	return status;
}

/* Allocations of libgcrypt fail like all others. */
static void *allocate(size_t size)
{
	void *memory = finishing_digest ? __real_malloc(size) : malloc(size);

	if (memory == NULL)
		errno = ENOMEM;
	return memory;
}

static int is_secure(const void *memory)
{
	(void)memory;
	return 0;
}

static int set_up(void **state)
{
	gcry_set_allocation_handler(allocate, allocate, is_secure, realloc, free);
	return set_up_liboath(state);
}

/* Every path through the decision. */
struct scenario {
	const char *text;
	int64_t step; /* whose code is typed, if typed is NULL */
	const char *typed;
	enum totpgroup_reason reason; /* NONE where it is accepted */
};

/* Typed are the code of a step and that of the next. */
static const char pair[] = "a pair";

/* With it a text of 63 bytes ends where its memory does. */
#define FILLER "no option and no code.\n"

static const struct scenario scenarios[] = {
	{SECRET "\n\" TOTP_AUTH\n", STEP, NULL, TOTPGROUP_REASON_NONE},
	{SECRET "\n\" TOTP_AUTH\n\" DISALLOW_REUSE 59999999\n\" RATE_LIMIT 3 30 5\n", STEP,
		NULL, TOTPGROUP_REASON_NONE},
	{SECRET "\n\" TOTP_AUTH\n\" DISALLOW_REUSE 60000000\n", STEP, NULL,
		TOTPGROUP_REASON_REUSED},
	{SECRET "\n\" TOTP_AUTH\n", STEP + 20, NULL, TOTPGROUP_REASON_WRONG_CODE},
	{SECRET "\n\" RESETTING_TIME_SKEW 59999998+20 59999999+20\n\" TOTP_AUTH\n"
		"\" DISALLOW_REUSE\n",
		STEP + 20, NULL, TOTPGROUP_REASON_NONE},
	{SECRET "\n\" TOTP_AUTH\n", STEP + 2000, NULL, TOTPGROUP_REASON_WRONG_CODE},
	{SECRET "\n\" TOTP_AUTH\n\" DISALLOW_REUSE\n\" DEVICE " SECRET_2 " b\n", STEP, NULL,
		TOTPGROUP_REASON_NONE},
	{SECRET_2 "\n\" TOTP_AUTH\n\" DEVICE " SECRET " b\n", STEP, NULL,
		TOTPGROUP_REASON_NONE},
	{SECRET_2 "\n\" TOTP_AUTH\n\" DEVICE " SECRET " b\n", STEP + 20, NULL,
		TOTPGROUP_REASON_WRONG_CODE},
	{SECRET "\n\" RATE_LIMIT 1 30 1800000000\n12345678\n", 0, "12345678",
		TOTPGROUP_REASON_RATE_LIMITED},
	{SECRET "\n\" TOTP_AUTH\n12345678\n", 0, "12345678", TOTPGROUP_REASON_NONE},
	{SECRET "\n\" HOTP_COUNTER 60000000\n", STEP + 1, NULL, TOTPGROUP_REASON_NONE},
	{SECRET "\n\" HOTP_COUNTER 60000000\n", STEP + 9, NULL, TOTPGROUP_REASON_WRONG_CODE},
	/* The text fills its memory, and the counter gets one digit more. */
	{SECRET "\n\" HOTP_COUNTER 9999999\n" FILLER, 9999999, NULL, TOTPGROUP_REASON_NONE},
	{SECRET "\n\" HOTP_COUNTER 9999999\n" FILLER, 9999999, pair, TOTPGROUP_REASON_NONE},
	{SECRET "\n\" WINDOW_SIZE x\n", STEP, NULL, TOTPGROUP_REASON_BAD_FILE},
	{"NOT=\n", STEP, NULL, TOTPGROUP_REASON_BAD_FILE},
};

/* Room for a pair. */
typedef char typed_text[2 * sizeof(code_text)];

static struct attempt attempt_of(const struct scenario *scenario, typed_text typed)
{
	struct attempt attempt = attempt_with(scenario->typed);

	attempt.grace.host =
		"host-of-a-name-that-is-so-long-that-it-makes-the-text-grow.example";
	attempt.grace_period = 100;
	if (scenario->typed != NULL && scenario->typed != pair)
		return attempt;
	put_code(scenario->step, 6, 0, typed);
	attempt.resync_hotp = scenario->typed == pair;
	if (attempt.resync_hotp)
		put_code(scenario->step + 1, 6, 0, typed + 6);
	attempt.typed = typed;
	return attempt;
}

/* A failure leaves a refusal without any other result. */
static void assert_failure(
	int status, const struct decision *decision, const struct error *error, int expected)
{
	assert_int_equal(status, expected);
	assert_int_equal(error->code, expected);
	assert_message(error, expected == TOTPGROUP_EMEMORY ? "memory" : "libgcrypt");
	assert_int_equal(decision->result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(decision->result.reason, TOTPGROUP_REASON_STORE_ERROR);
	assert_int_equal(decision->result.method, TOTPGROUP_METHOD_NONE);
	assert_false(decision->result.changed);
	assert_false(decision->no_match);
	assert_false(decision->penalty_due);
	assert_int_equal(decision->password_length, 0);
}

/* Decides while the given allocation or hash fails. True if it was reached. */
static bool decide_with_failure(
	const struct scenario *scenario, unsigned int allocation, uint64_t hash)
{
	totpgroup_credential *credential = load(scenario->text);
	typed_text typed = "";
	struct attempt attempt = attempt_of(scenario, typed);
	struct decision decision;
	struct error error = ERROR_INIT;
	bool reached;
	int status;

	memset(&decision, 0xff, sizeof decision);
	hashing.count = 0;
	hashing.failing = hash;
	allocation_to_fail = allocation;
	status = decide(credential, &attempt, &decision, &error);
	reached = allocation > 0 ? allocation_to_fail == 0 : hashing.count >= hash;
	allocation_to_fail = 0;
	hashing.failing = 0;
	totpgroup_credential_free(credential);
	if (reached) {
		assert_failure(status, &decision, &error,
			allocation > 0 ? TOTPGROUP_EMEMORY : TOTPGROUP_ECRYPTO);
	} else {
		assert_int_equal(status, 0);
		assert_sound(&decision, &error);
		assert_int_equal(decision.result.reason, scenario->reason);
	}
	return reached;
}

static void each_failed_allocation_is_a_refusal(void **state)
{
	unsigned int most = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		unsigned int allocation = 1;

		while (decide_with_failure(&scenarios[i], allocation, 0))
			allocation++;
		if (allocation > most)
			most = allocation;
	}
	/* Some decision made that many allocations. */
	assert_true(most > 10);
}

static void each_failed_hash_is_a_refusal(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		uint64_t hash = 1;

		/* A search at other times makes thousands of hashes; some of them are
		 * enough. */
		while (decide_with_failure(&scenarios[i], 0, hash))
			hash += hash < 10 ? 1 : 177;
	}
}

static void a_key_that_libgcrypt_refuses_is_a_refusal(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		totpgroup_credential *credential = load(scenarios[i].text);
		typed_text typed = "";
		struct attempt attempt = attempt_of(&scenarios[i], typed);
		struct decision decision;
		struct error error = ERROR_INIT;
		int status;

		keys_are_refused = true;
		status = decide(credential, &attempt, &decision, &error);
		keys_are_refused = false;
		totpgroup_credential_free(credential);
		/* Succeeds only if the secret is not needed. */
		if (status == 0)
			assert_true(scenarios[i].reason == TOTPGROUP_REASON_RATE_LIMITED ||
				    strcmp(scenarios[i].text, "NOT=\n") == 0);
		else
			assert_failure(status, &decision, &error, TOTPGROUP_ECRYPTO);
	}
}

static void a_verdict_is_one_of_two_values(void **state)
{
	(void)state;
	assert_int_equal(TOTPGROUP_REFUSED, 0);
	/* One flipped bit does not turn a refusal into an acceptance. */
	assert_true(__builtin_popcount(TOTPGROUP_ACCEPTED) > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failed_allocation_is_a_refusal),
		cmocka_unit_test(each_failed_hash_is_a_refusal),
		cmocka_unit_test(a_key_that_libgcrypt_refuses_is_a_refusal),
		cmocka_unit_test(a_verdict_is_one_of_two_values),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down_liboath);
}
