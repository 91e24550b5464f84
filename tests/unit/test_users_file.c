/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* liboath accepts the rows that are written here, and rows that it wrote are read. */

#include "config.h"

#include "otp_key_support.h"
#include "temporary_folder.h"

#include <liboath/oath.h>
#include <time.h>

#include "exchange/users_file.h"
#include "totpgroup.h"

#define HEX_KEY "3132333435363738393031323334353637383930"
#define RAW_KEY "12345678901234567890"

static const struct key_limits limits = {
	.secret_max = USERS_FILE_SECRET_MAX,
	.only_sha1 = true,
	.only_30s_and_60s = true,
	.plain_name = true,
	.no_issuer = true,
};

static int first(struct otp_key *key, const char *text, struct error *error)
{
	struct lines lines = {.text = text, .length = strlen(text)};
	bool found;
	int status;

	*key = (struct otp_key)OTP_KEY_INIT;
	*error = (struct error)ERROR_INIT;
	status = users_file_next(&lines, key, &found, error);
	assert_true(found);
	return status;
}

static void every_type_of_liboath_is_read(void **state)
{
	static const struct {
		const char *type;
		bool hotp;
		unsigned int period;
		unsigned int digits;
	} cases[] = {
		{"HOTP", true, 30, 6},
		{"HOTP/E", true, 30, 6},
		{"HOTP/E/6", true, 30, 6},
		{"HOTP/E/7", true, 30, 7},
		{"HOTP/E/8", true, 30, 8},
		{"HOTP/T30", false, 30, 6},
		{"HOTP/T30/6", false, 30, 6},
		{"HOTP/T30/7", false, 30, 7},
		{"HOTP/T30/8", false, 30, 8},
		{"HOTP/T60", false, 60, 6},
		{"HOTP/T60/6", false, 60, 6},
		{"HOTP/T60/7", false, 60, 7},
		{"HOTP/T60/8", false, 60, 8},
	};
	struct otp_key key;
	struct error error;
	char row[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(row, sizeof row, "%s bob - " HEX_KEY "\n", cases[i].type);
		assert_int_equal(first(&key, row, &error), 0);
		assert_int_equal(key.hotp, cases[i].hotp);
		assert_int_equal(key.period, cases[i].period);
		assert_int_equal(key.digits, cases[i].digits);
		assert_string_equal(key.name, "bob");
		assert_memory_equal(key.secret, RAW_KEY, 20);
		otp_key_free(&key);
	}
}

static void rows_are_read_by_their_columns(void **state)
{
	static const char text[] =
		"# a comment\n"
		"\n"
		"  \t\r\n"
		"HOTP\talice\t+\tABCDef\r\n"
		"   # indented\n"
		" HOTP/T30  bob  secretpin  00ff  17\n"
		"HOTP/T30 carol - 00ff 0 123456 2026-01-02T03:04:05L more\n"
		"HOTP/E/8\tdave\t-\t00ff\t41\t12345678\t2026-01-02T03:04:05L\n"
		"HOTP eve - 00ff 41";
	struct lines lines = {.text = text, .length = strlen(text)};
	static const struct {
		const char *name;
		unsigned int line;
		int64_t counter;
		const char *last_code;
		unsigned int notes;
	} expected[] = {
		{"alice", 4, 0, "", OTP_KEY_DIGITS_ASSUMED},
		{"bob", 6, 0, "", OTP_KEY_PIN_LEFT_OUT | OTP_KEY_DIGITS_ASSUMED},
		{"carol", 7, 0, "123456", 0},
		{"dave", 8, 42, "", 0},
		{"eve", 9, 41, "", OTP_KEY_DIGITS_ASSUMED},
	};
	struct error error = ERROR_INIT;
	struct otp_key key = OTP_KEY_INIT;
	bool found;

	(void)state;
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_int_equal(users_file_next(&lines, &key, &found, &error), 0);
		assert_true(found);
		assert_string_equal(key.name, expected[i].name);
		assert_int_equal(key.line, expected[i].line);
		assert_int_equal(key.counter, expected[i].counter);
		assert_string_equal(key.last_code, expected[i].last_code);
		assert_int_equal(key.notes, expected[i].notes);
		otp_key_free(&key);
	}
	assert_int_equal(users_file_next(&lines, &key, &found, &error), 0);
	assert_false(found);
}

static void an_error_names_the_line_and_not_the_secret(void **state)
{
	static const struct {
		const char *row;
		const char *message;
	} cases[] = {
		{"HOTP", "four columns"},
		{"HOTP bob - ", "four columns"},
		{"TOTP bob - 00", "not a type"},
		{"HOTP/T45 bob - 00", "not a type"},
		{"HOTP/T30/9 bob - 00", "not a type"},
		{"HOTP/E/5 bob - 00", "not a type"},
		{"hotp bob - 00", "not a type"},
		{"bob", "not a type"},
		{"HOTP bob - 0", "not hexadecimal"},
		{"HOTP bob - 0g", "not hexadecimal"},
		{"HOTP bob - 00 x", "counter must be"},
		{"HOTP bob - 00 -1", "counter must be"},
		{"HOTP bob - 00 18446744073709551615", "counter must be"},
		{"HOTP bob - 00 2305843009213693951 123456", "at its end"},
		{"HOTP/T30 bob - 00 x", "not a number"},
		{"HOTP bob - 00 1 12345", "6 digits"},
		{"HOTP/E/8 bob - 00 1 123456", "8 digits"},
		{"HOTP bob - 00 1 12345x", "6 digits"},
		{"HOTP bob - 00 1 123456 yesterday", "form"},
		{"HOTP bob - 00 1 123456 2026-01-02T03:04:05Z", "form"},
		{"HOTP b\x01 - 00", "control character"},
		{"HOTP bob - "
		 "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f00",
			"longer than 32 bytes"},
	};
	struct otp_key key;
	struct error error;
	char row[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(row, sizeof row, "#\n%s\n", cases[i].row);
		assert_int_equal(first(&key, row, &error), TOTPGROUP_EFORMAT);
		assert_message(&error, cases[i].message);
		assert_message(&error, "line 2: ");
		otp_key_free(&key);
	}
}

static void a_bad_row_does_not_stop_the_others(void **state)
{
	static const char text[] = "x\nHOTP a - 00\nHOTP b - 0\nHOTP c - 00\n";
	struct lines lines = {.text = text, .length = strlen(text)};
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	char seen[8] = "";
	bool found = true;

	(void)state;
	while (found) {
		int status = users_file_next(&lines, &key, &found, &error);

		if (found)
			strcat(seen, status == 0 ? key.name : "-");
		otp_key_free(&key);
	}
	assert_string_equal(seen, "-a-c");
}

static void keys_that_the_format_cannot_hold_are_refused(void **state)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	uint8_t secret[33] = {0};

	(void)state;
	assert_int_equal(otp_key_set_name(&key, "a b", 3, &error), 0);
	assert_int_equal(otp_key_set_secret(&key, secret, 33, &error), 0);
	key.algorithm = HMAC_SHA256;
	key.period = 45;
	assert_int_equal(users_file_append(&text, &key, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "SHA256");
	key.algorithm = HMAC_SHA1;
	assert_int_equal(users_file_append(&text, &key, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "period of 45 s");
	key.period = 60;
	assert_int_equal(users_file_append(&text, &key, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "33 bytes");
	assert_int_equal(otp_key_set_secret(&key, secret, 32, &error), 0);
	assert_int_equal(users_file_append(&text, &key, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "blanks");
	assert_int_equal(otp_key_set_name(&key, "", 0, &error), 0);
	assert_int_equal(users_file_append(&text, &key, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(text.length, 0);
	otp_key_free(&key);
	text_free(&text);
}

static int read_first(struct otp_key *key, const char *text, size_t length, struct error *error)
{
	assert_int_equal(strlen(text), length);
	return first(key, text, error);
}

static void what_is_written_is_read_back(void **state)
{
	const struct key_format format = {
		.limits = limits,
		.write = users_file_append,
		.read = read_first,
		.assert_same = assert_same_named,
	};

	(void)state;
	assert_round_trips(&format);
}

static void code_now(const struct otp_key *key, char code[9])
{
	const char *secret = (const char *)key->secret;

	if (key->hotp)
		assert_int_equal(
			oath_hotp_generate(secret, key->secret_length, (uint64_t)key->counter,
				key->digits, false, OATH_HOTP_DYNAMIC_TRUNCATION, code),
			OATH_OK);
	else
		assert_int_equal(oath_totp_generate(secret, key->secret_length, time(NULL),
					 key->period, 0, key->digits, code),
			OATH_OK);
}

static int oath_login(const struct otp_key *key, const char *code)
{
	time_t last;

	return oath_authenticate_usersfile(in_folder("users"), key->name, code, 2, "", &last);
}

/* Writes a row among others, for liboath. */
static void put_row(const struct otp_key *key)
{
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	assert_int_equal(text_append_format(&text, "# others\nHOTP other - 00\n"), 0);
	assert_int_equal(users_file_append(&text, key, &error), 0);
	put_file("users", text.data, 0600);
	text_free(&text);
}

/* Reads the row after a login with liboath. */
static void read_row(struct otp_key *again)
{
	static char text[4096];
	struct error error = ERROR_INIT;
	struct lines lines = {.text = text};
	bool found;

	strcpy(text, text_of("users"));
	lines.length = strlen(text);
	for (int i = 0; i < 2; i++) {
		otp_key_free(again);
		assert_int_equal(users_file_next(&lines, again, &found, &error), 0);
		assert_true(found);
	}
}

static void liboath_accepts_what_is_written(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	assert_int_equal(oath_init(), OATH_OK);
	folder_begin();
	for (int i = 0; i < 200; i++) {
		struct otp_key key, again = OTP_KEY_INIT;
		char code[9];

		random_key(&random, &key, &limits);
		put_row(&key);
		code_now(&key, code);
		assert_int_equal(oath_login(&key, code), OATH_OK);
		read_row(&again);
		if (key.hotp)
			key.counter++;
		else
			assert_string_equal(again.last_code, code);
		assert_same_named(&key, &again);
		/* liboath refuses the code, too. */
		assert_int_not_equal(oath_login(&key, code), OATH_OK);
		otp_key_free(&key);
		otp_key_free(&again);
	}
	folder_end();
	oath_done();
}

static void damaged_rows_are_refused_or_sound(void **state)
{
	static const char seed[] = "# comment\nHOTP/E/8\tdave\t-\t" HEX_KEY
				   "\t41\t12345678\t2026-01-02T03:04:05L\r\n"
				   "HOTP/T30 bob + " HEX_KEY "\n";
	struct test_random random = test_random_begin();
	unsigned int good = 0;

	(void)state;
	for (int i = 0; i < MUTATIONS; i++) {
		size_t length = sizeof seed - 1;
		char *text = mutate(&random, seed, &length);
		struct lines lines = {.text = text, .length = length};
		bool found = true;

		while (found) {
			struct otp_key key = OTP_KEY_INIT;
			struct error error = ERROR_INIT;

			if (users_file_next(&lines, &key, &found, &error) != 0) {
				assert_message(&error, "line ");
			} else if (found) {
				good++;
				assert_sound(&key);
				assert_non_null(key.name);
			}
			otp_key_free(&key);
		}
		free(text);
	}
	assert_in_range(good, MUTATIONS / 100, 3 * MUTATIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_liboath_is_read),
		cmocka_unit_test(rows_are_read_by_their_columns),
		cmocka_unit_test(an_error_names_the_line_and_not_the_secret),
		cmocka_unit_test(a_bad_row_does_not_stop_the_others),
		cmocka_unit_test(keys_that_the_format_cannot_hold_are_refused),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(liboath_accepts_what_is_written),
		cmocka_unit_test(damaged_rows_are_refused_or_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
