/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

/* Reads the parameters of a text and says where an error is. */
static int read_parameters(
	const char *text, struct credential_parameters *parameters, struct error *error)
{
	totpgroup_credential *credential = load(text);
	int status;

	*error = (struct error)ERROR_INIT;
	status = credential_parameters(credential, parameters, error);
	totpgroup_credential_free(credential);
	return status;
}

static void parameters_have_defaults(void **state)
{
	struct credential_parameters parameters;
	struct error error;

	(void)state;
	assert_int_equal(read_parameters(SECRET "\n", &parameters, &error), 0);
	assert_int_equal(parameters.digits, 6);
	assert_int_equal(parameters.period, 30);
	assert_int_equal(parameters.window, 3);
	assert_false(parameters.totp);
	assert_int_equal(parameters.hotp_counter, 0);
}

static void totp_needs_its_line_and_no_counter(void **state)
{
	static const struct {
		const char *text;
		bool totp;
	} rows[] = {
		{SECRET "\n\" TOTP_AUTH\n", true},
		{SECRET "\n\" TOTP_AUTH", true},
		{SECRET "\r\n\" TOTP_AUTH\r\n", true},
		{SECRET "\n\" TOTP_AUTHxyz\n", true},
		{SECRET "\n \" TOTP_AUTH\n", true},
		{SECRET "\ngarbage\" TOTP_AUTH\n", true},
		{"\" TOTP_AUTH\n", true},
		{SECRET "\n\" TOTP_AUT\n", false},
		{SECRET "\n\"TOTP_AUTH\n", false},
		{SECRET "\n\"  TOTP_AUTH\n", false},
		{SECRET "\n\" totp_auth\n", false},
		{SECRET "\nTOTP_AUTH\n", false},
		{SECRET "\n\" TOTP_AUTH\n\" HOTP_COUNTER 1\n", false},
		{SECRET "\n\" TOTP_AUTH\n\" HOTP_COUNTER 0\n", true},
		{SECRET "\n\" TOTP_AUTH\n\" HOTP_COUNTER -1\n", true},
		{SECRET "\n\" TOTP_AUTH\n\" HOTP_COUNTER x\n", true},
		{SECRET "\n\" TOTP_AUTH\n\" HOTP_COUNTER\n", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct credential_parameters parameters;
		struct error error;

		assert_int_equal(read_parameters(rows[i].text, &parameters, &error), 0);
		if (parameters.totp != rows[i].totp)
			fail_msg("row %zu: totp is %d", i, parameters.totp);
	}
}

/* The values of one option. */
struct value {
	const char *value; /* including the text between key and value */
	int number;	   /* -1 where it is malformed */
};

static void test_values(const char *key, const struct value *values, size_t count,
	unsigned int (*get)(const struct credential_parameters *parameters))
{
	for (size_t i = 0; i < count; i++) {
		char text[200];
		struct credential_parameters parameters;
		struct error error;
		int status;

		snprintf(text, sizeof text, SECRET "\n\" TOTP_AUTH\n\n\" %s%s", key,
			values[i].value);
		status = read_parameters(text, &parameters, &error);
		if (status != (values[i].number == -1 ? TOTPGROUP_EFORMAT : 0))
			fail_msg("%s%s: status is %d", key, values[i].value, status);
		if (status == 0) {
			assert_int_equal(get(&parameters), values[i].number);
		} else {
			assert_message(&error, "line 4: ");
			assert_message(&error, key);
		}
	}
}

static unsigned int get_digits(const struct credential_parameters *parameters)
{
	return parameters->digits;
}

static unsigned int get_period(const struct credential_parameters *parameters)
{
	return parameters->period;
}

static unsigned int get_window(const struct credential_parameters *parameters)
{
	return parameters->window;
}

static void each_parameter_has_its_range(void **state)
{
	static const struct value digits[] = {
		{" 6", 6}, {" 7\n", 7}, {"\t8\r\n", 8}, {" 5", -1}, {" 9", -1}, {"", -1}};
	static const struct value periods[] = {{" 1", 1}, {" 30\n", 30}, {" 60", 60},
		{" 3600", 3600}, {" 0", -1}, {" 3601", -1}, {" -1", -1}, {"\n", -1}};
	static const struct value windows[] = {{" 1", 1}, {" 3\n", 3}, {" 100", 100},
		{" 0", -1}, {" 101", -1}, {" 4294967299", -1}, {" 18446744073709551617", -1},
		/* Text behind a blank and further lines are ignored. */
		{" 17 x", 17}, {" \t17\t", 17}, {" 17\n\" WINDOW_SIZE x\n", 17},
		{" x\n\" WINDOW_SIZE 17\n", -1}, {" 17x", -1}, {" 1.5", -1}, {" 0x10", -1},
		{" +3", -1}, {" ", -1}, {" \n", -1}, {" x", -1}};

	(void)state;
	test_values("DIGITS", digits, COUNT(digits), get_digits);
	test_values("STEP_SIZE", periods, COUNT(periods), get_period);
	test_values("WINDOW_SIZE", windows, COUNT(windows), get_window);
}

/* Only TOTP has a period. */
static void a_period_is_ignored_without_totp(void **state)
{
	struct credential_parameters parameters;
	struct error error;

	(void)state;
	assert_int_equal(
		read_parameters(SECRET "\n\" STEP_SIZE x\n\" HOTP_COUNTER 1\n\" TOTP_AUTH\n",
			&parameters, &error),
		0);
	assert_int_equal(parameters.hotp_counter, 1);
	assert_int_equal(parameters.period, 30);
}

static void a_counter_beyond_any_real_one_is_an_error(void **state)
{
	static const struct {
		const char *line;
		int64_t counter; /* -1 where it is malformed */
	} rows[] = {
		{"\" HOTP_COUNTER 1", 1},
		{"\" HOTP_COUNTER 7x", 7},
		{"\" HOTP_COUNTER 0", 0},
		{"\" HOTP_COUNTER", 0},
		{"\" HOTP_COUNTER x", 0},
		{"\" HOTP_COUNTER -5", 0},
		{"\" HOTP_COUNTER -99999999999999999999999", 0},
		{"\" HOTP_COUNTER 2305843009213693951", CREDENTIAL_HOTP_COUNTER_MAX},
		{"\" HOTP_COUNTER 2305843009213693952", -1},
		{"\" HOTP_COUNTER 99999999999999999999999", -1},
		{"\" HOTP_COUNTER 9999999999999999999999999999999999999999999999", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		struct credential_parameters parameters;
		struct error error;
		int status;

		snprintf(text, sizeof text, SECRET "\n\n\n\n%s\n", rows[i].line);
		status = read_parameters(text, &parameters, &error);
		if (rows[i].counter == -1) {
			assert_int_equal(status, TOTPGROUP_EFORMAT);
			assert_message(&error, "line 5: HOTP_COUNTER");
		} else {
			assert_int_equal(status, 0);
			assert_true(parameters.hotp_counter == rows[i].counter);
		}
	}
}

static void some_numbers_are_read_leniently(void **state)
{
	static const struct {
		const char *line;
		int64_t number;
	} rows[] = {
		{"", 0},
		{"\" TIME_SKEW", 0},
		{"\" TIME_SKEW ", 0},
		{"\" TIME_SKEW 20", 20},
		{"\" TIME_SKEW \t-20\r\n", -20},
		{"\" TIME_SKEW +3", 3},
		{"\" TIME_SKEW 5x6", 5},
		{"\" TIME_SKEW 5 6", 5},
		{"\" TIME_SKEW x5", 0},
		{"\" TIME_SKEW - 5", 0},
		{"\" TIME_SKEW\n7", 0},
		{"\" TIME_SKEW 1\n\" TIME_SKEW 2\n", 1},
		{"\" TIME_SKEW 99999999999999999999", INT64_MAX},
		{"\" TIME_SKEW -99999999999999999999", INT64_MIN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		totpgroup_credential *credential;

		snprintf(text, sizeof text, SECRET "\n%s", rows[i].line);
		credential = load(text);
		assert_true(
			credential_lenient_number(credential, "TIME_SKEW") == rows[i].number);
		totpgroup_credential_free(credential);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_have_defaults),
		cmocka_unit_test(totp_needs_its_line_and_no_counter),
		cmocka_unit_test(each_parameter_has_its_range),
		cmocka_unit_test(a_period_is_ignored_without_totp),
		cmocka_unit_test(a_counter_beyond_any_real_one_is_an_error),
		cmocka_unit_test(some_numbers_are_read_leniently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
