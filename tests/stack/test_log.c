/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The log: no name can forge a line, and no secret appears. */

#include "config.h"

#include <security/pam_appl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP STACK_SECRET "\n\" TOTP_AUTH\n"

static void log_in_from(const char *user, const char *host, const char *answer)
{
	stack_last = (struct stack_login){
		.user = user, .rhost = host, .answers = {answer, stack_fails}};
	stack_login(&stack_last);
}

/* sshd lets some users not log in, and answers for them. */
static void an_answer_of_sshd_is_no_attempt(void **state)
{
	static const char *const answers[] = {"\b\n\r\177IN", "\b\n\r\177INCORRECT",
		"\b\n\r\177INCORRECT\b\n\r\177INC", "\b\n", "\b"};
	static const char *const others[] = {
		"\b\n\r\177INCORREKT", "INCORRECT", "\b\b", "123456"};
	static const char text[] = STACK_SECRET "\n\" RATE_LIMIT 9 30\n\" TOTP_AUTH\n";

	(void)state;
	for (unsigned int i = 0; i < COUNT(answers); i++) {
		stack_put_secret("alice", text);
		log_in_from("alice", "192.0.2.7", answers[i]);
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_non_null(strstr(stack_log, "reason=denied-by-sshd detail="));
		assert_string_equal(text_of(stack_secret("alice")), text);
		log_in_from("nobody-knows", "192.0.2.7", answers[i]);
		assert_non_null(strstr(stack_log, "reason=not-enrolled"));
	}
	for (unsigned int i = 0; i < COUNT(others); i++) {
		stack_put_secret("alice", text);
		log_in_from("alice", "192.0.2.7", others[i]);
		assert_non_null(strstr(stack_log, "reason=wrong-code"));
		assert_string_not_equal(text_of(stack_secret("alice")), text);
	}
}

static void a_name_cannot_forge_a_line(void **state)
{
	static const struct {
		const char *name;
		const char *logged;
	} cases[] = {
		{"two words", "two\\x20words"},
		{"a\nb", "a\\x0ab"},
		{"a\r\tb", "a\\x0d\\x09b"},
		{"a=b", "a\\x3db"},
		{"\"a'", "\\x22a\\x27"},
		{"a\\x20b", "a\\x5cx20b"},
		{"\x1b[2Ja", "\\x1b[2Ja"},
		{"\x7f\x80\xff", "\\x7f\\x80\\xff"},
		{"m\xc3\xbcller", "m\\xc3\\xbcller"},
		{"%s%n%d", "%s%n%d"},
		{"x rhost=192.0.2.1 reason=none",
			"x\\x20rhost\\x3d192.0.2.1\\x20reason\\x3dnone"},
		{"DOMAIN\\user", "DOMAIN\\x5cuser"},
		{"a@b.example", "a@b.example"},
		{"", "-"},
	};
	char expected[512];

	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		log_in_from(cases[i].name, cases[i].name, "123456");
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		snprintf(expected, sizeof expected,
			"<5>refused user=%s rhost=%s reason=not-enrolled\n", cases[i].logged,
			cases[i].logged);
		assert_string_equal(stack_log, expected);
	}
	log_in_from("nobody-knows", NULL, "123456");
	assert_string_equal(
		stack_log, "<5>refused user=nobody-knows rhost=- reason=not-enrolled\n");
}

static void a_long_name_is_cut(void **state)
{
	char name[5000], escaped[5000];

	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	log_in_from(name, name, "123456");
	assert_true(strlen(stack_log) < 1000);
	assert_non_null(strstr(stack_log, " reason=not-enrolled\n"));
	memset(escaped, '\n', sizeof escaped - 1);
	escaped[sizeof escaped - 1] = '\0';
	log_in_from(escaped, escaped, "123456");
	assert_true(strlen(stack_log) < 1000);
	assert_non_null(strstr(stack_log, "\\x0a rhost=\\x0a"));
	assert_non_null(strstr(stack_log, " reason=not-enrolled\n"));
}

static void a_path_cannot_forge_a_line(void **state)
{
	char *line;

	(void)state;
	stack_options("[secret=~/a\"b=c\td\x01]");
	log_in_from("alice", "192.0.2.7", "123456");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	line = strstr(stack_log, " detail=\"");
	assert_non_null(line);
	assert_non_null(strstr(line, "/a'b=c?d?: No such file or directory\"\n"));
	assert_int_equal(strcspn(stack_log, "\n"), strlen(stack_log) - 1);
}

static void an_option_cannot_forge_a_line(void **state)
{
	(void)state;
	stack_options("[nosuch\" reason=none\t]");
	log_in_from("alice", "192.0.2.7", "123456");
	assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
	assert_memory_equal(stack_log,
		"<3>refused user=alice rhost=192.0.2.7 reason=config-error",
		strlen("<3>refused user=alice rhost=192.0.2.7 reason=config-error"));
	assert_non_null(strstr(stack_log, "detail=\"unknown option nosuch' reason"));
	assert_int_equal(strcspn(stack_log, "\n"), strlen(stack_log) - 1);
}

static void a_login_logs_one_line(void **state)
{
	static const char *const options[] = {"", "nullok", "group=totp", "group=nosuch",
		"nosuch", "use_first_pass", "grace_period=9"};
	static const char *const names[] = {"alice", "bob", "nobody-knows", ""};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int o = 0; o < COUNT(options); o++)
		for (unsigned int n = 0; n < COUNT(names); n++) {
			stack_options(options[o]);
			log_in_from(names[n], "192.0.2.7", stack_code(0));
			assert_int_equal(strcspn(stack_log, "\n"), strlen(stack_log) - 1);
		}
}

/* A code ahead of the window is a wrong one: only the log tells that the counter is behind. */
static void a_counter_that_is_behind_is_logged(void **state)
{
	static const struct {
		unsigned int counter;
		int behind; /* 0: nothing is logged */
	} cases[] = {{9, 0}, {10, 4}, {50, 44}, {109, 103}, {110, 0}, {6, 0}};
	char expected[256];

	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		bool good = cases[i].counter == 9;

		stack_options("no_increment_hotp");
		stack_put_secret("alice", STACK_SECRET "\n\" HOTP_COUNTER 7\n");
		log_in_from("alice", "192.0.2.7", stack_hotp(cases[i].counter));
		assert_int_equal(stack_last.result, good ? PAM_SUCCESS : PAM_AUTH_ERR);
		snprintf(expected, sizeof expected, "detail=\"counter behind by about %d\"",
			cases[i].behind);
		assert_int_equal(stack_saw(expected), cases[i].behind > 0);
		if (!good && cases[i].behind == 0)
			assert_null(strstr(stack_log, "behind"));
	}
	stack_put_secret("alice", STACK_SECRET "\n\" HOTP_COUNTER 7\n");
	for (unsigned int i = 50; i < 52; i++) {
		log_in_from("alice", "192.0.2.7", stack_hotp(i));
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	}
}

/* Each kind of login with a secret, a code or a password. */
static void no_secret_is_ever_logged(void **state)
{
	static const char *const options[] = {"debug", "debug forward_pass",
		"debug grace_period=60", "debug noskewadj", "debug disallow_reuse"};
	static const char *const texts[] = {TOTP "\" RATE_LIMIT 9 30\n12345678\n",
		STACK_SECRET "\n\" HOTP_COUNTER 1\n12345678\n",
		STACK_SECRET "\n\" TOTP_AUTH\n\" WINDOW_SIZE x\n12345678\n",
		STACK_SECRET "!\n\" TOTP_AUTH\n12345678\n",
		STACK_SECRET "\n\" TOTP_AUTH\n\" DISALLOW_REUSE " STACK_SECRET "\n12345678\n",
		STACK_SECRET "\n\" TOTP_AUTH\n\" RATE_LIMIT " STACK_SECRET "\n"};
	const char *code = stack_code(0), *other = stack_code(50), *hotp = stack_hotp(1);
	const char *const answers[] = {
		"12345678", code, other, hotp, "typed-password", "typed-password000000"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(options) * COUNT(texts) * COUNT(answers); i++) {
		stack_options(options[i % COUNT(options)]);
		stack_put_secret("alice", texts[i / COUNT(options) % COUNT(texts)]);
		log_in_from("alice", "192.0.2.7",
			answers[i / COUNT(options) / COUNT(texts) % COUNT(answers)]);
	}
	assert_true(stack_saw("method=emergency"));
	assert_true(stack_saw("method=totp"));
	assert_true(stack_saw("method=hotp"));
	assert_true(stack_saw("reason=wrong-code"));
	assert_true(stack_saw("reason=bad-file"));
	assert_false(stack_saw(STACK_SECRET));
	assert_false(stack_saw("JBSWY3DP"));
	assert_false(stack_saw("12345678"));
	assert_false(stack_saw(code));
	assert_false(stack_saw(other));
	assert_false(stack_saw(hotp));
	assert_false(stack_saw("typed-password"));
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_answer_of_sshd_is_no_attempt),
		TEST(a_name_cannot_forge_a_line),
		TEST(a_long_name_is_cut),
		TEST(a_path_cannot_forge_a_line),
		TEST(an_option_cannot_forge_a_line),
		TEST(a_login_logs_one_line),
		TEST(a_counter_that_is_behind_is_logged),
		TEST(no_secret_is_ever_logged),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
