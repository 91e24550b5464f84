/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include "allocation.h"
#include "core/otp.h"

static void any_text_of_a_valid_size_is_loaded(void **state)
{
	static char large[CREDENTIAL_TEXT_MAX + 1];
	totpgroup_credential *credential = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	memset(large, 'A', sizeof large);
	credential = load_bytes(large, CREDENTIAL_TEXT_MAX);
	assert_int_equal(credential->text.length, CREDENTIAL_TEXT_MAX);
	totpgroup_credential_free(credential);

	assert_int_equal(
		credential_load(&credential, large, sizeof large, &error), TOTPGROUP_EFORMAT);
	assert_null(credential);
	assert_message(&error, "65536");
	assert_int_equal(credential_load(&credential, "", 0, &error), TOTPGROUP_EFORMAT);
	assert_null(credential);
	assert_message(&error, "empty");
	assert_int_equal(credential_load(&credential, "A\0B", 3, &error), TOTPGROUP_EFORMAT);
	assert_null(credential);
	assert_message(&error, "NUL");
	/* Not a secret, but a text. */
	credential = load("!");
	totpgroup_credential_free(credential);
	totpgroup_credential_free(NULL);
}

static void loading_without_memory_is_an_error(void **state)
{
	totpgroup_credential *credential = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	for (unsigned int i = 1; i <= 2; i++) {
		allocation_to_fail = i;
		assert_int_equal(
			credential_load(&credential, "AAAA", 4, &error), TOTPGROUP_EMEMORY);
		assert_int_equal(allocation_to_fail, 0);
		assert_null(credential);
		assert_message(&error, "memory");
	}
}

static void the_first_line_with_exactly_that_key_is_found(void **state)
{
	static const struct {
		const char *text;
		const char *value; /* NULL for not found */
		unsigned int line;
	} rows[] = {
		{"S\n\" KEY value\n", "value", 2},
		{"S\n\" KEY", "", 2},
		{"S\n\" KEY\n", "", 2},
		{"S\n\" KEY\r\n", "", 2},
		{"S\n\" KEY ", "", 2},
		{"S\n\" KEY \t value two \t\r\n", "value two \t", 2},
		{"S\n\" KEY\tvalue", "value", 2},
		{"S\r\n\" KEY value\r\n", "value", 2},
		{"S\r\" KEY value\rrest", "value", 1},
		{"S\n\n\r\n\n\" KEY value", "value", 5},
		{"S\n12345678\n\" KEY after a code\n", "after a code", 3},
		{"S\ngarbage\n\" KEY after garbage\n", "after garbage", 3},
		{"S\n\" KEY first\n\" KEY second\n", "first", 2},
		{"S\n\" KEYS no\n\" KE no\n\" KEY yes\n", "yes", 4},
		{"S\n\" KEY\"no\n", NULL, 0},
		{"S\n \" KEY no\n", NULL, 0},
		{"S\n\"  KEY no\n", NULL, 0},
		{"S\n\"\tKEY no\n", NULL, 0},
		{"S\n\"KEY no\n", NULL, 0},
		{"S\n KEY no\n", NULL, 0},
		{"S\n' KEY no\n", NULL, 0},
		{"S\n\" key no\n", NULL, 0},
		{"S\n\" KE", NULL, 0},
		{"S\n\" ", NULL, 0},
		{"S\n\"", NULL, 0},
		{"S \" KEY no\n", NULL, 0},
		{"S", NULL, 0},
		{"\n", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load(rows[i].text);
		struct credential_option option;
		bool found = credential_find(credential, "KEY", &option);

		if (found != (rows[i].value != NULL))
			fail_msg("row %zu: found is %d", i, found);
		if (found) {
			assert_int_equal(option.length, strlen(rows[i].value));
			assert_memory_equal(option.value, rows[i].value, option.length);
			assert_int_equal(option.line, rows[i].line);
		}
		totpgroup_credential_free(credential);
	}
}

static void a_value_is_read_word_by_word(void **state)
{
	totpgroup_credential *credential = load("S\n\" KEY \t one two\t\tthree  \n");
	struct credential_option option;
	struct word word;

	(void)state;
	assert_true(credential_find(credential, "KEY", &option));
	assert_true(credential_next_word(&option, &word));
	assert_int_equal(word.length, 3);
	assert_memory_equal(word.start, "one", 3);
	assert_true(credential_next_word(&option, &word));
	assert_memory_equal(word.start, "two", 3);
	assert_true(credential_next_word(&option, &word));
	assert_int_equal(word.length, 5);
	assert_memory_equal(word.start, "three", 5);
	assert_int_equal(option.length, 2);
	assert_false(credential_next_word(&option, &word));
	assert_int_equal(word.length, 0);
	assert_int_equal(option.length, 0);
	assert_false(credential_next_word(&option, &word));
	totpgroup_credential_free(credential);
}

struct change {
	const char *before;
	const char *after;
};

static void an_option_is_written_over_its_first_line(void **state)
{
	static const struct change rows[] = {
		/* The line is overwritten whatever its end. */
		{"S\n\" KEY old\n", "S\n\" KEY new\n"},
		{"S\n\" KEY\n", "S\n\" KEY new\n"},
		{"S\n\" KEY\told one\r\nx\r\n", "S\n\" KEY new\r\nx\r\n"},
		{"S\n\" KEY old\rx\r", "S\n\" KEY new\rx\r"},
		{"S\n\" KEY old", "S\n\" KEY new\n"},
		{"S\nx\n\" KEY", "S\nx\n\" KEY new\n"},
		{"S\n\n\n\" KEY old\n\n\n", "S\n\n\n\" KEY new\n\n\n"},
		/* Further lines with the key are deleted, others stay. */
		{"S\n\" KEY a\nx\n\" KEY b\n\" KEYS c\n \" KEY d\n\" KEY",
			"S\n\" KEY "
			"new\nx\n\" "
			"KEYS c\n \" KEY d\n"},
		{"S\n\" KEY a\n\" KEY b\r\n\" KEY c\r\" KEY d\n", "S\n\" KEY new\n"},
		{"S\n\" KEY a\r\n\r\n\" KEY b\r\n\r\ny", "S\n\" KEY new\r\n\r\n\r\ny"},
		{"S\n\" KEY a\r\" KEY b", "S\n\" KEY new\r"},
		/* A new line is inserted right below the secret. */
		{"S\n", "S\n\" KEY new\n"},
		{"S", "S\n\" KEY new\n"},
		{"S\nx", "S\n\" KEY new\nx"},
		{"S\r\n\" OTHER\r\n", "S\r\n\" KEY new\n\" OTHER\r\n"},
		{"S\n\n\n12345678\n", "S\n\" KEY new\n\n\n12345678\n"},
		{"\nx", "\n\" KEY new\nx"},
		{"\n", "\n\" KEY new\n"},
		/* Only LF ends the secret; a CR in it is a blank. */
		{"S\rS\nx\n", "S\rS\n\" KEY new\nx\n"},
		{"S\r\r\nx\n", "S\r\r\n\" KEY new\nx\n"},
		{"S\r", "S\r\n\" KEY new\n"},
		{"S\rS", "S\rS\n\" KEY new\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load(rows[i].before);

		assert_int_equal(credential_set(credential, "KEY", "new"), 0);
		assert_credential(credential, rows[i].after);
		totpgroup_credential_free(credential);
	}
}

static void a_value_may_be_empty(void **state)
{
	totpgroup_credential *credential = load("S\n\" KEY old\n");

	(void)state;
	assert_int_equal(credential_set(credential, "KEY", ""), 0);
	assert_credential(credential, "S\n\" KEY \n");
	totpgroup_credential_free(credential);
}

static void all_lines_of_an_option_are_deleted(void **state)
{
	static const struct change rows[] = {
		{"S\n", "S\n"},
		{"S\n\" KEY a\n", "S\n"},
		{"S\n\" KEY", "S\n"},
		{"S\n\" KEY a\r\nx\n\" KEY\n\n\" KEYS\n\" KEY b", "S\nx\n\n\" KEYS\n"},
		{"S\n\" KEY a\r\" KEY b\r\nx", "S\nx"},
		{"S\n \" KEY a\n", "S\n \" KEY a\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load(rows[i].before);

		assert_int_equal(credential_unset(credential, "KEY"), 0);
		assert_credential(credential, rows[i].after);
		totpgroup_credential_free(credential);
	}
}

/* As many lines as fit, each with the same key. */
static void thousands_of_lines_with_one_key_become_one(void **state)
{
	static const char line[] = "\" KEY\n";
	static char text[CREDENTIAL_TEXT_MAX + 1] = "S\n";
	totpgroup_credential *credential;

	(void)state;
	for (size_t at = 2; at + sizeof line <= CREDENTIAL_TEXT_MAX; at += sizeof line - 1)
		memcpy(text + at, line, sizeof line);
	credential = load(text);
	assert_int_equal(credential_set(credential, "KEY", "new"), 0);
	assert_credential(credential, "S\n\" KEY new\n");
	assert_int_equal(credential_unset(credential, "KEY"), 0);
	assert_credential(credential, "S\n");
	totpgroup_credential_free(credential);
}

static void the_secret_is_the_first_line(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{SECRET, true},
		{SECRET "\n", true},
		{SECRET "\r\n", true},
		{"jbswy3dpehpk3pxp\n", true},
		{"JBSW Y3DP-EHPK\t3PXP \n", true},
		{"JBSWY3DP\rEHPK3PXP\n", true},
		{" -\t" SECRET "\n", true},
		{"\r" SECRET "\n", true},
		{SECRET "A\n", true},
		{SECRET "=\n", false},
		{SECRET "======\n", false},
		{SECRET "9\n", false},
		{SECRET " # mine\n", false},
		{SECRET "\xc3\xa4\n", false},
		{"\xef\xbb\xbf" SECRET "\n", false},
		{"\n" SECRET "\n", false},
		{"\r\n" SECRET "\n", false},
		{"\" TOTP_AUTH\n" SECRET "\n", false},
		{"-\n", false},
		{"A\n", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load(rows[i].text);
		struct error error = ERROR_INIT;
		struct hmac *hmac = NULL;
		int status = credential_first_hmac(credential, &hmac, &error);
		code_text code, expected;

		if (status != (rows[i].good ? 0 : TOTPGROUP_EFORMAT))
			fail_msg("row %zu: status is %d", i, status);
		if (rows[i].good) {
			assert_int_equal(otp_generate(hmac, 7, 8, code), 0);
			put_code(7, 8, 0, expected);
			assert_string_equal(code, expected);
		} else {
			assert_null(hmac);
			assert_message(&error, "line 1: ");
		}
		totpgroup_credential_free(credential);
	}
}

/* One byte of secret is enough, and 0, 1 and 8 are O, L and B. */
static void odd_secrets_are_read_or_refused(void **state)
{
	static const struct change rows[] = {{"AA\n", "AA======"}, {"O0L1B888\n", "OOLLBBBB"},
		{"ME", "ME======"}, {"m-f r a", "MFRA===="}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		totpgroup_credential *credential = load(rows[i].before);
		struct error error = ERROR_INIT;
		struct hmac *hmac = NULL;
		code_text code, expected;
		char *key;
		size_t length;

		assert_int_equal(
			oath_base32_decode(rows[i].after, strlen(rows[i].after), &key, &length),
			OATH_OK);
		assert_int_equal(
			oath_totp_generate2(key, length, 9, 1, 0, 6, 0, expected), OATH_OK);
		free(key);
		assert_int_equal(credential_first_hmac(credential, &hmac, &error), 0);
		assert_int_equal(otp_generate(hmac, 9, 6, code), 0);
		assert_string_equal(code, expected);
		totpgroup_credential_free(credential);
	}
}

static void the_algorithm_line_chooses_the_hash(void **state)
{
	static const struct {
		const char *line;
		int flags; /* of liboath; -1 where the line is malformed */
	} rows[] = {
		{"", 0},
		{"\" ALGORITHM SHA1\n", 0},
		{"\" ALGORITHM SHA256\r\n", OATH_TOTP_HMAC_SHA256},
		{"\" ALGORITHM\tSHA512", OATH_TOTP_HMAC_SHA512},
		{"\" ALGORITHM SHA256\n\" ALGORITHM nonsense\n", OATH_TOTP_HMAC_SHA256},
		{"\" ALGORITHM\n", -1},
		{"\" ALGORITHM sha256\n", -1},
		{"\" ALGORITHM SHA-256\n", -1},
		{"\" ALGORITHM SHA2\n", -1},
		{"\" ALGORITHM SHA2567\n", -1},
		{"\" ALGORITHM SHA256 SHA1\n", -1},
		{"\" ALGORITHM MD5\n", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		totpgroup_credential *credential;
		struct error error = ERROR_INIT;
		struct hmac *hmac;
		code_text code, expected;

		snprintf(text, sizeof text, SECRET "\n\n%s", rows[i].line);
		credential = load(text);
		if (rows[i].flags == -1) {
			assert_int_equal(credential_first_hmac(credential, &hmac, &error),
				TOTPGROUP_EFORMAT);
			assert_message(&error, "line 3: ALGORITHM");
		} else {
			assert_int_equal(credential_first_hmac(credential, &hmac, &error), 0);
			assert_int_equal(otp_generate(hmac, 1234567, 8, code), 0);
			put_code(1234567, 8, rows[i].flags, expected);
			assert_string_equal(code, expected);
		}
		totpgroup_credential_free(credential);
	}
}

static void opening_a_key_without_memory_is_an_error(void **state)
{
	totpgroup_credential *credential = load(SECRET "\n");
	struct error error = ERROR_INIT;
	struct hmac *hmac;

	(void)state;
	for (unsigned int i = 1; i <= 2; i++) {
		allocation_to_fail = i;
		assert_int_equal(
			credential_first_hmac(credential, &hmac, &error), TOTPGROUP_EMEMORY);
		assert_int_equal(allocation_to_fail, 0);
		assert_null(hmac);
		assert_message(&error, "memory");
	}
	totpgroup_credential_free(credential);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_text_of_a_valid_size_is_loaded),
		cmocka_unit_test(loading_without_memory_is_an_error),
		cmocka_unit_test(the_first_line_with_exactly_that_key_is_found),
		cmocka_unit_test(a_value_is_read_word_by_word),
		cmocka_unit_test(an_option_is_written_over_its_first_line),
		cmocka_unit_test(a_value_may_be_empty),
		cmocka_unit_test(all_lines_of_an_option_are_deleted),
		cmocka_unit_test(thousands_of_lines_with_one_key_become_one),
		cmocka_unit_test(the_secret_is_the_first_line),
		cmocka_unit_test(odd_secrets_are_read_or_refused),
		cmocka_unit_test(the_algorithm_line_chooses_the_hash),
		cmocka_unit_test(opening_a_key_without_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
