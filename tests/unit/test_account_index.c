/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Accounts that are found by the index are those that stand in the file at that moment. */

#include "config.h"

#include "temporary_folder.h"

#include "host/account_index.h"

#ifdef __GLIBC__

#include <time.h>

#define ACCOUNTS 4000
#define HOUR	 3600

static struct account_index accounts;
static time_t later; /* how far the clock is ahead */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int status = __real_clock_gettime(clock, now);

	now->tv_sec += later;
	return status;
}

/* A user database whose first lines are these, with many more behind them. */
static void put_accounts(const char *first)
{
	FILE *file = fopen(in_folder("new"), "we");

	assert_non_null(file);
	fputs(first, file);
	for (int i = 0; i < ACCOUNTS; i++)
		fprintf(file, "user%d:x:%d:%d:User,,,:/home/user%d:/bin/sh\n", i, 1000 + i,
			2000 + i, i);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(in_folder("new"), in_folder("passwd")), 0);
}

static int begin(void **state)
{
	static char passwd[PATH_MAX], sources[PATH_MAX];

	(void)state;
	folder_begin();
	strcpy(passwd, in_folder("passwd"));
	strcpy(sources, in_folder("nsswitch.conf"));
	accounts = (struct account_index){.passwd = passwd, .sources = sources};
	put_file("nsswitch.conf", "# Name services\npasswd:\t files systemd\n", 0644);
	later = HOUR;
	return 0;
}

static int end(void **state)
{
	(void)state;
	account_index_free(&accounts);
	folder_end();
	return 0;
}

/* The uid of an account; -1 where NSS is to be asked. */
static long uid_of(const char *name)
{
	struct user_entry *entry = account_index_find(&accounts, name);
	long uid = -1;

	if (entry != NULL) {
		assert_string_equal(entry->passwd.pw_name, name);
		uid = entry->passwd.pw_uid;
	}
	free(entry);
	return uid;
}

/* What the C library takes: the first line with the name. -1: there is none. */
static long first_uid_of(const char *name)
{
	FILE *file = fopen(in_folder("passwd"), "re");
	struct passwd passwd, *found;
	char strings[4096];
	long uid = -1;

	assert_non_null(file);
	while (uid < 0 && fgetpwent_r(file, &passwd, strings, sizeof strings, &found) == 0)
		if (strcmp(found->pw_name, name) == 0)
			uid = found->pw_uid;
	fclose(file);
	return uid;
}

static void every_account_is_found_as_the_c_library_finds_it(void **state)
{
	char name[32];

	(void)state;
	put_accounts("root:x:0:0:root:/root:/bin/sh\n");
	assert_int_equal(uid_of("root"), 0);
	for (int i = 0; i < ACCOUNTS; i++) {
		snprintf(name, sizeof name, "user%d", i);
		assert_int_equal(uid_of(name), 1000 + i);
	}
	assert_int_equal(uid_of("nobody-at-all"), -1);
}

static void an_odd_line_is_read_as_the_c_library_reads_it_or_left_to_it(void **state)
{
	static const char *const names[] = {"user1", "user2", "user3", "user4", "comment",
		"#comment", "+user5", "-user6", "user7", "", " user1", "user1:x", "long"};
	char text[4096];

	(void)state;
	snprintf(text, sizeof text,
		"user1:x:1:1::/:/bin/sh\n\n  user2:x:2:2::/:/bin/sh\n#comment:x:3:3::/:/\n"
		"user3:x:no:3::/:/bin/sh\nuser4\n+user5:x:5:5::/:/\n-user6:x:6:6::/:/\n"
		"user7:x:7:7:::\nlong:x:8:8:%01500d:/:/bin/sh\n",
		0);
	put_accounts(text);
	assert_int_equal(uid_of("user1"), 1);
	assert_int_equal(uid_of("user2"), 2);
	for (size_t i = 0; i < COUNT(names); i++) {
		long uid = uid_of(names[i]);

		if (uid != -1)
			assert_int_equal(uid, first_uid_of(names[i]));
	}
	assert_int_equal(uid_of("+user5"), -1);
	assert_int_equal(uid_of("long"), -1);
}

static void a_removed_account_is_not_found_any_more(void **state)
{
	(void)state;
	put_accounts("eve:x:1:1::/:/bin/sh\n");
	assert_int_equal(uid_of("eve"), 1);
	put_accounts("");
	assert_int_equal(uid_of("eve"), -1);
	assert_int_equal(uid_of("user9"), 1009);
}

/* An editor that writes into the file itself, and keeps its length and even its times. */
static void an_account_that_was_overwritten_is_read_as_it_stands_now(void **state)
{
	struct stat status;
	FILE *file;

	(void)state;
	put_accounts("eve:x:1:1::/:/bin/sh\nbob:x:2:2::/:/bin/sh\n");
	assert_int_equal(uid_of("eve"), 1);
	assert_int_equal(uid_of("bob"), 2);
	file = fopen(in_folder("passwd"), "r+e");
	assert_non_null(file);
	assert_true(fputs("eva:x:1:1::/:/bin/sh\nbob:x:3:2::/:/bin/sh\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(stat(in_folder("passwd"), &status), 0);
	accounts.passwd_file = status;
	assert_int_equal(uid_of("eve"), -1);
	assert_int_equal(uid_of("bob"), 3);
}

static void a_file_that_was_just_changed_is_not_indexed(void **state)
{
	(void)state;
	later = 0;
	put_accounts("eve:x:1:1::/:/bin/sh\n");
	assert_int_equal(uid_of("eve"), -1);
	later = -HOUR;
	assert_int_equal(uid_of("eve"), -1);
	later = HOUR;
	assert_int_equal(uid_of("eve"), 1);
}

static void a_short_file_is_left_to_the_c_library(void **state)
{
	(void)state;
	put_file("passwd", "eve:x:1:1::/:/bin/sh\n", 0644);
	assert_int_equal(uid_of("eve"), -1);
	assert_int_equal(unlink(in_folder("passwd")), 0);
	assert_int_equal(uid_of("eve"), -1);
}

/* With an index made, another configuration of the sources counts from the next lookup on. */
static void sources_that_do_not_begin_with_files_are_asked(void **state)
{
	static const char *const others[] = {"", "passwd: sss files\n",
		"passwd: files [!notfound=return] sss\n",
		"passwd: files[success=continue] sss\n", "passwd: filesystem\n",
		"passwd: files\npasswd: sss\n", "group: files\n", "passwd files\n",
		"passwd:\n"};
	static const char *const alike[] = {"passwd: files", " passwd : files # sss\n",
		"group: sss\npasswd:files sss [notfound=return] ldap\n"};

	(void)state;
	put_accounts("eve:x:1:1::/:/bin/sh\n");
	for (size_t i = 0; i < COUNT(others); i++) {
		put_file("nsswitch.conf", "passwd: files\n", 0644);
		assert_int_equal(uid_of("eve"), 1);
		put_file("other", others[i], 0644);
		assert_int_equal(rename(in_folder("other"), in_folder("nsswitch.conf")), 0);
		assert_int_equal(uid_of("eve"), -1);
	}
	for (size_t i = 0; i < COUNT(alike); i++) {
		put_file("nsswitch.conf", alike[i], 0644);
		assert_int_equal(uid_of("eve"), 1);
	}
	assert_int_equal(unlink(in_folder("nsswitch.conf")), 0);
	assert_int_equal(uid_of("eve"), -1);
}

static void without_an_index_nss_is_asked(void **state)
{
	struct user_entry *entry = NULL;
	struct error error = ERROR_INIT;

	(void)state;
	put_accounts("");
	assert_int_equal(account_index_look_up(NULL, &entry, "root", &error), 0);
	assert_non_null(entry);
	assert_int_equal(entry->passwd.pw_uid, 0);
	free(entry);
	assert_int_equal(account_index_look_up(&accounts, &entry, "root", &error), 0);
	assert_non_null(entry);
	free(entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_account_is_found_as_the_c_library_finds_it, begin, end),
		cmocka_unit_test_setup_teardown(
			an_odd_line_is_read_as_the_c_library_reads_it_or_left_to_it, begin,
			end),
		cmocka_unit_test_setup_teardown(
			a_removed_account_is_not_found_any_more, begin, end),
		cmocka_unit_test_setup_teardown(
			an_account_that_was_overwritten_is_read_as_it_stands_now, begin, end),
		cmocka_unit_test_setup_teardown(
			a_file_that_was_just_changed_is_not_indexed, begin, end),
		cmocka_unit_test_setup_teardown(
			a_short_file_is_left_to_the_c_library, begin, end),
		cmocka_unit_test_setup_teardown(
			sources_that_do_not_begin_with_files_are_asked, begin, end),
		cmocka_unit_test_setup_teardown(without_an_index_nss_is_asked, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	puts("SKIP this C library has no sources of accounts");
	return 77;
}

#endif
