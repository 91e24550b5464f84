/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include "allocation.h"
#include "hashed_codes.h"

#include "core/emergency.h"

#define NEW "11111111\n22222222\n"

static void assert_replaced(const char *before, const char *after)
{
	totpgroup_credential *credential = load(before);

	assert_int_equal(emergency_codes_replace(credential, NEW, strlen(NEW)), 0);
	assert_credential(credential, after);
	assert_int_equal(emergency_codes_left(credential), 2);
	totpgroup_credential_free(credential);
}

static void new_codes_stand_where_they_are_valid(void **state)
{
	(void)state;
	assert_replaced("S\n", "S\n" NEW);
	assert_replaced("S", "S\n" NEW);
	assert_replaced("S\r\n", "S\r\n" NEW);
	assert_replaced("S\r", "S\r\n" NEW);
	assert_replaced("S\n12345678\n", "S\n" NEW);
	assert_replaced("S\n12345678", "S\n" NEW);
	assert_replaced("S\n\" A 1\n12345678\n\" B 2\n23456789\n", "S\n\" A 1\n\" B 2\n" NEW);
	assert_replaced("S\n\" A 1", "S\n\" A 1\n" NEW);
	assert_replaced("S\n\" A 1\r", "S\n\" A 1\r\n" NEW);
	assert_replaced("S\r\n\" A 1\r\n +012345678\r\n", "S\r\n\" A 1\r\n" NEW);
}

/* Codes below a foreign line are void, and stay so. */
static void new_codes_stand_above_foreign_lines(void **state)
{
	(void)state;
	assert_replaced("S\nforeign\n", "S\n" NEW "foreign\n");
	assert_replaced("S\n12345678\nforeign\n23456789\n", "S\n" NEW "foreign\n23456789\n");
	assert_replaced("S\n\" A\n12345678 \n23456789\n\" B\n",
		"S\n\" A\n" NEW "12345678 \n23456789\n\" B\n");
	assert_replaced("S\n \n\" A\n12345678\n", "S\n" NEW " \n\" A\n12345678\n");
}

static void hashed_codes_are_replaced_too(void **state)
{
	(void)state;
	assert_replaced("S\n\" A\n" A_1 B_1 "\" B\n", "S\n\" A\n\" B\n" NEW);
	assert_replaced("S\n" A_1 "12345678\n" A_2 "foreign\n" B_2, "S\n" NEW "foreign\n");
	/* Damaged hashed codes are removed, too. */
	assert_replaced("S\n\" SCRATCH_HASH x\n\" SCRATCH_HASH\n", "S\n" NEW);
	assert_replaced("S\n\" SCRATCH_HASHES x\n", "S\n\" SCRATCH_HASHES x\n" NEW);
}

static void new_codes_may_be_hashed(void **state)
{
	totpgroup_credential *credential = load("S\n12345678\n\" A\nforeign\n");

	(void)state;
	assert_int_equal(emergency_codes_replace(credential, A_1 B_1, strlen(A_1 B_1)), 0);
	assert_credential(credential, "S\n\" A\n" A_1 B_1 "foreign\n");
	assert_int_equal(emergency_codes_replace(credential, "", 0), 0);
	assert_credential(credential, "S\n\" A\nforeign\n");
	assert_int_equal(emergency_codes_left(credential), 0);
	totpgroup_credential_free(credential);
}

static const char *const parts[] = {"12345678\n", "98765432\r\n", " +34567890\n", "\" A 1\n",
	"\" B\r\n", "\n", "\r\n", " \n", "foreign\n", "# 12345678\n", "12345678 \n",
	"\"no option\n", A_1, B_2, "\" SCRATCH_HASH damaged\n"};

/* Only the new codes are valid, and no other line is lost. */
static void only_codes_change_in_random_texts(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int round = 0; round < test_rounds(5000); round++) {
		unsigned int foreign[COUNT(parts)] = {0};
		struct text text = TEXT_INIT;
		totpgroup_credential *credential;
		unsigned int count = (unsigned int)test_random_below(&random, 10);

		assert_int_equal(text_append(&text, "SECRET\n", 7), 0);
		for (unsigned int i = 0; i < count; i++) {
			size_t part = test_random_below(&random, COUNT(parts));

			foreign[part]++;
			assert_int_equal(
				text_append(&text, parts[part], strlen(parts[part])), 0);
		}
		credential = load(text.data);
		assert_int_equal(emergency_codes_replace(credential, NEW, strlen(NEW)), 0);
		if (emergency_codes_left(credential) != 2)
			fail_msg("\"%s\" became \"%s\"", text.data, credential->text.data);
		for (size_t part = 3; part < COUNT(parts) - 3; part++) {
			const char *at = credential->text.data;
			unsigned int seen = 0;

			/* Blank lines before a code are removed with it. */
			if (strspn(parts[part], " \r\n") == strlen(parts[part]))
				continue;
			while ((at = strstr(at, parts[part])) != NULL) {
				seen += at[-1] == '\n';
				at++;
			}
			assert_int_equal(seen, foreign[part]);
		}
		assert_null(strstr(credential->text.data, "SCRATCH_HASH"));
		totpgroup_credential_free(credential);
		text_free(&text);
	}
}

static void each_failed_allocation_is_an_error(void **state)
{
	static const char text[] = "S\n12345678\n" A_1;

	(void)state;
	for (unsigned int n = 1; n < 10; n++) {
		totpgroup_credential *credential = load(text);
		char lines[4096];
		int status;

		memset(lines, '\n', sizeof lines);
		allocation_to_fail = n;
		status = emergency_codes_replace(credential, lines, sizeof lines);
		totpgroup_credential_free(credential);
		if (allocation_to_fail > 0) {
			allocation_to_fail = 0;
			assert_int_equal(status, 0);
			assert_true(n > 1);
			return;
		}
		assert_int_equal(status, TOTPGROUP_EMEMORY);
	}
	fail();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_codes_stand_where_they_are_valid),
		cmocka_unit_test(new_codes_stand_above_foreign_lines),
		cmocka_unit_test(hashed_codes_are_replaced_too),
		cmocka_unit_test(new_codes_may_be_hashed),
		cmocka_unit_test(only_codes_change_in_random_texts),
		cmocka_unit_test(each_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
