/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Days and lengths of time as people write them. */
#include "config.h"

#include "base/date.h"

#include "test_support.h"

static void a_day_is_read_strictly(void **state)
{
	static const struct {
		const char *text;
		int64_t begin;
	} good[] = {{"1970-01-01", 0}, {"2000-02-29", 951782400}, {"2027-01-01", 1798761600},
		{"2038-01-20", 2147558400}, {"9999-12-31", 253402214400}};
	static const char *const bad[] = {"", "2027", "2027-1-1", "27-01-01", "2027-13-01",
		"2027-00-01", "2027-01-00", "2027-01-32", "2027-02-29", "2100-02-29",
		"2027-04-31", "1969-12-31", "2027/01/01", "2027-01-01 ", " 2027-01-01",
		"2027-01-01T", "-027-01-01", "2027--1-01", "+027-01-01", "today"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t begin = -1;

		assert_true(date_parse(good[i].text, strlen(good[i].text), &begin));
		assert_int_equal(begin, good[i].begin);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t begin = -7;

		assert_false(date_parse(bad[i], strlen(bad[i]), &begin));
		assert_int_equal(begin, -7);
	}
}

static void a_duration_may_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {{"0", 0}, {"90", 90}, {"90s", 90}, {"2m", 120}, {"8h", 28800},
		{"14d", 1209600}, {"0d", 0}, {"20d", 1728000}};
	static const char *const bad[] = {"", "d", "-1", "-1d", "1.5h", "1 d", "d1", "1w",
		"1dd", "21d", "1728001", "99999999999999999999", "9223372036854775807d", "1D"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t seconds = -1;

		assert_true(duration_parse(
			good[i].text, strlen(good[i].text), 0, 1728000, &seconds));
		assert_int_equal(seconds, good[i].seconds);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t seconds = -7;

		assert_false(duration_parse(bad[i], strlen(bad[i]), 0, 1728000, &seconds));
		assert_int_equal(seconds, -7);
	}
	assert_false(duration_parse("1m", 2, 61, 100, &(int64_t){0}));
}

static void begun_days_are_counted(void **state)
{
	(void)state;
	assert_int_equal(date_days_begun(-1), 0);
	assert_int_equal(date_days_begun(0), 0);
	assert_int_equal(date_days_begun(1), 1);
	assert_int_equal(date_days_begun(86400), 1);
	assert_int_equal(date_days_begun(86401), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_is_read_strictly),
		cmocka_unit_test(a_duration_may_have_a_unit),
		cmocka_unit_test(begun_days_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
