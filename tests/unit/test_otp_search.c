/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <dlfcn.h>
#include <gcrypt.h>
#include <liboath/oath.h>

#include "core/otp.h"
#include "totpgroup.h"

#define SECRET "12345678901234567890"

/* How many messages were hashed, and which one fails. */
static struct {
	uint64_t messages;
	uint64_t failing; /* counted from 1; 0 for none */
} hashing;

/* Replaces libgcrypt's function, because a program's own symbols come first. */
gcry_error_t gcry_mac_write(gcry_mac_hd_t handle, const void *buffer, size_t length)
{
	static gcry_error_t (*real)(gcry_mac_hd_t, const void *, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "gcry_mac_write");
	if (++hashing.messages == hashing.failing)
		return gcry_error(GPG_ERR_INTERNAL);
	return real(handle, buffer, length);
}

/* Codes that liboath computed: so many that some are equal. */
#define TABLE_SIZE 20000

struct table {
	struct hmac *hmac;
	char codes[TABLE_SIZE][7];
	int64_t earlier[TABLE_SIZE]; /* the last counter before with this code, or -1 */
	int64_t last_with[1000000];
};

static int set_up_table(void **state)
{
	struct table *table = malloc(sizeof *table);

	if (table == NULL || oath_init() != OATH_OK)
		return -1;
	memset(table->last_with, -1, sizeof table->last_with);
	if (hmac_open(&table->hmac, HMAC_SHA1, SECRET, strlen(SECRET)) != 0)
		return -1;
	for (int64_t i = 0; i < TABLE_SIZE; i++) {
		int value;

		if (oath_hotp_generate(SECRET, strlen(SECRET), (uint64_t)i, 6, false,
			    OATH_HOTP_DYNAMIC_TRUNCATION, table->codes[i]) != OATH_OK)
			return -1;
		value = atoi(table->codes[i]);
		table->earlier[i] = table->last_with[value];
		table->last_with[value] = i;
	}
	oath_done();
	*state = table;
	return 0;
}

static int tear_down_table(void **state)
{
	struct table *table = *state;

	hmac_close(table->hmac);
	free(table);
	return 0;
}

/* -1 for not found. */
static int64_t search(const struct table *table, int64_t first, int64_t last, int64_t nearest,
	const char *code)
{
	struct otp_range range = {first, last};
	bool found;
	int64_t counter = -1;

	assert_int_equal(otp_search(table->hmac, range, nearest, code, 6, &found, &counter), 0);
	assert_int_equal(found, counter != -1);
	return counter;
}

static uint64_t distance(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static int64_t model_search(const struct table *table, int64_t first, int64_t last,
	int64_t nearest, const char *code)
{
	int64_t best = -1;

	for (int64_t i = first < 0 ? 0 : first; i <= last; i++) {
		if (strcmp(table->codes[i], code) != 0)
			continue;
		if (best == -1 || distance(i, nearest) < distance(best, nearest))
			best = i;
	}
	return best;
}

/* The first counter at or after start whose code an earlier one has too. */
static int64_t find_twin(const struct table *table, int64_t start)
{
	while (table->earlier[start] == -1)
		assert_true(++start < TABLE_SIZE);
	return start;
}

static void both_ends_of_a_range_are_searched(void **state)
{
	const struct table *table = *state;

	for (int64_t i = 3; i < 13; i++) {
		const char *code = table->codes[i];

		assert_int_equal(search(table, i, i, i, code), i);
		assert_int_equal(search(table, i - 1, i, i, code), i);
		assert_int_equal(search(table, i, i + 1, i, code), i);
		assert_int_equal(search(table, i - 1, i + 1, i, code), i);
		assert_int_equal(search(table, i + 1, i + 2, i, code), -1);
		assert_int_equal(search(table, i - 2, i - 1, i, code), -1);
		assert_int_equal(search(table, i + 1, i, i, code), -1);
		assert_int_equal(search(table, i + 1, i - 1, i, code), -1);
	}
	assert_int_equal(search(table, INT64_MAX, INT64_MIN, 0, table->codes[0]), -1);
}

static void negative_counters_are_skipped(void **state)
{
	const struct table *table = *state;
	const char *code = table->codes[0];

	assert_int_equal(search(table, -5, 5, -5, code), 0);
	assert_int_equal(search(table, INT64_MIN, 0, INT64_MIN, code), 0);
	assert_int_equal(search(table, INT64_MIN, 4, INT64_MIN, table->codes[4]), 4);
	assert_int_equal(search(table, -5, -1, 0, code), -1);
	assert_int_equal(search(table, INT64_MIN, -1, 0, code), -1);
	hashing.messages = 0;
	assert_int_equal(search(table, -100, 2, 0, code), 0);
	assert_int_equal(hashing.messages, 3);
}

static void the_highest_counters_are_searched(void **state)
{
	const struct table *table = *state;
	char code[OTP_DIGITS_MAX + 1];

	for (int64_t counter = INT64_MAX - 3; counter > 0; counter++) {
		assert_int_equal(otp_generate(table->hmac, (uint64_t)counter, 6, code), 0);
		assert_true(search(table, INT64_MAX - 3, INT64_MAX, 0, code) == counter);
		assert_true(
			search(table, INT64_MAX - 3, INT64_MAX, INT64_MIN, code) == counter);
		if (counter == INT64_MAX)
			break;
	}
}

static void a_range_has_a_limit(void **state)
{
	static const struct otp_range refused[] = {{0, 1 << 20}, {5, (1 << 20) + 5},
		{-1, 1 << 20}, {0, INT64_MAX}, {INT64_MIN, INT64_MAX}, {1, INT64_MAX}};
	const struct table *table = *state;
	int64_t counter = 77;
	bool found;

	hashing.messages = 0;
	for (size_t i = 0; i < COUNT(refused); i++) {
		found = true;
		assert_int_equal(otp_search(table->hmac, refused[i], 0, table->codes[0], 6,
					 &found, &counter),
			TOTPGROUP_EARGUMENT);
		assert_false(found);
	}
	assert_int_equal(counter, 77);
	assert_int_equal(hashing.messages, 0);
	assert_int_equal(search(table, 0, (1 << 20) - 1, 0, table->codes[0]), 0);
	assert_int_equal(hashing.messages, 1 << 20);
}

static void the_nearest_match_is_found(void **state)
{
	const struct table *table = *state;
	int64_t start = 0;
	int even = 0;

	for (int i = 0; i < 20; i++) {
		int64_t b = find_twin(table, start);
		int64_t a = table->earlier[b];
		int64_t middle = a + (b - a) / 2;
		const char *code = table->codes[a];

		start = b + 1;
		even += (b - a) % 2 == 0;
		assert_int_equal(search(table, a, b, a, code), a);
		assert_int_equal(search(table, a, b, b, code), b);
		/* In the middle, the lower one. */
		assert_int_equal(search(table, a, b, middle, code), a);
		assert_int_equal(search(table, a, b, middle + 1, code), b);
		assert_int_equal(search(table, a, b, INT64_MIN, code), a);
		assert_int_equal(search(table, a, b, -1, code), a);
		assert_int_equal(search(table, a, b, INT64_MAX, code), b);
		assert_int_equal(search(table, a + 1, b, a, code), b);
		assert_int_equal(search(table, a, b - 1, b, code), a);
	}
	assert_true(even > 0);
}

static void random_searches_agree_with_a_model(void **state)
{
	const struct table *table = *state;
	struct test_random random = test_random_begin();

	for (int i = 0; i < 600; i++) {
		int64_t first = (int64_t)test_random_below(&random, TABLE_SIZE) - 20;
		int64_t length = (int64_t)test_random_below(&random, 6000) - 5;
		int64_t last = first + length < TABLE_SIZE ? first + length : TABLE_SIZE - 1;
		int64_t nearest = (int64_t)test_random_below(&random, TABLE_SIZE);
		int64_t twin =
			find_twin(table, (int64_t)test_random_below(&random, TABLE_SIZE / 2));
		const char *code = table->codes[twin];

		if (i % 3 == 0)
			code = table->codes[test_random_below(&random, TABLE_SIZE)];
		if (i % 3 == 1) {
			first = table->earlier[twin] - (int64_t)test_random_below(&random, 3);
			last = twin - (int64_t)test_random_below(&random, 3);
		}
		assert_int_equal(search(table, first, last, nearest, code),
			model_search(table, first, last, nearest, code));
	}
}

/* The number of hashes does not depend on where the code is, or whether it is found. */
static void a_search_does_not_end_early(void **state)
{
	const struct table *table = *state;

	for (int64_t i = 90; i < 310; i += 10) {
		hashing.messages = 0;
		(void)search(table, 100, 299, i, table->codes[i]);
		assert_int_equal(hashing.messages, 200);
	}
}

static void every_digit_is_compared(void **state)
{
	const struct table *table = *state;
	char code[7];

	for (size_t i = 0; i < 6; i++) {
		for (int c = 0; c < 256; c++) {
			memcpy(code, table->codes[42], sizeof code);
			code[i] = (char)c;
			assert_int_equal(search(table, 42, 42, 42, code),
				(char)c == table->codes[42][i] ? 42 : -1);
		}
	}
}

/* A match before the failure does not count. */
static void a_failed_hash_fails_the_search(void **state)
{
	const struct table *table = *state;

	for (uint64_t failing = 1; failing <= 10; failing++) {
		bool found = true;
		int64_t counter = 77;

		hashing.messages = 0;
		hashing.failing = failing;
		assert_int_equal(otp_search(table->hmac, (struct otp_range){0, 9}, 0,
					 table->codes[0], 6, &found, &counter),
			TOTPGROUP_ECRYPTO);
		hashing.failing = 0;
		assert_false(found);
		assert_int_equal(counter, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_of_a_range_are_searched),
		cmocka_unit_test(negative_counters_are_skipped),
		cmocka_unit_test(the_highest_counters_are_searched),
		cmocka_unit_test(a_range_has_a_limit),
		cmocka_unit_test(the_nearest_match_is_found),
		cmocka_unit_test(random_searches_agree_with_a_model),
		cmocka_unit_test(a_search_does_not_end_early),
		cmocka_unit_test(every_digit_is_compared),
		cmocka_unit_test(a_failed_hash_fails_the_search),
	};

	return cmocka_run_group_tests(tests, set_up_table, tear_down_table);
}
