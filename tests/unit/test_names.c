/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <limits.h>

#include "totpgroup.h"

static const int codes[] = {0, TOTPGROUP_EMEMORY, TOTPGROUP_EARGUMENT, TOTPGROUP_EFORMAT,
	TOTPGROUP_ENOTFOUND, TOTPGROUP_EUNSAFE, TOTPGROUP_ESYSTEM, TOTPGROUP_EBUSY,
	TOTPGROUP_ECONFLICT, TOTPGROUP_EUNWRITABLE, TOTPGROUP_ECRYPTO, TOTPGROUP_ECONFIG,
	TOTPGROUP_EGROUP, TOTPGROUP_EMISSING};

static void every_code_has_its_own_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		const char *sentence = totpgroup_strerror(codes[i]);

		assert_non_null(sentence);
		assert_string_not_equal(sentence, "unknown error");
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(sentence, totpgroup_strerror(codes[k]));
	}
	assert_string_equal(
		totpgroup_strerror(TOTPGROUP_EFORMAT), "the credential text is damaged");
	assert_string_equal(totpgroup_strerror(TOTPGROUP_EGROUP), "a group does not resolve");
}

static void other_codes_are_unknown(void **state)
{
	static const int others[] = {1, 2, 100, INT_MAX, TOTPGROUP_EMISSING - 1, -100, INT_MIN};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		assert_string_equal(totpgroup_strerror(others[i]), "unknown error");
}

static void every_reason_has_its_word(void **state)
{
	static const char *const names[] = {
		[TOTPGROUP_REASON_NONE] = "none",
		[TOTPGROUP_REASON_WRONG_CODE] = "wrong-code",
		[TOTPGROUP_REASON_REUSED] = "reused",
		[TOTPGROUP_REASON_RATE_LIMITED] = "rate-limited",
		[TOTPGROUP_REASON_NOT_ENROLLED] = "not-enrolled",
		[TOTPGROUP_REASON_BAD_FILE] = "bad-file",
		[TOTPGROUP_REASON_STORE_ERROR] = "store-error",
		[TOTPGROUP_REASON_GROUP_ERROR] = "group-error",
		[TOTPGROUP_REASON_CONVERSATION] = "conversation",
		[TOTPGROUP_REASON_CONFIG_ERROR] = "config-error",
		[TOTPGROUP_REASON_NOT_ASKED] = "not-asked",
		[TOTPGROUP_REASON_PENDING_EXPIRED] = "pending-expired",
		[TOTPGROUP_REASON_DENIED_BY_SSHD] = "denied-by-sshd",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(totpgroup_reason_name((enum totpgroup_reason)i), names[i]);
	assert_string_equal(
		totpgroup_reason_name((enum totpgroup_reason)COUNT(names)), "unknown");
	assert_string_equal(totpgroup_reason_name((enum totpgroup_reason) - 1), "unknown");
}

static void every_method_has_its_word(void **state)
{
	static const char *const names[] = {
		[TOTPGROUP_METHOD_NONE] = "none",
		[TOTPGROUP_METHOD_TOTP] = "totp",
		[TOTPGROUP_METHOD_HOTP] = "hotp",
		[TOTPGROUP_METHOD_EMERGENCY] = "emergency",
		[TOTPGROUP_METHOD_GRACE] = "grace",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(totpgroup_method_name((enum totpgroup_method)i), names[i]);
	assert_string_equal(
		totpgroup_method_name((enum totpgroup_method)COUNT(names)), "unknown");
	assert_string_equal(totpgroup_method_name((enum totpgroup_method) - 1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_own_sentence),
		cmocka_unit_test(other_codes_are_unknown),
		cmocka_unit_test(every_reason_has_its_word),
		cmocka_unit_test(every_method_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
