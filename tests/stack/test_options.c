/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The effect of each option of the module. */

#include "config.h"

#include <security/pam_appl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "expect_login.h"

/* Writes a file of the calling user in a folder that nobody else can write to. */
static void put_system_secret(const char *name, const char *text)
{
	char path[300];

	if (!exists("home/store"))
		make_folder("home/store", 0755);
	snprintf(path, sizeof path, "home/store/%s", name);
	put_file(path, text, 0600);
}

static void secret_names_the_file(void **state)
{
	static const char *const specifications[] = {"secret=@D/home/alice/other",
		"secret=~/other", "secret=${HOME}/other", "secret=@D/home/${USER}/other",
		"secret=${HOME}/../${USER}/other", "secret=~/../alice/other"};

	(void)state;
	stack_put_secret("alice", TOTP);
	assert_int_equal(
		rename(in_folder(stack_secret("alice")), in_folder("home/alice/other")), 0);
	for (unsigned int i = 0; i < COUNT(specifications); i++) {
		stack_options(specifications[i]);
		stack_log_in("alice", stack_code(0));
		expect_result(PAM_SUCCESS, 1);
	}
	stack_options("");
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_AUTH_ERR, 1);
}

/* Text that is no token stays as it is. */
static void other_tokens_are_plain_text(void **state)
{
	static const char *const names[] = {"%u", "%h", "a~b", "{USER}"};
	char specification[256], path[256];

	(void)state;
	for (unsigned int i = 0; i < COUNT(names); i++) {
		stack_put_secret("alice", TOTP);
		snprintf(path, sizeof path, "home/alice/%s", names[i]);
		assert_int_equal(rename(in_folder(stack_secret("alice")), in_folder(path)), 0);
		snprintf(specification, sizeof specification, "secret=~/%s", names[i]);
		stack_options(specification);
		stack_log_in("alice", stack_code(0));
		expect_result(PAM_SUCCESS, 1);
	}
}

/* With nullok, a path that is nobody's would let everybody in. */
static void unknown_variables_refuse(void **state)
{
	static const char *const options[] = {"nullok secret=@D/home/$USER/.ga",
		"nullok secret=~/${LOGNAME}", "secret=@D/home/$",
		"nullok_for=9d first_seen=/x/${UID}", "state=/x/${USER}/$HOME"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_options(options[i]);
		stack_log_in("alice", stack_code(0));
		expect_result(PAM_SERVICE_ERR, 0);
		assert_non_null(strstr(stack_log, "reason=config-error"));
		assert_non_null(strstr(stack_log, ": unknown variable $"));
		assert_non_null(strstr(stack_log, "; use ${USER} or ${HOME}"));
	}
}

static void user_names_the_user_whose_rights_are_used(void **state)
{
	char options[256];

	(void)state;
	put_system_secret("alice", TOTP "12345678\n");
	put_system_secret("ghost", TOTP);
	snprintf(options, sizeof options, "secret=@D/home/store/${USER} user=%u", geteuid());
	stack_options(options);
	stack_log_in("alice", "12345678");
	expect_result(PAM_SUCCESS, 1);
	assert_string_equal(text_of("home/store/alice"), TOTP);
	stack_log_in("bob", stack_code(0));
	expect_result(PAM_AUTH_ERR, 1);
	/* A service may know users whom NSS does not. */
	stack_log_in("ghost", stack_code(0));
	expect_result(PAM_SUCCESS, 1);
	stack_log_in("../store/alice", stack_code(0));
	expect_result(PAM_AUTH_ERR, 1);
	/* Without a file, nullok skips known users only. */
	snprintf(options, sizeof options, "secret=@D/home/store/${USER} user=%u nullok",
		geteuid());
	stack_options(options);
	stack_log_in("bob", stack_code(0));
	expect_result(PAM_IGNORE, 0);
	stack_log_in("nobody-knows", stack_code(0));
	expect_result(PAM_AUTH_ERR, 1);
	/* This user has no home. */
	snprintf(options, sizeof options, "secret=~/x user=%u nullok", geteuid());
	stack_options(options);
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_AUTH_ERR, 1);
}

static void a_system_folder_must_be_safe(void **state)
{
	char options[256];

	(void)state;
	put_system_secret("alice", TOTP);
	snprintf(options, sizeof options, "secret=@D/home/store/${USER} user=%u", geteuid());
	stack_options(options);
	assert_int_equal(chmod(in_folder("home/store"), 0777), 0);
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_AUTHINFO_UNAVAIL, 1);
	assert_int_equal(chmod(in_folder("home/store"), 0755), 0);
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_SUCCESS, 1);
	assert_int_equal(
		rename(in_folder("home/store/alice"), in_folder("home/store/real")), 0);
	assert_int_equal(symlink("real", in_folder("home/store/alice")), 0);
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_AUTHINFO_UNAVAIL, 1);
}

static void a_users_own_link_stays_a_link(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP "12345678\n");
	assert_int_equal(
		rename(in_folder(stack_secret("alice")), in_folder("home/alice/real")), 0);
	assert_int_equal(symlink("real", in_folder(stack_secret("alice"))), 0);
	stack_log_in("alice", "12345678");
	expect_result(PAM_SUCCESS, 1);
	assert_true(S_ISLNK(mode_of(stack_secret("alice"))));
	assert_string_equal(text_of("home/alice/real"), TOTP);
}

static void the_prompt_can_be_set(void **state)
{
	static const struct {
		const char *lines;
		const char *prompt;
	} cases[] = {
		{"auth @M authtok_prompt=Code:", "Code:"},
		{"auth @M [authtok_prompt=One-time code: ]", "One-time code: "},
		{"auth @M [authtok_prompt=100%s %n [x\\]: ]", "100%s %n [x]: "},
		{"auth @M authtok_prompt=", ""},
		{"auth @M [authtok_prompt=Both: ] forward_pass", "Both: "},
		{"auth @M forward_pass", "Password & verification code: "},
		{"auth @M", "Verification code: "},
	};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		stack_lines(cases[i].lines);
		stack_log_in("alice", stack_code(0));
		expect_result(PAM_SUCCESS, 1);
		assert_string_equal(stack_last.prompt, cases[i].prompt);
		assert_int_equal(stack_last.style, PAM_PROMPT_ECHO_OFF);
	}
}

static void the_code_can_be_echoed(void **state)
{
	static const char *const options[] = {
		"echo_verification_code", "echo-verification-code"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_options(options[i]);
		stack_log_in("alice", stack_code(0));
		expect_result(PAM_SUCCESS, 1);
		assert_int_equal(stack_last.style, PAM_PROMPT_ECHO_ON);
	}
}

static void a_silent_application_is_prompted_but_shown_no_message(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP "\" DISALLOW_REUSE\n");
	assert_int_equal(chmod(in_folder("home/alice"), 0500), 0);
	stack_last = (struct stack_login){
		.user = "alice", .answers = {stack_code(0)}, .flags = PAM_SILENT};
	stack_login(&stack_last);
	assert_int_equal(chmod(in_folder("home/alice"), 0700), 0);
	expect_result(PAM_AUTHINFO_UNAVAIL, 1);
	assert_string_equal(stack_last.messages, "");
}

static void skew_is_learned_unless_told_otherwise(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	for (int i = 0; i < 2; i++) {
		stack_log_in("alice", stack_code(20));
		expect_result(PAM_AUTH_ERR, 1);
		stack_now += 30;
	}
	stack_log_in("alice", stack_code(20));
	expect_result(PAM_SUCCESS, 1);
	assert_non_null(strstr(text_of(stack_secret("alice")), "\" TIME_SKEW 20\n"));
	stack_options("noskewadj");
	stack_put_secret("alice", TOTP);
	for (int i = 0; i < 4; i++) {
		stack_log_in("alice", stack_code(20));
		expect_result(PAM_AUTH_ERR, 1);
		stack_now += 30;
	}
	assert_string_equal(text_of(stack_secret("alice")), TOTP);
}

static void a_wrong_hotp_code_moves_the_counter_unless_told_otherwise(void **state)
{
	(void)state;
	stack_put_secret("alice", STACK_SECRET "\n\" HOTP_COUNTER 5\n");
	stack_log_in("alice", "000000");
	expect_result(PAM_AUTH_ERR, 1);
	assert_non_null(strstr(text_of(stack_secret("alice")), "HOTP_COUNTER 6\n"));
	stack_options("no_increment_hotp");
	stack_log_in("alice", "000000");
	expect_result(PAM_AUTH_ERR, 1);
	assert_non_null(strstr(text_of(stack_secret("alice")), "HOTP_COUNTER 6\n"));
}

static void other_modes_can_be_allowed(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP "12345678\n");
	assert_int_equal(chmod(in_folder(stack_secret("alice")), 0644), 0);
	stack_log_in("alice", "12345678");
	expect_result(PAM_AUTHINFO_UNAVAIL, 1);
	stack_options("allowed_perm=0644");
	stack_log_in("alice", "12345678");
	expect_result(PAM_SUCCESS, 1);
	assert_int_equal(mode_of(stack_secret("alice")), S_IFREG | 0644);
}

static int log_in_from(const char *host, const char *answer)
{
	stack_last = (struct stack_login){
		.user = "alice", .rhost = host, .answers = {answer, stack_fails}};
	return stack_login(&stack_last);
}

static void a_grace_period_spares_a_known_host(void **state)
{
	(void)state;
	stack_options("grace_period=3600");
	stack_put_secret("alice", TOTP "12345678\n87654321\n");
	log_in_from("192.0.2.7", "12345678");
	expect_result(PAM_SUCCESS, 1);
	stack_now += 3599;
	log_in_from("192.0.2.7", stack_fails);
	expect_result(PAM_SUCCESS, 0);
	assert_string_equal(stack_log, "<6>accepted user=alice rhost=192.0.2.7 method=grace\n");
	log_in_from("192.0.2.8", "000000");
	expect_result(PAM_AUTH_ERR, 1);
	log_in_from(NULL, "000000");
	expect_result(PAM_AUTH_ERR, 1);
	stack_now += 1;
	log_in_from("192.0.2.7", "000000");
	expect_result(PAM_AUTH_ERR, 1);
	/* Without the option there is no grace, whatever the file says. */
	stack_now -= 1;
	stack_options("");
	log_in_from("192.0.2.7", "000000");
	expect_result(PAM_AUTH_ERR, 1);
}

static void grace_never_lifts_a_rate_limit(void **state)
{
	(void)state;
	stack_options("grace_period=3600");
	stack_put_secret("alice", TOTP "\" RATE_LIMIT 1 30 1700000025\n"
				       "\" LAST0 192.0.2.7 1700000020\n");
	log_in_from("192.0.2.7", stack_fails);
	expect_result(PAM_AUTH_ERR, 0);
	assert_non_null(strstr(stack_log, "reason=rate-limited"));
}

static void text_that_is_no_host_is_never_written(void **state)
{
	(void)state;
	stack_options("grace_period=3600");
	stack_put_secret("alice", TOTP "12345678\n");
	log_in_from("evil\n11111111\n", "12345678");
	expect_result(PAM_SUCCESS, 1);
	assert_string_equal(text_of(stack_secret("alice")), TOTP);
	log_in_from("evil\n11111111\n", "11111111");
	expect_result(PAM_AUTH_ERR, 1);
}

static void a_read_only_state_lets_in_only_where_allowed(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP "\" DISALLOW_REUSE\n");
	assert_int_equal(chmod(in_folder("home/alice"), 0500), 0);
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_AUTHINFO_UNAVAIL, 1);
	stack_options("allow_readonly");
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_SUCCESS, 1);
	assert_non_null(
		strstr(stack_log, "<4>unrecorded user=alice rhost=192.0.2.7 detail=\""));
	assert_non_null(
		strstr(stack_log, "<6>accepted user=alice rhost=192.0.2.7 method=totp"));
	stack_log_in("alice", "000000");
	expect_result(PAM_AUTH_ERR, 1);
	assert_int_equal(chmod(in_folder("home/alice"), 0700), 0);
	assert_string_equal(text_of(stack_secret("alice")), TOTP "\" DISALLOW_REUSE\n");
	assert_int_equal(chmod(in_folder(stack_secret("alice")), 0644), 0);
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_AUTHINFO_UNAVAIL, 1);
}

static void reuse_can_be_refused_for_everybody(void **state)
{
	const char *code;

	(void)state;
	stack_put_secret("alice", TOTP);
	code = stack_code(0);
	stack_log_in("alice", code);
	expect_result(PAM_SUCCESS, 1);
	stack_log_in("alice", code);
	expect_result(PAM_SUCCESS, 1);
	stack_options("disallow_reuse");
	stack_log_in("alice", code);
	expect_result(PAM_SUCCESS, 1);
	stack_log_in("alice", code);
	expect_result(PAM_AUTH_ERR, 1);
}

static void debug_says_more_and_no_secret(void **state)
{
	const char *code;

	(void)state;
	stack_options("debug group=totp");
	stack_put_secret("alice", TOTP);
	code = stack_code(0);
	stack_log_in("alice", code);
	expect_result(PAM_SUCCESS, 1);
	assert_non_null(strstr(stack_log, "<7>"));
	assert_null(strstr(stack_log, code));
	assert_null(strstr(stack_log, STACK_SECRET));
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(secret_names_the_file),
		TEST(other_tokens_are_plain_text),
		TEST(unknown_variables_refuse),
		TEST(user_names_the_user_whose_rights_are_used),
		TEST(a_system_folder_must_be_safe),
		TEST(a_users_own_link_stays_a_link),
		TEST(the_prompt_can_be_set),
		TEST(the_code_can_be_echoed),
		TEST(a_silent_application_is_prompted_but_shown_no_message),
		TEST(skew_is_learned_unless_told_otherwise),
		TEST(a_wrong_hotp_code_moves_the_counter_unless_told_otherwise),
		TEST(other_modes_can_be_allowed),
		TEST(a_grace_period_spares_a_known_host),
		TEST(grace_never_lifts_a_rate_limit),
		TEST(text_that_is_no_host_is_never_written),
		TEST(a_read_only_state_lets_in_only_where_allowed),
		TEST(reuse_can_be_refused_for_everybody),
		TEST(debug_says_more_and_no_secret),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
