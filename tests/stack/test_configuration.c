/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logins with options in a configuration file. */

#include "config.h"

#include <security/pam_appl.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP STACK_SECRET "\n\" TOTP_AUTH\n"

static int setup(void **state)
{
	int status = stack_setup(state);

	make_folder("conf", 0755);
	make_folder("conf/t.conf.d", 0755);
	stack_options("conf=@D/conf/t.conf");
	return status;
}

static int teardown(void **state)
{
	nftw(in_folder("conf"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return stack_teardown(state);
}

static void put_configuration(const char *text)
{
	put_file("conf/t.conf", text, 0644);
}

static void expect(int result, unsigned int prompts)
{
	if (stack_last.result != result || stack_last.prompts != prompts)
		print_message("log: %s", stack_log);
	assert_int_equal(stack_last.result, result);
	assert_int_equal(stack_last.prompts, prompts);
}

/* Checks that the login was refused without a prompt, and that a log line has both words. */
static void expect_refusal(const char *word, const char *another)
{
	stack_log_in("bob", "000000");
	expect(PAM_SERVICE_ERR, 0);
	if (strncmp(stack_log, "<3>refused user=bob rhost=192.0.2.7 reason=config-error ",
		    56) != 0 ||
		strstr(stack_log, word) == NULL || strstr(stack_log, another) == NULL)
		fail_msg("\"%s\" and \"%s\" in %s", word, another, stack_log);
	assert_ptr_equal(strchr(stack_log, '\n'), strrchr(stack_log, '\n'));
}

static void options_of_a_file_are_obeyed(void **state)
{
	(void)state;
	put_configuration("group=totp\nauthtok_prompt=\"Code of the app: \"\n");
	stack_put_secret("alice", TOTP);
	stack_log_in("alice", stack_code(0));
	expect(PAM_SUCCESS, 1);
	assert_string_equal(stack_last.prompt, "Code of the app: ");
	stack_log_in("bob", "000000");
	expect(PAM_IGNORE, 0);
	put_configuration("nullok=yes\n");
	stack_log_in("bob", "000000");
	expect(PAM_IGNORE, 0);
}

static void an_option_of_the_line_wins(void **state)
{
	(void)state;
	put_configuration("group=totp\nnullok=yes\n");
	put_file("conf/t.conf.d/1.conf", "group=exempt\n", 0644);
	stack_options("conf=@D/conf/t.conf group=!totp nullok=no");
	stack_log_in("bob", "000000");
	expect(PAM_AUTH_ERR, 1);
	stack_log_in("alice", "000000");
	expect(PAM_IGNORE, 0);
}

/* Both settings would skip bob if the file were not read to its end. */
static void a_bad_line_refuses_by_file_and_line(void **state)
{
	(void)state;
	put_configuration("group=totp\nnullok=yes\nnonsense\n");
	expect_refusal("/conf/t.conf:3: ", "name=value");
	put_configuration("group=totp\nnullok=yes\n[enrol]\n");
	expect_refusal("/conf/t.conf:3: ", "did you mean [enroll]?");
	put_configuration("group=totp\nnullok=yes\n");
	put_file("conf/t.conf.d/1.conf", "\nservice=sshd\n", 0644);
	expect_refusal("/conf/t.conf.d/1.conf:2: ", "did you mean services?");
}

static void an_unsafe_file_refuses(void **state)
{
	(void)state;
	put_configuration("nullok=yes\n");
	assert_int_equal(chmod(in_folder("conf/t.conf"), 0666), 0);
	expect_refusal("/conf/t.conf: ", "writable by others");
	assert_int_equal(chmod(in_folder("conf/t.conf"), 0644), 0);
	assert_int_equal(chmod(in_folder("conf"), 0777), 0);
	expect_refusal("/conf/t.conf: ", "writable by others");
	assert_int_equal(chmod(in_folder("conf"), 0755), 0);
	stack_log_in("bob", "000000");
	expect(PAM_IGNORE, 0);
}

static void a_missing_file_refuses(void **state)
{
	(void)state;
	expect_refusal("/conf/t.conf: ", "there is no such file");
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(options_of_a_file_are_obeyed),
		TEST(an_option_of_the_line_wins),
		TEST(a_bad_line_refuses_by_file_and_line),
		TEST(an_unsafe_file_refuses),
		TEST(a_missing_file_refuses),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
