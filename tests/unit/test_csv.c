/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "otp_key_support.h"

#include "exchange/csv.h"
#include "totpgroup.h"

static int open_text(struct csv_reader *reader, const char *text, struct error *error)
{
	*error = (struct error)ERROR_INIT;
	return csv_open(reader, text, strlen(text), error);
}

static void next(struct csv_reader *reader, struct otp_key *key)
{
	struct error error = ERROR_INIT;
	bool found;

	*key = (struct otp_key)OTP_KEY_INIT;
	if (csv_next(reader, key, &found, &error) != 0)
		fail_msg("%s", error.message);
	assert_true(found);
}

static void the_first_line_names_known_columns_once(void **state)
{
	static const struct {
		const char *text;
		const char *message; /* NULL: valid */
	} cases[] = {
		{"user,secret", NULL},
		{"secret,user\r\n", NULL},
		{"user , secret ", NULL},
		{"Username,Secret", NULL},
		{"login;secret\n", NULL},
		{"\"user\";secret;\"issuer\"", NULL},
		{"user,login,secret", "user is there twice"},
		{"user;secret,issuer", "no column 'user;secret'"},
		{"\xef\xbb\xbfUser,\"SECRET\"\n", NULL},
		{"emergency_codes,issuer,counter,type,period,digits,algorithm,secret,user",
			NULL},
		{"", "no column ''"},
		{"user", "secret is missing"},
		{"secret", "user is missing"},
		{"user,secret,", "no column ''"},
		{"user,secret,colour", "no column 'colour'"},
		{"user,secret,user", "user is there twice"},
		{"user,secrets ", "no column 'secrets '"},
		{"user,\"secret", "quote is not closed"},
		{"user,se\"cret", "a quote within"},
	};
	struct csv_reader reader;
	struct error error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int status = open_text(&reader, cases[i].text, &error);

		assert_int_equal(status, cases[i].message != NULL ? TOTPGROUP_EFORMAT : 0);
		assert_int_equal(
			csv_is_header(cases[i].text, strlen(cases[i].text)), status == 0);
		if (cases[i].message == NULL)
			continue;
		assert_message(&error, cases[i].message);
		assert_message(&error, "line 1: ");
	}
}

static void rows_are_read_by_their_columns(void **state)
{
	static const char text[] =
		"issuer,user,secret,type,digits,period,algorithm,counter,emergency_codes\r\n"
		"\"Big, \"\"Co\"\"\",alice,MZXW6YTBOI,TOTP,8,60,sha256,,12345678  23456789\r\n"
		"\r\n"
		"\n"
		",\"bob\",\"mzxw 6ytb-oi==\",hotp,,,,7,\n"
		"x,carol,MZXW6YTBOI,,,,,,";
	struct csv_reader reader;
	struct otp_key key;
	struct error error;
	bool found;

	(void)state;
	assert_int_equal(open_text(&reader, text, &error), 0);
	next(&reader, &key);
	assert_string_equal(key.issuer, "Big, \"Co\"");
	assert_string_equal(key.name, "alice");
	assert_memory_equal(key.secret, "foobar", 6);
	assert_int_equal(key.algorithm, HMAC_SHA256);
	assert_int_equal(key.digits, 8);
	assert_int_equal(key.period, 60);
	assert_int_equal(key.emergency_code_count, 2);
	assert_int_equal(key.emergency_codes[1], 23456789);
	assert_int_equal(key.line, 2);
	otp_key_free(&key);
	next(&reader, &key);
	assert_string_equal(key.name, "bob");
	assert_null(key.issuer);
	assert_true(key.hotp);
	assert_int_equal(key.counter, 7);
	assert_int_equal(key.line, 5);
	otp_key_free(&key);
	next(&reader, &key);
	assert_string_equal(key.name, "carol");
	assert_false(key.hotp);
	otp_key_free(&key);
	assert_int_equal(csv_next(&reader, &key, &found, &error), 0);
	assert_false(found);
}

static void an_error_names_the_line_and_not_the_secret(void **state)
{
	static const struct {
		const char *row;
		const char *message;
	} cases[] = {
		{"alice", "fewer than the 4 values"},
		{"alice,MZXW6YTBOI,x", "fewer than the 4 values"},
		{"alice,MZXW6YTBOI,,,", "more than the 4 values"},
		{",MZXW6YTBOI,,", "user is empty"},
		{"alice,,,", "secret is empty"},
		{"alice,M1ZXW9,,", "not base32"},
		{"alice,MZXW6YTBOI,steam,", "codes of Steam"},
		{"alice,MZXW6YTBOI,yubiotp,", "neither totp nor hotp"},
		{"alice,MZXW6YTBOI,,1234", "eight digits"},
		{"alice,MZXW6YTBOI,,12345678 02345678", "eight digits"},
		{"al\"ice,MZXW6YTBOI,,", "a quote within"},
		{"\"al\"ice,MZXW6YTBOI,,", "behind a closing quote"},
		{"\"al\nice\",MZXW6YTBOI,,", "control character"},
		{"al\x01ice,MZXW6YTBOI,,", "control character"},
		{"\"alice,MZXW6YTBOI,,", "not closed"},
	};
	struct csv_reader reader;
	struct error error;
	char text[256];
	bool found;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct otp_key key = OTP_KEY_INIT;

		snprintf(text, sizeof text,
			"user,secret,type,emergency_codes\n\n%s\nbob,MZXW6YTBOI,,\n",
			cases[i].row);
		assert_int_equal(open_text(&reader, text, &error), 0);
		assert_int_equal(csv_next(&reader, &key, &found, &error), TOTPGROUP_EFORMAT);
		assert_true(found);
		assert_message(&error, cases[i].message);
		assert_message(&error, "line 3: ");
		otp_key_free(&key);
		/* The next row is read nevertheless. */
		next(&reader, &key);
		assert_string_equal(key.name, "bob");
		assert_int_equal(key.line, strchr(cases[i].row, '\n') != NULL ? 5 : 4);
		otp_key_free(&key);
	}
}

static void a_nul_byte_is_refused(void **state)
{
	static const char text[] = "user,secret\na\0b,MZXW6YTBOI\n";
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct csv_reader reader;
	bool found;

	(void)state;
	assert_int_equal(csv_open(&reader, text, sizeof text - 1, &error), 0);
	assert_int_equal(csv_next(&reader, &key, &found, &error), TOTPGROUP_EFORMAT);
	otp_key_free(&key);
}

static void rows_are_written_for_any_reader(void **state)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(csv_append_header(&text), 0);
	assert_int_equal(otp_key_set_name(&key, "al,ice", 6, &error), 0);
	assert_int_equal(otp_key_set_issuer(&key, "\"", 1, &error), 0);
	assert_int_equal(otp_key_set_secret(&key, (const uint8_t *)"foobar", 6, &error), 0);
	assert_int_equal(otp_key_add_emergency_code(&key, "12345678", 8, &error), 0);
	assert_int_equal(otp_key_add_emergency_code(&key, "23456789", 8, &error), 0);
	assert_int_equal(csv_append(&text, &key), 0);
	key.hotp = true;
	key.counter = 3;
	assert_int_equal(csv_append(&text, &key), 0);
	key.algorithm = (enum hmac_algorithm)9;
	assert_int_equal(csv_append(&text, &key), TOTPGROUP_EARGUMENT);
	assert_string_equal(text.data,
		"user,secret,algorithm,digits,period,type,counter,issuer,emergency_codes,"
		"device\r\n"
		"\"al,ice\",MZXW6YTBOI,SHA1,6,30,totp,,\"\"\"\",12345678 23456789,\r\n"
		"\"al,ice\",MZXW6YTBOI,SHA1,6,,hotp,3,\"\"\"\",12345678 23456789,\r\n");
	text_free(&text);
	otp_key_free(&key);
}

#define ROWS 20

static void what_is_written_is_read_back(void **state)
{
	static const struct key_limits limits = {.secret_max = 128, .emergency_codes = true};
	struct test_random random = test_random_begin();

	(void)state;
	for (int i = 0; i < ROUND_TRIPS / ROWS; i++) {
		struct otp_key keys[ROWS], again;
		struct text text = TEXT_INIT;
		struct csv_reader reader;
		struct error error;

		assert_int_equal(csv_append_header(&text), 0);
		for (int row = 0; row < ROWS; row++) {
			random_key(&random, &keys[row], &limits);
			assert_int_equal(csv_append(&text, &keys[row]), 0);
		}
		assert_int_equal(open_text(&reader, text.data, &error), 0);
		for (int row = 0; row < ROWS; row++) {
			next(&reader, &again);
			assert_same_named(&keys[row], &again);
			otp_key_free(&keys[row]);
			otp_key_free(&again);
		}
		assert_int_equal(reader.text.at, reader.text.length);
		text_free(&text);
	}
}

static void read_all(struct csv_reader *reader, unsigned int *good)
{
	bool found = true;

	while (found) {
		struct otp_key key = OTP_KEY_INIT;
		struct error error = ERROR_INIT;

		if (csv_next(reader, &key, &found, &error) != 0) {
			assert_message(&error, "line ");
		} else if (found) {
			(*good)++;
			assert_sound(&key);
			/* A vault has entries without an account. */
			assert_true(reader->vault || key.name != NULL);
		}
		otp_key_free(&key);
	}
}

static void damaged_rows_are_refused_or_sound(void **state)
{
	static const char seed[] =
		"user,secret,algorithm,digits,period,type,counter,issuer,emergency_codes\r\n"
		"alice,MZXW6YTBOI,SHA256,8,60,totp,,\"Big, \"\"Co\"\"\",12345678 23456789\r\n"
		"bob,\"MZXW6YTBOI\",,,,hotp,7,,\r\n";
	struct test_random random = test_random_begin();
	unsigned int good = 0;

	(void)state;
	for (int i = 0; i < MUTATIONS; i++) {
		struct error error = ERROR_INIT;
		struct csv_reader reader;
		size_t length = sizeof seed - 1;
		char *text = mutate(&random, seed, &length);

		if (csv_open(&reader, text, length, &error) == 0)
			read_all(&reader, &good);
		else
			assert_message(&error, "line 1: ");
		free(text);
	}
	assert_in_range(good, MUTATIONS / 100, 3 * MUTATIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_names_known_columns_once),
		cmocka_unit_test(rows_are_read_by_their_columns),
		cmocka_unit_test(an_error_names_the_line_and_not_the_secret),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(rows_are_written_for_any_reader),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(damaged_rows_are_refused_or_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
