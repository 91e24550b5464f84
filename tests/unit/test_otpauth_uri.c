/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include "exchange/otpauth_uri.h"
#include "totpgroup.h"

static struct otpauth_uri plain_uri(void)
{
	return (struct otpauth_uri){
		.secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
		.issuer = "Example",
		.account_name = "alice",
		.algorithm = HMAC_SHA1,
		.parameters = {.digits = 6, .period = 30, .window = 3, .totp = true},
	};
}

static void assert_uri(const struct otpauth_uri *uri, const char *expected)
{
	struct text text = TEXT_INIT;

	assert_int_equal(otpauth_uri_append(&text, uri), 0);
	assert_string_equal(text.data, expected);
	assert_int_equal(text.length, strlen(expected));
	text_free(&text);
}

static void defaults_are_left_out(void **state)
{
	struct otpauth_uri uri = plain_uri();

	(void)state;
	assert_uri(&uri, "otpauth://totp/Example:alice"
			 "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example");
}

static void the_issuer_may_be_missing(void **state)
{
	struct otpauth_uri uri = plain_uri();

	(void)state;
	uri.issuer = NULL;
	assert_uri(&uri, "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	uri.issuer = "";
	assert_uri(&uri, "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static void other_parameters_are_written(void **state)
{
	struct otpauth_uri uri = plain_uri();

	(void)state;
	uri.secret = "MZXW6YTB";
	uri.algorithm = HMAC_SHA256;
	assert_uri(&uri, "otpauth://totp/Example:alice?secret=MZXW6YTB&issuer=Example"
			 "&algorithm=SHA256");
	uri.parameters.digits = 8;
	uri.parameters.period = 60;
	uri.algorithm = HMAC_SHA512;
	assert_uri(&uri, "otpauth://totp/Example:alice?secret=MZXW6YTB&issuer=Example"
			 "&algorithm=SHA512&digits=8&period=60");
	uri.algorithm = HMAC_SHA1;
	uri.parameters.digits = 7;
	uri.parameters.period = 1;
	uri.issuer = NULL;
	assert_uri(&uri, "otpauth://totp/alice?secret=MZXW6YTB&digits=7&period=1");
}

static void hotp_has_its_counter(void **state)
{
	struct otpauth_uri uri = plain_uri();

	(void)state;
	uri.secret = "MZXW6YTB";
	uri.parameters.totp = false;
	uri.parameters.hotp_counter = 1;
	assert_uri(
		&uri, "otpauth://hotp/Example:alice?secret=MZXW6YTB&issuer=Example&counter=1");
	uri.parameters.hotp_counter = INT64_MAX;
	uri.parameters.digits = 8;
	/* A period means nothing for HOTP. */
	uri.parameters.period = 60;
	assert_uri(&uri, "otpauth://hotp/Example:alice?secret=MZXW6YTB&issuer=Example"
			 "&digits=8&counter=9223372036854775807");
}

static void the_secret_is_made_plain(void **state)
{
	struct otpauth_uri uri = plain_uri();

	(void)state;
	uri.issuer = NULL;
	uri.secret = "mzxw 6yt8-\r";
	assert_uri(&uri, "otpauth://totp/alice?secret=MZXW6YTB");
	uri.secret = "01";
	assert_uri(&uri, "otpauth://totp/alice?secret=OI");
	uri.secret = "MZXW6YTB7";
	assert_uri(&uri, "otpauth://totp/alice?secret=MZXW6YTB");
}

/* Each byte alone, in the label and in the issuer parameter. */
static void every_other_byte_is_escaped(void **state)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	struct otpauth_uri uri = plain_uri();

	(void)state;
	uri.secret = "MZXW6YTB";
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
		uri.issuer = part;
		uri.account_name = part;
		assert_uri(&uri, expected);
	}
}

static void names_of_people_are_escaped(void **state)
{
	struct otpauth_uri uri = plain_uri();

	(void)state;
	uri.secret = "MZXW6YTB";
	uri.issuer = "A&B: C#1 100%";
	uri.account_name = "zo\xc3\xab@host.example";
	assert_uri(&uri, "otpauth://totp/A%26B%3A%20C%231%20100%25:zo%C3%AB@host.example"
			 "?secret=MZXW6YTB&issuer=A%26B%3A%20C%231%20100%25");
}

static void assert_refused(const struct otpauth_uri *uri, int expected)
{
	struct text text = TEXT_INIT;

	assert_int_equal(otpauth_uri_append(&text, uri), expected);
	assert_int_equal(text.length, 0);
	text_free(&text);
	assert_int_equal(text_append(&text, "before", 6), 0);
	assert_int_equal(otpauth_uri_append(&text, uri), expected);
	assert_string_equal(text.data, "before");
	text_free(&text);
}

static void an_error_appends_nothing(void **state)
{
	struct otpauth_uri uri = plain_uri();

	(void)state;
	uri.account_name = "";
	assert_refused(&uri, TOTPGROUP_EARGUMENT);
	uri = plain_uri();
	uri.algorithm = (enum hmac_algorithm)3;
	assert_refused(&uri, TOTPGROUP_EARGUMENT);
	uri = plain_uri();
	uri.secret = "MZXW6YTB=";
	assert_refused(&uri, TOTPGROUP_EFORMAT);
	uri.secret = "";
	assert_refused(&uri, TOTPGROUP_EFORMAT);
	uri.secret = "A";
	assert_refused(&uri, TOTPGROUP_EFORMAT);
}

static void a_uri_is_appended(void **state)
{
	struct otpauth_uri uri = plain_uri();
	struct text text = TEXT_INIT;

	(void)state;
	uri.issuer = NULL;
	uri.secret = "MZXW6YTB";
	assert_int_equal(text_append(&text, "URI ", 4), 0);
	assert_int_equal(otpauth_uri_append(&text, &uri), 0);
	assert_string_equal(text.data, "URI otpauth://totp/alice?secret=MZXW6YTB");
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_left_out),
		cmocka_unit_test(the_issuer_may_be_missing),
		cmocka_unit_test(other_parameters_are_written),
		cmocka_unit_test(hotp_has_its_counter),
		cmocka_unit_test(the_secret_is_made_plain),
		cmocka_unit_test(every_other_byte_is_escaped),
		cmocka_unit_test(names_of_people_are_escaped),
		cmocka_unit_test(an_error_appends_nothing),
		cmocka_unit_test(a_uri_is_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
