/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"
#include "temporary_folder.h"
#include "totpgroup.h"

static int setup(void **state)
{
	(void)state;
	folder_begin();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	folder_end();
	return 0;
}

static int first_uid_of(const char *text, uid_t *first)
{
	struct error error = ERROR_INIT;
	int status;

	put_file("login.defs", text, 0644);
	status = bulk_read_first_uid(in_folder("login.defs"), first, &error);
	assert_int_equal(status, error.code);
	if (status != 0)
		assert_non_null(strstr(error.message, "login.defs, line 2"));
	return status;
}

static void the_first_uid_is_read_from_the_file(void **state)
{
	static const struct {
		const char *text;
		uid_t first;
	} good[] = {
		{"", 1000},
		{"# UID_MIN 1\n", 1000},
		{"#\nUID_MIN 500", 500},
		{"#\n\tUID_MIN\t\t 2000 # people\n", 2000},
		{"UID_MINIMUM x\nSYS_UID_MIN 100\nUID_MAX 60000\n", 1000},
		{"UID_MIN 1\nUID_MIN 2\n", 2},
	};
	struct error error = ERROR_INIT;
	uid_t first;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(first_uid_of(good[i].text, &first), 0);
		assert_int_equal(first, good[i].first);
	}
	assert_int_equal(bulk_read_first_uid(in_folder("missing"), &first, &error), 0);
	assert_int_equal(first, 1000);
}

static void a_line_without_a_number_is_refused(void **state)
{
	static const char *const bad[] = {"\nUID_MIN\n", "\nUID_MIN x\n", "\nUID_MIN -1\n",
		"\nUID_MIN 0x10\n", "\nUID_MIN 1000x\n", "\nUID_MIN 4294967295\n"};
	uid_t first;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(first_uid_of(bad[i], &first), TOTPGROUP_ECONFIG);
}

static void uids_of_people_and_services_are_told_apart(void **state)
{
	static const uid_t people[] = {1000, 1001, 60001, 61183, 65536, 1234567890};
	static const uid_t services[] = {0, 1, 999, 61184, 65519, 65534, 65535};

	(void)state;
	for (size_t i = 0; i < COUNT(people); i++)
		assert_false(bulk_is_system_uid(people[i], 1000));
	for (size_t i = 0; i < COUNT(services); i++)
		assert_true(bulk_is_system_uid(services[i], 1000));
}

static void shells_that_let_nobody_in_are_recognized(void **state)
{
	static const char *const open[] = {
		"/bin/sh", "/usr/bin/zsh", "", "/bin/nologin-not", "/opt/false/sh"};
	static const char *const closed[] = {
		"/usr/sbin/nologin", "/sbin/nologin", "/bin/false", "/bin/sync"};

	(void)state;
	assert_true(bulk_has_login_shell(NULL));
	for (size_t i = 0; i < COUNT(open); i++)
		assert_true(bulk_has_login_shell(open[i]));
	for (size_t i = 0; i < COUNT(closed); i++)
		assert_false(bulk_has_login_shell(closed[i]));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_first_uid_is_read_from_the_file),
		TEST(a_line_without_a_number_is_refused),
		TEST(uids_of_people_and_services_are_told_apart),
		TEST(shells_that_let_nobody_in_are_recognized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
