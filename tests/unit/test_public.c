/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include "allocation.h"
#include "totpgroup.h"

#define NOW  INT64_C(1800000015)
#define STEP (NOW / 30)
#define TEXT                                                                                   \
	SECRET "\r\n\" TOTP_AUTH\n\" DISALLOW_REUSE\n\" SOMETHING\telse\r\n12345678\n\xff\n"

static totpgroup_credential *parse(const char *text, size_t length)
{
	totpgroup_credential *credential = NULL;

	assert_int_equal(totpgroup_credential_parse(&credential, text, length), 0);
	assert_non_null(credential);
	return credential;
}

static void assert_text(const totpgroup_credential *credential, const char *expected)
{
	char *text;
	size_t length;

	assert_int_equal(totpgroup_credential_serialize(credential, &text, &length), 0);
	assert_string_equal(text, expected);
	assert_int_equal(length, strlen(expected));
	free(text);
}

static void the_text_stays_as_it_is(void **state)
{
	char text[] = TEXT;
	totpgroup_credential *credential = parse(text, sizeof text - 1);

	(void)state;
	/* The credential has a copy. */
	memset(text, 'x', sizeof text - 1);
	assert_text(credential, TEXT);
	totpgroup_credential_free(credential);
	credential = parse(TEXT, strlen(SECRET));
	assert_text(credential, SECRET);
	totpgroup_credential_free(credential);
	totpgroup_credential_free(NULL);
}

static void text_that_is_no_credential_is_refused(void **state)
{
	static char large[65537];
	static const struct {
		const char *text;
		size_t length;
	} rows[] = {{"", 0}, {"\n", 1}, {"NOT=\n", 5}, {"A\n", 2}, {SECRET "\n\0", 18},
		{SECRET "\n\" ALGORITHM MD5\n", 33}, {large, 65537}};

	(void)state;
	memset(large, 'A', sizeof large);
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = (totpgroup_credential *)large;

		assert_int_equal(
			totpgroup_credential_parse(&credential, rows[i].text, rows[i].length),
			TOTPGROUP_EFORMAT);
		assert_null(credential);
	}
	totpgroup_credential_free(parse(large, 65536));
}

static void right_codes_are_accepted_once(void **state)
{
	totpgroup_credential *credential = parse(TEXT, strlen(TEXT));
	struct totpgroup_result result;
	code_text code = "";

	(void)state;
	put_code(STEP + 1, 6, 0, code);
	memset(&result, 0xff, sizeof result);
	assert_int_equal(totpgroup_credential_verify(credential, code, NOW, &result), 0);
	assert_int_equal(result.verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_NONE);
	assert_int_equal(result.method, TOTPGROUP_METHOD_TOTP);
	assert_int_equal(result.step, STEP + 1);
	assert_true(result.offset_known);
	assert_int_equal(result.offset, 15);
	assert_int_equal(result.retry_after, 0);
	assert_true(result.changed);
	assert_text(credential, SECRET "\r\n\" TOTP_AUTH\n\" DISALLOW_REUSE 60000001\n"
				       "\" SOMETHING\telse\r\n12345678\n\xff\n");

	assert_int_equal(totpgroup_credential_verify(credential, code, NOW, &result), 0);
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_REUSED);
	assert_int_equal(result.method, TOTPGROUP_METHOD_NONE);
	assert_false(result.changed);

	assert_int_equal(totpgroup_credential_verify(credential, "1234 5678", NOW, &result), 0);
	assert_int_equal(result.verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(result.method, TOTPGROUP_METHOD_EMERGENCY);
	assert_false(result.offset_known);
	assert_text(credential, SECRET "\r\n\" TOTP_AUTH\n\" DISALLOW_REUSE 60000001\n"
				       "\" SOMETHING\telse\r\n\xff\n");
	totpgroup_credential_free(credential);
}

/* Unlike the module, this function accepts no password before the code, and records no
 * host. */
static void only_the_code_itself_is_accepted(void **state)
{
	totpgroup_credential *credential = parse(TEXT, strlen(TEXT));
	struct totpgroup_result result;
	char typed[40];
	code_text code = "";

	(void)state;
	put_code(STEP, 6, 0, code);
	snprintf(typed, sizeof typed, "password%s", code);
	assert_int_equal(totpgroup_credential_verify(credential, typed, NOW, &result), 0);
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_WRONG_CODE);
	assert_text(credential, TEXT);
	totpgroup_credential_free(credential);
}

/* A wrong HOTP code also moves the counter. */
static void every_attempt_counts(void **state)
{
	static const char text[] = SECRET "\n\" RATE_LIMIT 1 30\n\" HOTP_COUNTER 5\n";
	totpgroup_credential *credential = parse(text, sizeof text - 1);
	struct totpgroup_result result;

	(void)state;
	assert_int_equal(totpgroup_credential_verify(credential, "000000", NOW, &result), 0);
	assert_int_equal(result.reason, TOTPGROUP_REASON_WRONG_CODE);
	assert_true(result.changed);
	assert_text(credential, SECRET "\n\" RATE_LIMIT 1 30 1800000015\n\" HOTP_COUNTER 6\n");
	assert_int_equal(totpgroup_credential_verify(credential, "000000", NOW, &result), 0);
	assert_int_equal(result.reason, TOTPGROUP_REASON_RATE_LIMITED);
	assert_int_equal(result.retry_after, 31);
	totpgroup_credential_free(credential);
}

/* A program that knows later members finds 0 in them. */
static void assert_no_later_members(const struct totpgroup_result *result)
{
	for (size_t i = 0; i < COUNT(result->reserved); i++)
		assert_true(result->reserved[i] == 0);
}

/* Zeroed memory and the result of an error are refusals, too. */
static void a_result_is_a_refusal_by_default(void **state)
{
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	static struct totpgroup_result untouched;
	unsigned int failures = 0;
	code_text code = "";

	(void)state;
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(untouched.verdict, TOTPGROUP_REFUSED);
	assert_no_later_members(&result);
	put_code(STEP, 6, 0, code);
	for (unsigned int i = 1;; i++) {
		totpgroup_credential *credential = parse(TEXT, strlen(TEXT));
		int status;

		memset(&result, 0xff, sizeof result);
		allocation_to_fail = i;
		status = totpgroup_credential_verify(credential, code, NOW, &result);
		totpgroup_credential_free(credential);
		if (allocation_to_fail > 0)
			break;
		assert_int_equal(status, TOTPGROUP_EMEMORY);
		assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
		assert_false(result.changed);
		assert_no_later_members(&result);
		failures++;
	}
	allocation_to_fail = 0;
	assert_true(failures >= 2);
}

static void parse_without_memory_is_an_error(void **state)
{
	unsigned int failures = 0;

	(void)state;
	for (unsigned int i = 1;; i++) {
		totpgroup_credential *credential = NULL;
		int status;

		allocation_to_fail = i;
		status = totpgroup_credential_parse(&credential, TEXT, strlen(TEXT));
		if (allocation_to_fail > 0) {
			totpgroup_credential_free(credential);
			break;
		}
		assert_int_equal(status, TOTPGROUP_EMEMORY);
		assert_null(credential);
		failures++;
	}
	allocation_to_fail = 0;
	assert_true(failures >= 2);
}

static void serialize_without_memory_is_an_error(void **state)
{
	totpgroup_credential *credential = parse(TEXT, strlen(TEXT));
	char *text = NULL;
	size_t length = 77;

	(void)state;
	allocation_to_fail = 1;
	assert_int_equal(
		totpgroup_credential_serialize(credential, &text, &length), TOTPGROUP_EMEMORY);
	assert_null(text);
	assert_int_equal(length, 0);
	totpgroup_credential_free(credential);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_stays_as_it_is),
		cmocka_unit_test(text_that_is_no_credential_is_refused),
		cmocka_unit_test(right_codes_are_accepted_once),
		cmocka_unit_test(only_the_code_itself_is_accepted),
		cmocka_unit_test(every_attempt_counts),
		cmocka_unit_test(a_result_is_a_refusal_by_default),
		cmocka_unit_test(parse_without_memory_is_an_error),
		cmocka_unit_test(serialize_without_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
