/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The session guard: it refuses a session over SSH whose user must give a code and was not asked. */

#include "config.h"

#include <security/pam_appl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP	   STACK_SECRET "\n\" TOTP_AUTH\n"
#define CONNECTION "192.0.2.7 50000 192.0.2.1 22"
#define KEY	   "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA\n"
#define ASKED	   KEY "keyboard-interactive/pam\n"
#define TAG	   "pam_totpgroup(sshd:session): "
#define WHO	   "user=alice rhost=192.0.2.7"
#define NOT_ASKED                                                                              \
	"<5>" TAG "refused " WHO " reason=not-asked detail=\"sshd did not ask for a code; "    \
	"its AuthenticationMethods must end in keyboard-interactive:pam\"\n"
#define MESSAGE                                                                                \
	"error: A verification code is needed here, and this login was not asked for one. "    \
	"Ask the administrator.\n"

static int open_as(const char *user, const char *ssh_auth_info)
{
	stack_last = (struct stack_login){
		.user = user,
		.rhost = "192.0.2.7",
		.service = "sshd",
		.ssh_connection = CONNECTION,
		.methods = ssh_auth_info,
		.session = true,
	};
	return stack_login(&stack_last);
}

/* A session never prompts. */
static void expect(int result, const char *log, const char *messages)
{
	if (stack_last.result != result)
		print_message("log: %s", stack_log);
	assert_int_equal(stack_last.result, result);
	assert_int_equal(stack_last.prompts, 0);
	assert_string_equal(stack_log, log);
	assert_string_equal(stack_last.messages, messages);
}

static void a_session_without_a_question_is_refused(void **state)
{
	static const char *const methods[] = {NULL, "", KEY, "password\n", "none\n",
		"hostbased\n", "gssapi-with-mic\n", KEY "password\n",
		/* Methods with similar names. */
		"keyboard-interactives\n", "xkeyboard-interactive/pam\n",
		"publickey keyboard-interactive/pam\n", "Keyboard-Interactive/pam\n",
		"keyboard\n", "publickey ssh-ed25519 A/keyboard-interactive\n"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(methods); i++) {
		open_as("alice", methods[i]);
		expect(PAM_SESSION_ERR, NOT_ASKED, MESSAGE);
	}
	/* Nothing was counted or spent. */
	assert_string_equal(text_of(stack_secret("alice")), TOTP);
}

static void a_user_who_was_asked_gets_a_session(void **state)
{
	static const char *const methods[] = {ASKED, "keyboard-interactive/pam\n",
		"keyboard-interactive\n", "keyboard-interactive/pam", "password\n" ASKED};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(methods); i++) {
		open_as("alice", methods[i]);
		expect(PAM_SUCCESS, "", "");
	}
}

/* sshd sets at least one of these three. Each one is enough. */
static void each_sign_of_ssh_is_enough(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int signs = 0; signs < 8; signs++) {
		stack_last = (struct stack_login){
			.user = "alice",
			.service = (signs & 1) != 0 ? "sshd" : "sudo",
			.ssh_connection = (signs & 2) != 0 ? CONNECTION : NULL,
			.methods = (signs & 4) != 0 ? "" : NULL,
			.session = true,
		};
		stack_login(&stack_last);
		assert_int_equal(stack_last.result, signs == 0 ? PAM_IGNORE : PAM_SESSION_ERR);
		assert_int_equal(*stack_log == '\0', signs == 0);
	}
}

/* The caller sets the environment of the process itself. */
static void the_environment_of_the_process_does_not_count(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	setenv("SSH_AUTH_INFO_0", ASKED, 1);
	setenv("SSH_CONNECTION", CONNECTION, 1);
	open_as("alice", NULL);
	expect(PAM_SESSION_ERR, NOT_ASKED, MESSAGE);
	stack_last = (struct stack_login){.user = "alice", .service = "sudo", .session = true};
	stack_login(&stack_last);
	expect(PAM_IGNORE, "", "");
	unsetenv("SSH_AUTH_INFO_0");
	unsetenv("SSH_CONNECTION");
}

/* The user may have set it through pam_env since the login. */
static void the_user_cannot_forge_the_address(void **state)
{
	static const char *const hosts[] = {"192.0.2.7", "host.example", "", NULL};

	(void)state;
	stack_put_secret("alice", TOTP);
	stack_options("skip_net=10.0.0.0/8,local");
	for (unsigned int i = 0; i < COUNT(hosts); i++) {
		stack_last = (struct stack_login){
			.user = "alice",
			.rhost = hosts[i],
			.service = "sshd",
			.ssh_connection = "10.0.0.1 1 10.0.0.2 22",
			.methods = KEY,
			.session = true,
		};
		stack_login(&stack_last);
		assert_int_equal(stack_last.result, PAM_SESSION_ERR);
	}
	stack_last.rhost = "10.0.0.1";
	stack_last.ssh_connection = NULL;
	stack_login(&stack_last);
	assert_int_equal(stack_last.result, PAM_IGNORE);
}

static void the_rules_are_those_of_the_login(void **state)
{
	static const struct {
		const char *options;
		const char *user;
		int result;
	} cases[] = {
		{"group=totp", "alice", PAM_SESSION_ERR},
		{"group=totp", "bob", PAM_IGNORE},
		{"group=totp,!exempt", "carol", PAM_IGNORE},
		{"services=sshd", "alice", PAM_SESSION_ERR},
		{"services=login", "alice", PAM_IGNORE},
		{"skip_net=198.51.100.0/24", "alice", PAM_SESSION_ERR},
		{"skip_net=192.0.2.0/24", "alice", PAM_IGNORE},
		{"skip_after=password", "alice", PAM_SESSION_ERR},
		{"skip_after=publickey", "alice", PAM_IGNORE},
		{"group=totp skip_net=192.0.2.0/24", "nobody-knows", PAM_SESSION_ERR},
	};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		stack_options(cases[i].options);
		open_as(cases[i].user, KEY);
		assert_int_equal(stack_last.result, cases[i].result);
		assert_int_equal(*stack_log == '\0', cases[i].result == PAM_IGNORE);
		assert_int_equal(*stack_last.messages == '\0', cases[i].result == PAM_IGNORE);
	}
}

static void a_user_without_a_secret_is_refused_too(void **state)
{
	(void)state;
	open_as("alice", KEY);
	expect(PAM_SESSION_ERR, NOT_ASKED, MESSAGE);
	open_as("alice", ASKED);
	expect(PAM_SUCCESS, "", "");
}

/* When the auth stack was not run, this is the only log line. */
static void during_a_roll_out_the_session_opens_and_is_logged_once(void **state)
{
	(void)state;
	stack_options("nullok");
	open_as("bob", KEY);
	expect(PAM_IGNORE, "<6>" TAG "skipped user=bob rhost=192.0.2.7 reason=not-enrolled\n",
		"");
	open_as("bob", ASKED);
	expect(PAM_IGNORE, "", "");
	stack_last = (struct stack_login){.user = "bob", .service = "sudo", .session = true};
	stack_login(&stack_last);
	expect(PAM_IGNORE, "", "");
	/* 1700000025 is 2023-11-14 22:13:45 UTC. */
	stack_options("nullok_until=2023-11-15");
	open_as("bob", KEY);
	expect(PAM_IGNORE,
		"<6>" TAG "skipped user=bob rhost=192.0.2.7 reason=not-enrolled days_left=2\n",
		"info: A verification code will be needed to log in here in 2 days. "
		"Run totp-enroll to set it up.\n");
	open_as("bob", ASKED);
	expect(PAM_IGNORE, "", "");
	stack_options("nullok_until=2023-11-13");
	open_as("bob", KEY);
	assert_int_equal(stack_last.result, PAM_SESSION_ERR);
	stack_put_secret("alice", TOTP);
	stack_options("nullok");
	open_as("alice", KEY);
	expect(PAM_SESSION_ERR, NOT_ASKED, MESSAGE);
}

#define BROKEN                                                                                 \
	"error: Verification codes are set up wrongly on this host. Ask the administrator.\n"

static void wrong_options_refuse(void **state)
{
	static const struct {
		const char *options;
		const char *reason;
	} cases[] = {{"nosuch", "config-error"}, {"user=nobody-knows", "config-error"},
		{"skip_net=nonsense", "config-error"}, {"skip_after=nonsense", "config-error"},
		{"services=,", "config-error"}, {"group=nosuch", "group-error"}};
	static const char *const methods[] = {KEY, ASKED};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < 2 * COUNT(cases); i++) {
		char log[128];

		snprintf(log, sizeof log,
			"<3>" TAG "refused " WHO " reason=%s detail=", cases[i / 2].reason);
		stack_options(cases[i / 2].options);
		open_as("alice", methods[i % 2]);
		assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
		assert_memory_equal(stack_log, log, strlen(log));
		assert_string_equal(stack_last.messages, BROKEN);
	}
}

static void state_that_cannot_be_kept_refuses(void **state)
{
	(void)state;
	make_folder("home/seen", 0777);
	stack_options("nullok_for=3d first_seen=@D/home/seen/${USER}");
	for (unsigned int i = 0; i < 3; i++) {
		static const char *const methods[] = {KEY, ASKED, NULL};

		open_as("bob", methods[i]);
		assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
		assert_non_null(strstr(stack_log, "refused user=bob rhost=192.0.2.7 "
						  "reason=store-error detail="));
		assert_string_equal(stack_last.messages,
			"error: The code could not be checked. Ask the administrator.\n");
	}
}

/* When the auth stack was run, it has judged the file. */
static void a_damaged_file_does_not_refuse_a_user_who_was_asked(void **state)
{
	static const char *const texts[] = {"!\n", "", STACK_SECRET "\n",
		STACK_SECRET "\n\" RATE_LIMIT x y\n\" TOTP_AUTH\n"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(texts); i++) {
		stack_put_secret("alice", texts[i]);
		open_as("alice", ASKED);
		expect(PAM_SUCCESS, "", "");
		open_as("alice", KEY);
		expect(PAM_SESSION_ERR, NOT_ASKED, MESSAGE);
	}
	stack_put_secret("alice", TOTP);
	assert_int_equal(chmod(in_folder(stack_secret("alice")), 0666), 0);
	open_as("alice", ASKED);
	expect(PAM_SUCCESS, "", "");
}

/* The login before may have been the one that reached the limit. */
static void a_reached_limit_does_not_refuse(void **state)
{
	(void)state;
	stack_put_secret(
		"alice", STACK_SECRET "\n\" RATE_LIMIT 1 30 1700000020\n\" TOTP_AUTH\n");
	open_as("alice", ASKED);
	expect(PAM_SUCCESS, "", "");
	open_as("alice", KEY);
	expect(PAM_SESSION_ERR, NOT_ASKED, MESSAGE);
}

/* Grace spares a prompt in the auth stack, which was not run here. */
static void grace_does_not_open_a_session(void **state)
{
	(void)state;
	stack_options("grace_period=60");
	stack_put_secret(
		"alice", STACK_SECRET "\n\" LAST0 192.0.2.7 1700000020 sshd\n\" TOTP_AUTH\n");
	open_as("alice", ASKED);
	expect(PAM_SUCCESS, "", "");
	open_as("alice", KEY);
	expect(PAM_SESSION_ERR, NOT_ASKED, MESSAGE);
}

static void a_silent_application_is_told_nothing(void **state)
{
	static const char *const options[] = {"", "nosuch", "group=nosuch"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_options(options[i]);
		stack_last = (struct stack_login){.user = "alice",
			.service = "sshd",
			.flags = PAM_SILENT,
			.session = true};
		stack_login(&stack_last);
		assert_true(stack_last.result != PAM_SUCCESS);
		assert_true(stack_last.result != PAM_IGNORE);
		assert_string_equal(stack_last.messages, "");
		assert_true(*stack_log != '\0');
	}
}

static void closing_always_succeeds(void **state)
{
	static const char *const options[] = {"", "nosuch", "group=nosuch", "nullok"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_options(options[i]);
		stack_last = (struct stack_login){
			.user = "alice", .service = "sshd", .close_session = true};
		assert_int_equal(stack_login(&stack_last), PAM_SUCCESS);
		assert_string_equal(stack_log, "");
	}
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_session_without_a_question_is_refused),
		TEST(a_user_who_was_asked_gets_a_session),
		TEST(each_sign_of_ssh_is_enough),
		TEST(the_environment_of_the_process_does_not_count),
		TEST(the_user_cannot_forge_the_address),
		TEST(the_rules_are_those_of_the_login),
		TEST(a_user_without_a_secret_is_refused_too),
		TEST(during_a_roll_out_the_session_opens_and_is_logged_once),
		TEST(wrong_options_refuse),
		TEST(state_that_cannot_be_kept_refuses),
		TEST(a_damaged_file_does_not_refuse_a_user_who_was_asked),
		TEST(a_reached_limit_does_not_refuse),
		TEST(grace_does_not_open_a_session),
		TEST(a_silent_application_is_told_nothing),
		TEST(closing_always_succeeds),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
