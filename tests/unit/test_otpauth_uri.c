/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include "exchange/otpauth_uri.h"
#include "totpgroup.h"

static struct otpauth_account plain_account(void)
{
	return (struct otpauth_account){
		.secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
		.issuer = "Example",
		.account = "alice",
		.algorithm = HMAC_SHA1,
		.parameters = {.digits = 6, .period = 30, .window = 3, .totp = true},
	};
}

static void assert_uri(const struct otpauth_account *account, const char *expected)
{
	struct text text = TEXT_INIT;

	assert_int_equal(otpauth_uri_append(&text, account), 0);
	assert_string_equal(text.data, expected);
	assert_int_equal(text.length, strlen(expected));
	text_free(&text);
}

static void test_defaults_are_left_out(void **state)
{
	struct otpauth_account account = plain_account();

	(void)state;
	assert_uri(&account, "otpauth://totp/Example:alice"
			     "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example");
}

static void test_no_issuer(void **state)
{
	struct otpauth_account account = plain_account();

	(void)state;
	account.issuer = NULL;
	assert_uri(&account, "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	account.issuer = "";
	assert_uri(&account, "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static void test_other_parameters(void **state)
{
	struct otpauth_account account = plain_account();

	(void)state;
	account.secret = "MZXW6YTB";
	account.algorithm = HMAC_SHA256;
	assert_uri(&account, "otpauth://totp/Example:alice?secret=MZXW6YTB&issuer=Example"
			     "&algorithm=SHA256");
	account.parameters.digits = 8;
	account.parameters.period = 60;
	account.algorithm = HMAC_SHA512;
	assert_uri(&account, "otpauth://totp/Example:alice?secret=MZXW6YTB&issuer=Example"
			     "&algorithm=SHA512&digits=8&period=60");
	account.algorithm = HMAC_SHA1;
	account.parameters.digits = 7;
	account.parameters.period = 1;
	account.issuer = NULL;
	assert_uri(&account, "otpauth://totp/alice?secret=MZXW6YTB&digits=7&period=1");
}

static void test_hotp_has_its_counter(void **state)
{
	struct otpauth_account account = plain_account();

	(void)state;
	account.secret = "MZXW6YTB";
	account.parameters.totp = false;
	account.parameters.hotp_counter = 1;
	assert_uri(&account,
		"otpauth://hotp/Example:alice?secret=MZXW6YTB&issuer=Example&counter=1");
	account.parameters.hotp_counter = INT64_MAX;
	account.parameters.digits = 8;
	/* A period means nothing for HOTP. */
	account.parameters.period = 60;
	assert_uri(&account, "otpauth://hotp/Example:alice?secret=MZXW6YTB&issuer=Example"
			     "&digits=8&counter=9223372036854775807");
}

static void test_secret_is_made_plain(void **state)
{
	struct otpauth_account account = plain_account();

	(void)state;
	account.issuer = NULL;
	account.secret = "mzxw 6yt8-\r";
	assert_uri(&account, "otpauth://totp/alice?secret=MZXW6YTB");
	account.secret = "01";
	assert_uri(&account, "otpauth://totp/alice?secret=OI");
	account.secret = "MZXW6YTB7";
	assert_uri(&account, "otpauth://totp/alice?secret=MZXW6YTB");
}

/* In the label and in the issuer parameter, each byte by itself. */
static void test_every_byte_is_escaped(void **state)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	struct otpauth_account account = plain_account();

	(void)state;
	account.secret = "MZXW6YTB";
	for (int c = 1; c < 256; c++) {
		const char part[] = {'x', (char)c, 'y', '\0'};
		bool plain = strchr(unreserved, c) != NULL;
		char escaped[8];
		char label[8];
		char expected[128];

		snprintf(escaped, sizeof escaped, plain ? "x%cy" : "x%%%02Xy", c);
		snprintf(label, sizeof label, plain || c == '@' ? "x%cy" : "x%%%02Xy", c);
		snprintf(expected, sizeof expected,
			"otpauth://totp/%s:%s?secret=MZXW6YTB&issuer=%s", label, label,
			escaped);
		account.issuer = part;
		account.account = part;
		assert_uri(&account, expected);
	}
}

static void test_names_of_people(void **state)
{
	struct otpauth_account account = plain_account();

	(void)state;
	account.secret = "MZXW6YTB";
	account.issuer = "A&B: C#1 100%";
	account.account = "zo\xc3\xab@host.example";
	assert_uri(&account, "otpauth://totp/A%26B%3A%20C%231%20100%25:zo%C3%AB@host.example"
			     "?secret=MZXW6YTB&issuer=A%26B%3A%20C%231%20100%25");
}

static void assert_refused(const struct otpauth_account *account, int expected)
{
	struct text text = TEXT_INIT;

	assert_int_equal(otpauth_uri_append(&text, account), expected);
	assert_int_equal(text.length, 0);
	text_free(&text);
	assert_int_equal(text_append(&text, "before", 6), 0);
	assert_int_equal(otpauth_uri_append(&text, account), expected);
	assert_string_equal(text.data, "before");
	text_free(&text);
}

static void test_refusals_leave_the_text_alone(void **state)
{
	struct otpauth_account account = plain_account();

	(void)state;
	account.account = "";
	assert_refused(&account, TOTPGROUP_EARGUMENT);
	account = plain_account();
	account.algorithm = (enum hmac_algorithm)3;
	assert_refused(&account, TOTPGROUP_EARGUMENT);
	account = plain_account();
	account.secret = "MZXW6YTB=";
	assert_refused(&account, TOTPGROUP_EFORMAT);
	account.secret = "";
	assert_refused(&account, TOTPGROUP_EFORMAT);
	account.secret = "A";
	assert_refused(&account, TOTPGROUP_EFORMAT);
}

static void test_appends(void **state)
{
	struct otpauth_account account = plain_account();
	struct text text = TEXT_INIT;

	(void)state;
	account.issuer = NULL;
	account.secret = "MZXW6YTB";
	assert_int_equal(text_append(&text, "URI ", 4), 0);
	assert_int_equal(otpauth_uri_append(&text, &account), 0);
	assert_string_equal(text.data, "URI otpauth://totp/alice?secret=MZXW6YTB");
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_left_out),
		cmocka_unit_test(test_no_issuer),
		cmocka_unit_test(test_other_parameters),
		cmocka_unit_test(test_hotp_has_its_counter),
		cmocka_unit_test(test_secret_is_made_plain),
		cmocka_unit_test(test_every_byte_is_escaped),
		cmocka_unit_test(test_names_of_people),
		cmocka_unit_test(test_refusals_leave_the_text_alone),
		cmocka_unit_test(test_appends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
