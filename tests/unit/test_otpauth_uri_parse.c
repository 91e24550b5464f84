/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "otp_key_support.h"

#include "exchange/otpauth_uri.h"
#include "totpgroup.h"

static int parse(struct otp_key *key, const char *uri, struct error *error)
{
	*key = (struct otp_key)OTP_KEY_INIT;
	*error = (struct error)ERROR_INIT;
	return otpauth_uri_parse(key, uri, strlen(uri), error);
}

static void every_part_is_read(void **state)
{
	struct otp_key key;
	struct error error;

	(void)state;
	assert_int_equal(parse(&key,
				 "otpauth://totp/Example:alice@host?secret=MZXW6YTBOI&issuer="
				 "Example&algorithm=SHA256&digits=8&period=60",
				 &error),
		0);
	assert_string_equal(key.name, "alice@host");
	assert_string_equal(key.issuer, "Example");
	assert_int_equal(key.secret_length, 6);
	assert_memory_equal(key.secret, "foobar", 6);
	assert_int_equal(key.algorithm, HMAC_SHA256);
	assert_int_equal(key.digits, 8);
	assert_int_equal(key.period, 60);
	assert_false(key.hotp);
	assert_int_equal(key.notes, 0);
	otp_key_free(&key);
}

static void case_and_order_do_not_count(void **state)
{
	struct otp_key key;
	struct error error;

	(void)state;
	assert_int_equal(parse(&key,
				 "OTPAUTH://Hotp/bob?COUNTER=5&algorithm=sha512&Secret="
				 "mzxw%206ytb-oi%3D%3D%3d&period=0&image=x&color&=&&x=%zz",
				 &error),
		0);
	assert_string_equal(key.name, "bob");
	assert_null(key.issuer);
	assert_memory_equal(key.secret, "foobar", 6);
	assert_int_equal(key.algorithm, HMAC_SHA512);
	assert_true(key.hotp);
	assert_int_equal(key.counter, 5);
	assert_int_equal(key.period, 30);
	otp_key_free(&key);
}

/* A counter has no meaning for TOTP, and is not read. */
static void parameters_have_defaults(void **state)
{
	struct otp_key key;
	struct error error;

	(void)state;
	assert_int_equal(
		parse(&key, "otpauth://totp/?secret=MZXW6YTBOI&counter=x#&digits=9", &error),
		0);
	assert_null(key.name);
	assert_null(key.issuer);
	assert_int_equal(key.algorithm, HMAC_SHA1);
	assert_int_equal(key.digits, 6);
	assert_int_equal(key.period, 30);
	assert_int_equal(key.counter, 0);
	otp_key_free(&key);
}

static void a_label_may_name_the_issuer(void **state)
{
	static const struct {
		const char *label; /* and the issuer parameter */
		const char *issuer;
		const char *name;
		unsigned int notes;
	} cases[] = {
		{"alice?", "", "alice", 0},
		{"Big:alice?", "Big", "alice", 0},
		{"Big%3Aalice?", "Big", "alice", 0},
		{"Big%3aalice?", "Big", "alice", 0},
		{"Big:%20alice?", "Big", "alice", 0},
		{"Big%3A%20%20alice?", "Big", "alice", 0},
		{"Big:a%3Ab?", "Big", "a:b", 0},
		{"B%3Ag:alice?", "B:g", "alice", 0},
		{":alice?", "", "alice", 0},
		{":alice?issuer=Big", "Big", "alice", 0},
		{"Big:?", "Big", "", 0},
		{"alice?issuer=Big", "Big", "alice", 0},
		{"Big:alice?issuer=Big", "Big", "alice", 0},
		{"Big:alice?issuer=", "Big", "alice", 0},
		{"Big%20Co:alice?issuer=Big+Co", "Big Co", "alice", 0},
		{"Big%2BCo:alice?issuer=Big%2BCo", "Big+Co", "alice", 0},
		{"Big:alice?issuer=Small", "Small", "alice", OTP_KEY_ISSUERS_DIFFER},
		{"Big%3Aalice?issuer=Small", "Small", "alice", OTP_KEY_ISSUERS_DIFFER},
		{"A:%20B:alice?issuer=A%3A%20B", "A: B", "alice", 0},
		{"A+B:a+c?issuer=A+B", "A B", "a+c", 0},
		{"B%C3%A4r:%E2%82%AC?issuer=B%C3%A4r", "B\xc3\xa4r", "\xe2\x82\xac", 0},
		{"a/b:c/d?", "a/b", "c/d", 0},
	};
	struct otp_key key;
	struct error error;
	char uri[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(
			uri, sizeof uri, "otpauth://totp/%s&secret=MZXW6YTBOI", cases[i].label);
		assert_int_equal(parse(&key, uri, &error), 0);
		assert_string_equal(key.issuer != NULL ? key.issuer : "", cases[i].issuer);
		assert_string_equal(key.name != NULL ? key.name : "", cases[i].name);
		assert_int_equal(key.notes, cases[i].notes);
		otp_key_free(&key);
	}
}

static void an_error_names_the_part_and_not_the_secret(void **state)
{
	static const struct {
		const char *uri;
		const char *message;
	} cases[] = {
		{"", "otpauth://"},
		{"otpauth:", "otpauth://"},
		{"https://totp/a?secret=MZXW6YTBOI", "otpauth://"},
		{"otpauth://", "type"},
		{"otpauth://motp/a?secret=MZXW6YTBOI", "type"},
		{"otpauth://steam/a?secret=MZXW6YTBOI", "codes of Steam"},
		{"otpauth://totp/a", "secret is missing"},
		{"otpauth://totp/a?issuer=x", "secret is missing"},
		{"otpauth://totp/a?secret=", "secret is empty"},
		{"otpauth://totp/a?secret", "secret is empty"},
		{"otpauth://totp/a?secret=A", "cut short"},
		{"otpauth://totp/a?secret=MZXW6Y", "cut short"},
		{"otpauth://totp/a?secret=MZXW_6YTBOI", "not base32"},
		{"otpauth://totp/a?secret=MZXW6YTB%00", "not base32"},
		{"otpauth://totp/a?secret=MZXW6YTB&secret=MZXW6YTA", "there twice"},
		{"otpauth://totp/a?secret=MZXW6YTB&Issuer=x&issuer=y", "there twice"},
		{"otpauth://totp/a?secret=MZXW6YTB&counter=1&counter=2", "there twice"},
		{"otpauth://hotp/a?secret=MZXW6YTB&counter=", "counter is empty"},
		{"otpauth://hotp/a?secret=MZXW6YTB&counter=-1", "counter must be"},
		{"otpauth://totp/a?secret=MZXW6YTB&digits=5", "digits must be 6 to 8"},
		{"otpauth://totp/a?secret=MZXW6YTB&digits=9", "digits must be 6 to 8"},
		{"otpauth://totp/a?secret=MZXW6YTB&digits=6x", "digits must be 6 to 8"},
		{"otpauth://totp/a?secret=MZXW6YTB&period=0", "period must be 1 to 3600"},
		{"otpauth://totp/a?secret=MZXW6YTB&period=3601", "period must be 1 to 3600"},
		{"otpauth://totp/a?secret=MZXW6YTB&algorithm=MD5", "algorithm must be"},
		{"otpauth://totp/a?secret=MZXW6YTB&algorithm=", "algorithm is empty"},
		{"otpauth://totp/a%4?secret=MZXW6YTB", "label has a %"},
		{"otpauth://totp/a%?secret=MZXW6YTB", "label has a %"},
		{"otpauth://totp/a%zz?secret=MZXW6YTB", "label has a %"},
		{"otpauth://totp/a?secret=MZXW6YTB&issuer=%1", "issuer has a %"},
		{"otpauth://totp/a%0Ab?secret=MZXW6YTB", "control character"},
		{"otpauth://totp/a%00?secret=MZXW6YTB", "control character"},
		{"otpauth://totp/a?secret=MZXW6YTB&issuer=%1b", "control character"},
	};
	struct otp_key key;
	struct error error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(parse(&key, cases[i].uri, &error), TOTPGROUP_EFORMAT);
		assert_message(&error, cases[i].message);
		assert_null(strstr(error.message, "MZXW"));
		otp_key_free(&key);
	}
}

static int write_uri(struct text *text, const struct otp_key *key, struct error *error)
{
	(void)error;
	return otpauth_uri_append_key(text, key);
}

static const struct key_format format = {
	.limits = {.secret_max = 128},
	.write = write_uri,
	.read = otpauth_uri_parse,
	.assert_same = assert_same_named,
};

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	assert_round_trips(&format);
}

static void damaged_uris_are_refused_or_sound(void **state)
{
	(void)state;
	assert_survives_mutations(&format,
		"otpauth://hotp/Big%3ACo:alice%40host?secret=MZXW6YTBOI%3D&issuer=Big%3ACo"
		"&algorithm=SHA256&digits=8&period=60&counter=42");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_read),
		cmocka_unit_test(case_and_order_do_not_count),
		cmocka_unit_test(parameters_have_defaults),
		cmocka_unit_test(a_label_may_name_the_issuer),
		cmocka_unit_test(an_error_names_the_part_and_not_the_secret),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(damaged_uris_are_refused_or_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
