/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <dlfcn.h>
#include <gcrypt.h>
#include <liboath/oath.h>

#include "core/otp.h"
#include "totpgroup.h"

#define SEED_20 "12345678901234567890"
#define SEED_32 "12345678901234567890123456789012"
#define SEED_64 "1234567890123456789012345678901234567890123456789012345678901234"

static bool hashing_fails;

/* Replaces libgcrypt's function, because a program's own symbols come first. */
gcry_error_t gcry_mac_write(gcry_mac_hd_t handle, const void *buffer, size_t length)
{
	gcry_error_t (*real)(gcry_mac_hd_t, const void *, size_t);

	*(void **)&real = dlsym(RTLD_NEXT, "gcry_mac_write");
	if (hashing_fails || real == NULL)
		return gcry_error(GPG_ERR_INTERNAL);
	return real(handle, buffer, length);
}

static struct hmac *open_hmac(enum hmac_algorithm algorithm, const void *key, size_t length)
{
	struct hmac *hmac;

	assert_int_equal(hmac_open(&hmac, algorithm, key, length), 0);
	return hmac;
}

static void the_codes_of_rfc4226_are_right(void **state)
{
	static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
		"254676", "287922", "162583", "399871", "520489"};
	struct hmac *hmac = open_hmac(HMAC_SHA1, SEED_20, 20);
	char code[OTP_DIGITS_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		assert_int_equal(otp_generate(hmac, i, 6, code), 0);
		assert_string_equal(code, codes[i]);
	}
	hmac_close(hmac);
}

static void the_codes_of_rfc6238_are_right(void **state)
{
	static const struct {
		int64_t now;
		const char *codes[3]; /* SHA-1, SHA-256, SHA-512 */
	} rows[] = {
		{59, {"94287082", "46119246", "90693936"}},
		{1111111109, {"07081804", "68084774", "25091201"}},
		{1111111111, {"14050471", "67062674", "99943326"}},
		{1234567890, {"89005924", "91819424", "93441116"}},
		{2000000000, {"69279037", "90698825", "38618901"}},
		{20000000000, {"65353130", "77737706", "47863826"}},
	};
	static const char *const seeds[] = {SEED_20, SEED_32, SEED_64};
	char code[OTP_DIGITS_MAX + 1];

	(void)state;
	for (int algorithm = HMAC_SHA1; algorithm <= HMAC_SHA512; algorithm++) {
		struct hmac *hmac = open_hmac((enum hmac_algorithm)algorithm, seeds[algorithm],
			strlen(seeds[algorithm]));

		for (size_t i = 0; i < COUNT(rows); i++) {
			uint64_t step = (uint64_t)otp_time_step(rows[i].now, 30);

			assert_int_equal(otp_generate(hmac, step, 8, code), 0);
			assert_string_equal(code, rows[i].codes[algorithm]);
		}
		hmac_close(hmac);
	}
}

static void random_hotp_codes_are_those_of_liboath(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	assert_int_equal(oath_init(), OATH_OK);
	for (unsigned int i = 0; i < test_rounds(5000); i++) {
		uint8_t key[100];
		size_t length = 1 + test_random_below(&random, sizeof key);
		uint64_t counter = test_random_next(&random) >> test_random_below(&random, 64);
		unsigned int digits = 6 + (unsigned int)test_random_below(&random, 3);
		char code[OTP_DIGITS_MAX + 1];
		char oracle[OTP_DIGITS_MAX + 1];
		struct hmac *hmac;

		test_random_fill(&random, key, length);
		hmac = open_hmac(HMAC_SHA1, key, length);
		assert_int_equal(otp_generate(hmac, counter, digits, code), 0);
		hmac_close(hmac);
		assert_int_equal(oath_hotp_generate((const char *)key, length, counter, digits,
					 false, OATH_HOTP_DYNAMIC_TRUNCATION, oracle),
			OATH_OK);
		assert_string_equal(code, oracle);
	}
	oath_done();
}

static void random_totp_codes_are_those_of_liboath(void **state)
{
	static const int flags[] = {0, OATH_TOTP_HMAC_SHA256, OATH_TOTP_HMAC_SHA512};
	struct test_random random = test_random_begin();

	(void)state;
	assert_int_equal(oath_init(), OATH_OK);
	for (unsigned int i = 0; i < test_rounds(6000); i++) {
		enum hmac_algorithm algorithm = (enum hmac_algorithm)(i % 3);
		uint8_t key[150];
		size_t length = 1 + test_random_below(&random, sizeof key);
		int64_t now = (int64_t)test_random_below(&random, UINT64_C(1) << 40);
		unsigned int digits = 6 + (unsigned int)test_random_below(&random, 3);
		unsigned int period = 1 + (unsigned int)test_random_below(&random, 3600);
		char code[OTP_DIGITS_MAX + 1];
		char oracle[OTP_DIGITS_MAX + 1];
		struct hmac *hmac;

		test_random_fill(&random, key, length);
		hmac = open_hmac(algorithm, key, length);
		assert_int_equal(
			otp_generate(hmac, (uint64_t)otp_time_step(now, period), digits, code),
			0);
		hmac_close(hmac);
		assert_int_equal(oath_totp_generate2((const char *)key, length, now, period, 0,
					 digits, flags[algorithm], oracle),
			OATH_OK);
		assert_string_equal(code, oracle);
	}
	oath_done();
}

static void other_numbers_of_digits_are_refused(void **state)
{
	static const unsigned int refused[] = {0, 1, 5, 9, 10, UINT32_MAX};
	static const char wiped[OTP_DIGITS_MAX + 1] = {0};
	struct hmac *hmac = open_hmac(HMAC_SHA1, SEED_20, 20);
	char code[OTP_DIGITS_MAX + 1];
	bool found = true;
	int64_t counter = 77;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		memset(code, '1', sizeof code);
		assert_int_equal(otp_generate(hmac, 1, refused[i], code), TOTPGROUP_EARGUMENT);
		assert_memory_equal(code, wiped, sizeof code);
		found = true;
		assert_int_equal(otp_search(hmac, (struct otp_range){0, 9}, 0, "75522400",
					 refused[i], &found, &counter),
			TOTPGROUP_EARGUMENT);
		assert_false(found);
	}
	assert_int_equal(counter, 77);
	hmac_close(hmac);
}

static void a_failure_leaves_no_code(void **state)
{
	static const char wiped[OTP_DIGITS_MAX + 1] = {0};
	struct hmac *hmac = open_hmac(HMAC_SHA1, SEED_20, 20);
	char code[OTP_DIGITS_MAX + 1];

	(void)state;
	memset(code, '1', sizeof code);
	hashing_fails = true;
	assert_int_equal(otp_generate(hmac, 0, 6, code), TOTPGROUP_ECRYPTO);
	hashing_fails = false;
	assert_memory_equal(code, wiped, sizeof code);
	/* The handle can still be used. */
	assert_int_equal(otp_generate(hmac, 0, 6, code), 0);
	assert_string_equal(code, "755224");
	hmac_close(hmac);
}

static void a_time_has_its_step(void **state)
{
	(void)state;
	assert_int_equal(otp_time_step(0, 30), 0);
	assert_int_equal(otp_time_step(29, 30), 0);
	assert_int_equal(otp_time_step(30, 30), 1);
	assert_int_equal(otp_time_step(59, 1), 59);
	assert_int_equal(otp_time_step(7200, 3600), 2);
	assert_true(otp_time_step(INT64_MAX, 1) == INT64_MAX);

	assert_int_equal(otp_step_offset(3, 100, 30), 0);
	assert_int_equal(otp_step_offset(4, 100, 30), 20);
	assert_int_equal(otp_step_offset(2, 100, 30), -11);
	assert_int_equal(otp_step_offset(4, 119, 30), 1);
	assert_int_equal(otp_step_offset(2, 90, 30), -1);
	assert_int_equal(otp_step_offset(0, 100, 30), -71);
	assert_true(otp_step_offset(INT64_MAX, 0, 3600) == INT64_MAX);
	assert_true(otp_step_offset(INT64_MIN, 100, 30) == INT64_MIN);
	assert_true(otp_step_offset(INT64_MIN / 2, 100, 30) == INT64_MIN);
	assert_true(otp_step_offset(INT64_MAX, 0, 1) == INT64_MAX);
}

/* A clock that differs by the offset is in the step, and one that differs by
 * a second less is not. */
static void an_offset_is_the_smallest_one(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int i = 0; i < test_rounds(20000); i++) {
		int64_t now = 10000000 + (int64_t)test_random_below(&random, 1 << 30);
		unsigned int period = 1 + (unsigned int)test_random_below(&random, 3600);
		int64_t step = otp_time_step(now, period) - 1500 +
			       (int64_t)test_random_below(&random, 3001);
		int64_t offset = otp_step_offset(step, now, period);
		int64_t less = offset > 0 ? offset - 1 : offset + 1;

		assert_int_equal(otp_time_step(now + offset, period), step);
		if (offset != 0)
			assert_int_not_equal(otp_time_step(now + less, period), step);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_codes_of_rfc4226_are_right),
		cmocka_unit_test(the_codes_of_rfc6238_are_right),
		cmocka_unit_test(random_hotp_codes_are_those_of_liboath),
		cmocka_unit_test(random_totp_codes_are_those_of_liboath),
		cmocka_unit_test(other_numbers_of_digits_are_refused),
		cmocka_unit_test(a_failure_leaves_no_code),
		cmocka_unit_test(a_time_has_its_step),
		cmocka_unit_test(an_offset_is_the_smallest_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
