/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "scrypt_support.h"

#include "base/crypto.h"
#include "totpgroup.h"

/* RFC 7914 section 12: the vectors with r = 8 that the bound allows. */
static const struct {
	const char *password;
	const char *salt;
	struct scrypt_cost cost;
	const char *key; /* hexadecimal */
} vectors[] = {
	{"password", "NaCl", {10, 16},
		"fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
		"2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"},
	{"pleaseletmein", "SodiumChloride", {14, 1},
		"7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
		"d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"},
};

static struct scrypt_input input_with(struct scrypt_cost cost)
{
	return (struct scrypt_input){"password", 8, "NaCl", 4, cost};
}

static void the_vectors_of_rfc7914_are_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct scrypt_input input = {vectors[i].password,
			strlen(vectors[i].password), vectors[i].salt, strlen(vectors[i].salt),
			vectors[i].cost};
		uint8_t key[64];
		char hex[129];

		assert_int_equal(scrypt_derive(&input, key, sizeof key), 0);
		for (size_t j = 0; j < sizeof key; j++)
			snprintf(hex + 2 * j, 3, "%02x", key[j]);
		assert_string_equal(hex, vectors[i].key);
		/* A shorter key is the beginning of a longer one. */
		memset(key, 0, sizeof key);
		assert_int_equal(scrypt_derive(&input, key, 32), 0);
		for (size_t j = 0; j < 32; j++)
			snprintf(hex + 2 * j, 3, "%02x", key[j]);
		assert_memory_equal(hex, vectors[i].key, 64);
		assert_int_equal(key[32], 0);
	}
}

static void the_cost_has_a_bound(void **state)
{
	static const struct scrypt_cost allowed[] = {
		{1, 1}, {14, 1}, {14, 4}, {16, 1}, {15, 2}, {1, 32768}, {10, 64}};
	static const struct scrypt_cost refused[] = {{0, 1}, {1, 0}, {0, 0}, {17, 1}, {16, 2},
		{14, 5}, {15, 3}, {1, 32769}, {1, UINT32_MAX}, {20, 1}, {31, 1}, {32, 1},
		{63, 1}, {UINT32_MAX, 1}, {UINT32_MAX, UINT32_MAX}};

	(void)state;
	derivation_is_fake = 1;
	for (size_t i = 0; i < COUNT(allowed); i++) {
		const struct scrypt_input input = input_with(allowed[i]);
		uint8_t key[32];

		assert_true(scrypt_cost_allowed(allowed[i]));
		assert_int_equal(scrypt_derive(&input, key, sizeof key), 0);
	}
	derivations = 0;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const struct scrypt_input input = input_with(refused[i]);
		uint8_t key[32];

		assert_false(scrypt_cost_allowed(refused[i]));
		assert_int_equal(scrypt_derive(&input, key, sizeof key), TOTPGROUP_EARGUMENT);
	}
	assert_int_equal(derivations, 0);
	derivation_is_fake = 0;
}

static void assert_fails(gpg_err_code_t why, int expected)
{
	const struct scrypt_input input = input_with((struct scrypt_cost){1, 1});
	static const uint8_t zeros[32];
	uint8_t key[32];

	derivation_error = why;
	assert_int_equal(scrypt_derive(&input, key, sizeof key), expected);
	derivation_error = 0;
	assert_memory_equal(key, zeros, sizeof key);
}

static void a_failure_leaves_no_key(void **state)
{
	(void)state;
	assert_fails(GPG_ERR_ENOMEM, TOTPGROUP_EMEMORY);
	assert_fails(GPG_ERR_UNSUPPORTED_ALGORITHM, TOTPGROUP_ECRYPTO);
	assert_fails(GPG_ERR_FORBIDDEN, TOTPGROUP_ECRYPTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc7914_are_right),
		cmocka_unit_test(the_cost_has_a_bound),
		cmocka_unit_test(a_failure_leaves_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
