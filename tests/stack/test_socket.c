/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logins with store=socket, which totp-verifyd decides. */

#include "config.h"

#include <security/pam_appl.h>

#include "expect_login.h"
#include "fake_listener.h"

#define SOCKET "store=socket:@D/" FAKE_SOCKET

/* The daemon's answer to root of a container: she is somebody else, and so asks as others do. What
 * the host's root hears is in the tests that run over both stores (over_socket.py). */
#define NOBODY "{\"error\":\"org.totpgroup.Verify.NotPermitted\",\"parameters\":{}}"

#define ACCEPTED                                                                               \
	"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0,\"method\":\"totp\","      \
	"\"offset\":0}}"
#define REFUSED(reason)                                                                        \
	"{\"parameters\":{\"result\":\"refused\",\"retry_after\":0,\"reason\":\"" reason "\"}" \
	"}"
#define MUTE "{\"parameters\":{\"result\":\"refused\",\"retry_after\":0}}"

#define ASKED(user, code)                                                                      \
	"{\"method\":\"org.totpgroup.Verify.Verify\",\"parameters\":{\"user\":\"" user         \
	"\",\"code\":\"" code "\"}}\n"

int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	return fake_credentials(fd, level, name, value, size);
}

static int setup(void **state)
{
	fake_listener_uid = 0;
	fake_look = NOBODY;
	return stack_setup(state);
}

static int teardown(void **state)
{
	fake_stop();
	unlink(in_folder(FAKE_REQUESTS));
	return stack_teardown(state);
}

/* Logs in a user. The daemon replies so; with NULL it is down. */
static void log_in(const char *options, const char *user, const char *answer, const char *reply)
{
	const struct fake_reply replies[] = {{reply, 0, FAKE_HANG_UP}};

	stack_options(options);
	unlink(in_folder(FAKE_REQUESTS));
	if (reply != NULL)
		fake_start(replies, 1);
	stack_log_in(user, answer);
	fake_stop();
}

static void a_user_whom_the_daemon_accepts_is_let_in(void **state)
{
	(void)state;
	log_in(SOCKET, "alice", "123 456", ACCEPTED);
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=totp offset=0\n");
	assert_string_equal(text_of(FAKE_REQUESTS), ASKED("alice", "123456"));
	/* A reply to a peer without rights. */
	log_in(SOCKET, "alice", "123456",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0}}");
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=none\n");
}

static void a_user_whom_the_daemon_refuses_is_refused(void **state)
{
	(void)state;
	log_in(SOCKET, "alice", "123456", MUTE);
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	assert_string_equal(
		stack_last.messages, "error: The verification code was not accepted.\n");
	log_in(SOCKET, "alice", "123456", REFUSED("reused"));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=reused\n");
	log_in(SOCKET, "alice", "123456", REFUSED("not-enrolled"));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=not-enrolled\n");
	log_in(SOCKET, "alice", "123456", REFUSED("bad-file"));
	expect(PAM_AUTHINFO_UNAVAIL, 1, "<3>refused " WHO " reason=bad-file\n");
	log_in(SOCKET " tell_reason", "alice", "123456",
		"{\"parameters\":{\"result\":\"limited\",\"retry_after\":31}}");
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=rate-limited retry_after=31s\n");
	assert_string_equal(
		stack_last.messages, "error: Too many attempts. Try again in 31 s.\n");
}

static void a_daemon_that_is_down_is_a_store_error(void **state)
{
	(void)state;
	log_in(SOCKET, "alice", "123456", NULL);
	expect(PAM_AUTHINFO_UNAVAIL, 1,
		"<2>refused " WHO " reason=store-error detail=\"totp-verifyd at @D/" FAKE_SOCKET
		", see 'systemctl status totp-verifyd.socket': cannot connect: No such file or "
		"directory\"\n");
	assert_string_equal(
		stack_last.messages, "error: The verification code cannot be checked now.\n");
	log_in(SOCKET, "nobody-knows", "123456", NULL);
	assert_string_equal(
		stack_last.messages, "error: The verification code cannot be checked now.\n");
}

static void any_other_reply_lets_nobody_in(void **state)
{
	static const char *const replies[] = {"", "{}", "accepted", ACCEPTED ACCEPTED,
		"{\"parameters\":{\"result\":\"accepted\"}}",
		"{\"error\":\"org.totpgroup.Verify.NotPermitted\",\"parameters\":{}}",
		"{\"error\":\"org.totpgroup.Verify.StoreError\",\"parameters\":{}}",
		"{\"error\":\"org.totpgroup.Verify.Busy\",\"parameters\":{}}",
		"{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{}}"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(replies); i++) {
		log_in(SOCKET, "alice", "123456", replies[i]);
		expect_result(PAM_AUTHINFO_UNAVAIL, 1);
		assert_non_null(strstr(stack_log, "reason=store-error detail=\""));
		/* That may be for this user alone. */
		assert_string_equal(stack_last.messages,
			"error: The verification code was not accepted.\n");
	}
}

static void the_socket_of_another_user_is_not_believed(void **state)
{
	(void)state;
	fake_listener_uid = 20001;
	log_in(SOCKET, "alice", "123456", ACCEPTED);
	expect_result(PAM_AUTHINFO_UNAVAIL, 1);
	assert_non_null(strstr(stack_log, "uid 20001 listens there"));
	assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
}

/* sshd would fail when an unknown user is let in. */
static void an_unknown_user_is_asked_and_refused(void **state)
{
	(void)state;
	log_in(SOCKET, "nobody-knows", "123456", ACCEPTED);
	expect_result(PAM_AUTH_ERR, 1);
	assert_non_null(strstr(stack_log, "reason=not-enrolled"));
	assert_string_equal(text_of(FAKE_REQUESTS), ASKED("nobody-knows", "123456"));
	log_in(SOCKET, "nobody-knows", "\b\n\r\177INCORRECT", MUTE);
	expect_result(PAM_AUTH_ERR, 1);
	assert_string_equal(text_of(FAKE_REQUESTS), ASKED("nobody-knows", "??INCORRECT"));
	/* A name that is not text cannot be sent. The daemon is not blamed for it. */
	log_in(SOCKET, "nobody\xff", "123456", ACCEPTED);
	expect_result(PAM_AUTH_ERR, 1);
	assert_non_null(strstr(stack_log, "<5>refused user=nobody\\xff"));
	assert_non_null(strstr(stack_log, "reason=not-enrolled"));
	assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
}

static void without_an_answer_the_daemon_is_not_asked(void **state)
{
	const char *const answers[] = {stack_fails, stack_null_answer, stack_no_responses};

	(void)state;
	for (unsigned int i = 0; i < COUNT(answers); i++) {
		log_in(SOCKET, "alice", answers[i], ACCEPTED);
		expect_result(PAM_AUTH_ERR, 1);
		assert_non_null(strstr(stack_log, "reason=conversation"));
		assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
	}
}

/* No file is read: neither a good one, nor one that would refuse the user. */
static void no_secret_is_read(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	log_in(SOCKET, "alice", stack_code(0), MUTE);
	expect_result(PAM_AUTH_ERR, 1);
	assert_string_equal(text_of(stack_secret("alice")), TOTP);
	stack_put_secret("alice", "damaged");
	log_in(SOCKET, "alice", "123456", ACCEPTED);
	expect_result(PAM_SUCCESS, 1);
	/* Neither a home nor the rights of another user are needed. */
	log_in(SOCKET, "homeless", "123456", ACCEPTED);
	expect_result(PAM_SUCCESS, 1);
}

static void the_module_applies_the_rules(void **state)
{
	(void)state;
	log_in(SOCKET " group=totp", "bob", "123456", ACCEPTED);
	expect_result(PAM_IGNORE, 0);
	assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
	log_in(SOCKET " group=totp", "alice", "123456", ACCEPTED);
	expect_result(PAM_SUCCESS, 1);
	log_in(SOCKET " services=other", "alice", "123456", ACCEPTED);
	expect_result(PAM_IGNORE, 0);
}

static void options_about_secrets_in_a_file_are_for_the_daemon(void **state)
{
	(void)state;
	make_folder("conf", 0755);
	put_file("conf/t.conf",
		"secret=/nowhere/${USER}\nuser=nobody-knows\nstate=/nowhere/${USER}\n"
		"nullok=yes\nenroll=yes\ngrace_period=60\nstrict=yes\n",
		0644);
	log_in("conf=@D/conf/t.conf " SOCKET, "alice", "123456", REFUSED("not-enrolled"));
	expect_result(PAM_AUTH_ERR, 1);
	log_in("conf=@D/conf/t.conf " SOCKET, "alice", "123456", ACCEPTED);
	expect_result(PAM_SUCCESS, 1);
	log_in("conf=@D/conf/t.conf", "alice", "123456", ACCEPTED);
	expect_result(PAM_SERVICE_ERR, 0);
	nftw(in_folder("conf"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void options_that_contradict_the_socket_refuse(void **state)
{
	static const char *const wrong[] = {SOCKET " nullok", SOCKET " enroll",
		SOCKET " secret=/x", SOCKET " try_first_pass use_first_pass", "store=pgsql:/x",
		"store=socket:verify", "store="};

	(void)state;
	for (unsigned int i = 0; i < COUNT(wrong); i++) {
		log_in(wrong[i], "alice", "123456", ACCEPTED);
		expect_result(PAM_SERVICE_ERR, 0);
		assert_non_null(strstr(stack_log, "reason=config-error detail=\"option"));
		assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
	}
	/* Files are the default. */
	stack_put_secret("alice", TOTP);
	stack_options("store=file");
	stack_log_in("alice", stack_code(0));
	expect_result(PAM_SUCCESS, 1);
}

/* The reply to an end of which so many bytes are the code. */
#define ACCEPTED_END(length)                                                                   \
	"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0,\"method\":\"totp\","      \
	"\"offset\":0,\"code_length\":" length "}}"

#define ASKED_END(end)                                                                         \
	"{\"method\":\"org.totpgroup.Verify.VerifyEnd\",\"parameters\":{\"user\":\"alice\","   \
	"\"end\":\"" end "\"}}\n"

/* Logs alice in with these lines. The daemon replies so; with NULL it is down. */
static void log_in_by_lines(const char *lines, const char *answer, const char *reply)
{
	const struct fake_reply replies[] = {{reply, 0, FAKE_HANG_UP}};

	stack_lines(lines);
	unlink(in_folder(FAKE_REQUESTS));
	if (reply != NULL)
		fake_start(replies, 1);
	stack_log_in("alice", answer);
	fake_stop();
}

#define FORWARD "auth requisite @R forward_pass " SOCKET "\nauth required @T want=pass22"

static void a_code_behind_a_password_is_cut_off_by_the_daemon(void **state)
{
	static const struct {
		const char *typed, *length, *asked;
	} ends[] = {
		{"pass22123456", "6", ASKED_END("22123456")},
		{"pass221234567", "7", ASKED_END("21234567")},
		{"pass2212345678", "8", ASKED_END("12345678")},
		{"pass227K3M-Q9TD-X2HA-P5VW", "19", ASKED_END("7K3M-Q9TD-X2HA-P5VW")},
	};

	(void)state;
	for (unsigned int i = 0; i < COUNT(ends); i++) {
		char reply[256];

		snprintf(reply, sizeof reply, ACCEPTED_END("%s"), ends[i].length);
		log_in_by_lines(FORWARD, ends[i].typed, reply);
		expect_result(PAM_SUCCESS, 1);
		assert_string_equal(stack_last.prompt, "Password & verification code: ");
		expect_log("<6>accepted " WHO " method=totp offset=0\n");
		/* One attempt, and nothing else of the password. */
		assert_string_equal(text_of(FAKE_REQUESTS), ends[i].asked);
	}
	log_in_by_lines(FORWARD, "wrong22123456", ACCEPTED_END("6"));
	expect_result(PAM_AUTH_ERR, 1);
	log_in_by_lines(FORWARD, "pass22123456", ACCEPTED_END("7"));
	expect_result(PAM_AUTH_ERR, 1);
}

static void a_refused_end_refuses(void **state)
{
	(void)state;
	log_in_by_lines(FORWARD, "pass22123456", REFUSED("wrong-code"));
	expect_result(PAM_AUTH_ERR, 1);
	expect_log("<5>refused " WHO " reason=wrong-code\n");
	assert_string_equal(text_of(FAKE_REQUESTS), ASKED_END("22123456"));
	log_in_by_lines(FORWARD, "pass22123456", REFUSED("bad-file"));
	expect_result(PAM_AUTHINFO_UNAVAIL, 1);
	log_in_by_lines(FORWARD, "pass22123456", NULL);
	expect_result(PAM_AUTHINFO_UNAVAIL, 1);
	assert_non_null(strstr(stack_log, "reason=store-error"));
}

static void a_password_without_a_code_is_not_told_to_the_daemon(void **state)
{
	static const char *const answers[] = {
		"pass22", "", "pass12345", "123 456", "pass227K3MQ9TDX2HAP5VW", "pass123456 "};

	(void)state;
	for (unsigned int i = 0; i < COUNT(answers); i++) {
		log_in_by_lines(FORWARD, answers[i], ACCEPTED_END("6"));
		expect_result(PAM_AUTH_ERR, 1);
		expect_log("<5>refused " WHO " reason=wrong-code\n");
		assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
	}
}

/* A length that is missing or impossible makes no sense of an acceptance. */
static void an_acceptance_must_say_how_long_the_code_is(void **state)
{
	static const char *const replies[] = {ACCEPTED, ACCEPTED_END("0"), ACCEPTED_END("9"),
		ACCEPTED_END("-6"), ACCEPTED_END("6.5"), ACCEPTED_END("\"6\""),
		ACCEPTED_END("null"), ACCEPTED_END("18446744073709551622")};

	(void)state;
	for (unsigned int i = 0; i < COUNT(replies); i++) {
		log_in_by_lines(FORWARD, "pass22123456", replies[i]);
		expect_result(PAM_AUTHINFO_UNAVAIL, 1);
		assert_non_null(strstr(stack_log, "reason=store-error"));
	}
}

/* The daemon counts what others than root ask it, and a password may end with digits. */
static void a_user_who_needs_no_code_is_not_told_to_the_daemon(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	log_in_by_lines("auth requisite @R forward_pass group=!totp " SOCKET
			"\nauth required @T want=pass22123456",
		"pass22123456", ACCEPTED_END("6"));
	expect_result(PAM_SUCCESS, 1);
	assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
}

#define AFTER(password, options)                                                               \
	"auth optional @T set=" password "\nauth requisite @R " options " " SOCKET             \
	"\nauth optional @T show"

static void an_earlier_password_is_tried_first(void **state)
{
	(void)state;
	log_in_by_lines(AFTER("pass123456", "use_first_pass"), stack_fails, ACCEPTED_END("6"));
	expect_result(PAM_SUCCESS, 0);
	assert_string_equal(stack_last.token, "pass123456");
	assert_string_equal(text_of(FAKE_REQUESTS), ASKED_END("123456"));
	log_in_by_lines(AFTER("pass123456", "use_first_pass forward_pass"), stack_fails,
		ACCEPTED_END("6"));
	expect_result(PAM_SUCCESS, 0);
	assert_string_equal(stack_last.token, "pass");
	log_in_by_lines(AFTER("password", "use_first_pass"), stack_fails, ACCEPTED_END("6"));
	expect_result(PAM_AUTH_ERR, 0);
	assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
	/* Without a code there, try_first_pass asks for one. */
	log_in_by_lines(AFTER("password", "try_first_pass"), "123456", ACCEPTED);
	expect_result(PAM_SUCCESS, 1);
	assert_string_equal(text_of(FAKE_REQUESTS), ASKED("alice", "123456"));
	log_in_by_lines(AFTER("pass123456", "try_first_pass"), "654321", REFUSED("wrong-code"));
	expect_result(PAM_AUTH_ERR, 1);
	assert_string_equal(
		text_of(FAKE_REQUESTS), ASKED_END("123456") ASKED("alice", "654321"));
	/* A spent code, a limit and a daemon that is down settle it. */
	log_in_by_lines(AFTER("pass123456", "try_first_pass"), "654321", REFUSED("reused"));
	expect_result(PAM_AUTH_ERR, 0);
	log_in_by_lines(AFTER("pass123456", "try_first_pass"), "654321", NULL);
	expect_result(PAM_AUTHINFO_UNAVAIL, 0);
}

static void without_a_first_pass_the_login_is_refused(void **state)
{
	(void)state;
	log_in(SOCKET " use_first_pass", "alice", stack_fails, ACCEPTED);
	expect_result(PAM_AUTH_ERR, 0);
	assert_non_null(strstr(stack_log, "reason=conversation"));
	assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
}

static void an_unknown_user_is_asked_as_often(void **state)
{
	const struct fake_reply replies[] = {{REFUSED("not-enrolled"), 0, FAKE_HANG_UP}};

	(void)state;
	stack_lines(AFTER("pass123456", "try_first_pass"));
	fake_start(replies, 1);
	stack_log_in("nobody-knows", "654321");
	fake_stop();
	expect_result(PAM_AUTH_ERR, 1);
	log_in(SOCKET " forward_pass", "nobody-knows", "pass123456", ACCEPTED_END("6"));
	expect_result(PAM_AUTH_ERR, 1);
	log_in(SOCKET " forward_pass", "nobody\xff", "pass123456", ACCEPTED_END("6"));
	expect_result(PAM_AUTH_ERR, 1);
	assert_non_null(strstr(stack_log, "reason=not-enrolled"));
	log_in(SOCKET " forward_pass", "nobody-knows", "password", ACCEPTED_END("6"));
	expect_result(PAM_AUTH_ERR, 1);
	assert_non_null(strstr(stack_log, "reason=not-enrolled"));
}

/* The session guard asks no daemon. */
static void a_session_needs_no_daemon(void **state)
{
	struct stack_login session = {.user = "alice", .service = "sshd", .session = true};

	(void)state;
	stack_options(SOCKET);
	session.methods = "publickey ssh-ed25519 x\n";
	assert_int_equal(stack_login(&session), PAM_SESSION_ERR);
	session.methods = "keyboard-interactive/pam\n";
	assert_int_equal(stack_login(&session), PAM_SUCCESS);
}

static void no_secret_is_logged(void **state)
{
	(void)state;
	log_in(SOCKET " debug", "alice", "918273", MUTE);
	expect_result(PAM_AUTH_ERR, 1);
	assert_false(stack_saw("918273"));
	assert_non_null(strstr(stack_log, "totp-verifyd has the secret"));
}

/* The daemon may refuse before the prompt, and says why. */
static void a_look_that_refuses_refuses_without_a_prompt(void **state)
{
	static const struct {
		const char *reason;
		const char *logged;
		int result;
	} cases[] = {{"store-error", "reason=store-error", PAM_AUTHINFO_UNAVAIL},
		{"bad-file", "reason=bad-file", PAM_AUTHINFO_UNAVAIL},
		{"config-error", "reason=config-error", PAM_SERVICE_ERR},
		{"no such reason", "reason=wrong-code", PAM_AUTH_ERR}};
	char look[128];

	(void)state;
	if (geteuid() != 0)
		skip();
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		snprintf(look, sizeof look,
			"{\"parameters\":{\"result\":\"refused\",\"reason\":\"%s\"}}",
			cases[i].reason);
		fake_look = look;
		log_in(SOCKET, "alice", "123456", ACCEPTED);
		assert_non_null(strstr(stack_log, cases[i].logged));
		expect_result(cases[i].result, 0);
		assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
	}
}

/* Without a complete answer of the daemon's nobody is skipped, offered a secret or let in. */
static void no_other_look_lets_in(void **state)
{
#define LOOK(text) "{\"parameters\":{" text "}}"
	static const char *const looks[] = {"", "{}", "null", LOOK(""), LOOK("\"result\":\"\""),
		LOOK("\"result\":\"not_enrolled\""), LOOK("\"result\":\"Grace\""),
		LOOK("\"result\":\"not_enrolled\",\"roll_out\":\"open\",\"days_left\":0"),
		LOOK("\"result\":\"not_enrolled\",\"roll_out\":\"open\",\"enroll\":true"),
		LOOK("\"result\":\"not_enrolled\",\"roll_out\":\"open\",\"enroll\":false,"
		     "\"days_left\":-1"),
		LOOK("\"result\":\"not_enrolled\",\"roll_out\":\"open\",\"enroll\":false,"
		     "\"days_left\":\"0\""),
		LOOK("\"result\":\"not_enrolled\",\"roll_out\":\"yes\",\"enroll\":false"),
		LOOK("\"result\":\"not_enrolled\",\"roll_out\":true,\"enroll\":false"),
		LOOK("\"result\":\"limited\""), LOOK("\"result\":\"refused\""),
		LOOK("\"result\":\"ask\",\"reason\":1"), LOOK("\"result\":\"ask\"") "x",
		"{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":"
		"{\"method\":\"Look\"}}",
		"{\"error\":\"org.totpgroup.Verify.StoreError\",\"parameters\":{}}",
		"{\"error\":\"org.totpgroup.Verify.Busy\",\"parameters\":{}}",
		"{\"error\":\"x\","
		"\"parameters\":{\"result\":\"grace\"}}"};

	(void)state;
	if (geteuid() != 0)
		skip();
	for (unsigned int i = 0; i < COUNT(looks); i++) {
		fake_look = looks[i];
		log_in(SOCKET, "alice", "123456", ACCEPTED);
		expect_result(PAM_AUTHINFO_UNAVAIL, 1);
		assert_non_null(strstr(stack_log, "reason=store-error detail=\"totp-verifyd"));
		/* It is not asked again. */
		assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
	}
	fake_look = LOOK("\"result\":\"grace\"");
	log_in(SOCKET, "alice", stack_fails, ACCEPTED);
	expect_result(PAM_SUCCESS, 0);
	log_in(SOCKET, "nobody-knows", "123456", ACCEPTED);
	expect_result(PAM_AUTH_ERR, 1);
	fake_look = LOOK("\"result\":\"not_enrolled\",\"roll_out\":\"open\",\"enroll\":false,"
			 "\"days_left\":0");
	log_in(SOCKET, "alice", stack_fails, ACCEPTED);
	expect_result(PAM_IGNORE, 0);
	log_in(SOCKET, "nobody-knows", "123456", ACCEPTED);
	expect_result(PAM_AUTH_ERR, 1);
#undef LOOK
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_user_whom_the_daemon_accepts_is_let_in),
		TEST(a_user_whom_the_daemon_refuses_is_refused),
		TEST(a_daemon_that_is_down_is_a_store_error),
		TEST(any_other_reply_lets_nobody_in),
		TEST(the_socket_of_another_user_is_not_believed),
		TEST(an_unknown_user_is_asked_and_refused),
		TEST(without_an_answer_the_daemon_is_not_asked),
		TEST(no_secret_is_read),
		TEST(the_module_applies_the_rules),
		TEST(options_about_secrets_in_a_file_are_for_the_daemon),
		TEST(options_that_contradict_the_socket_refuse),
		TEST(a_code_behind_a_password_is_cut_off_by_the_daemon),
		TEST(a_refused_end_refuses),
		TEST(a_password_without_a_code_is_not_told_to_the_daemon),
		TEST(an_acceptance_must_say_how_long_the_code_is),
		TEST(a_user_who_needs_no_code_is_not_told_to_the_daemon),
		TEST(an_earlier_password_is_tried_first),
		TEST(without_a_first_pass_the_login_is_refused),
		TEST(an_unknown_user_is_asked_as_often),
		TEST(a_session_needs_no_daemon),
		TEST(no_secret_is_logged),
		TEST(a_look_that_refuses_refuses_without_a_prompt),
		TEST(no_other_look_lets_in),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
