/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rules group=, skip_net=, skip_after= and services=. */

#include "config.h"

#include <security/pam_appl.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP	   STACK_SECRET "\n\" TOTP_AUTH\n"
#define CONNECTION "192.0.2.7 50000 192.0.2.1 22"
#define KEY	   "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA\n"

/* The default: alice logs in from 192.0.2.7 over ssh with a key and a wrong code. */
static struct stack_login login;

static int setup(void **state)
{
	login = (struct stack_login){.user = "alice",
		.rhost = "192.0.2.7",
		.service = "sshd",
		.ssh_connection = CONNECTION,
		.methods = KEY,
		.answers = {"000000", stack_fails}};
	stack_setup(state);
	stack_put_secret("alice", TOTP);
	return 0;
}

static void expect_asked(const char *reason)
{
	char line[128];

	stack_login(&login);
	snprintf(line, sizeof line, "reason=%s", reason);
	assert_int_equal(login.result, PAM_AUTH_ERR);
	assert_int_equal(login.prompts, 1);
	assert_non_null(strstr(stack_log, line));
}

/* Checks that the module returned PAM_IGNORE silently, and logged one line with that reason. */
static void expect_skipped(const char *reason)
{
	char line[256];

	stack_login(&login);
	snprintf(line, sizeof line,
		"<6>pam_totpgroup(%s:auth): skipped user=%s rhost=%s reason=%s\n",
		login.service, login.user, login.rhost != NULL ? login.rhost : "-", reason);
	assert_int_equal(login.result, PAM_IGNORE);
	assert_int_equal(login.prompts, 0);
	assert_string_equal(stack_log, line);
	assert_string_equal(login.messages, "");
}

/* The login is refused without a prompt. */
static void expect_error(const char *reason, const char *detail)
{
	char line[128];

	stack_login(&login);
	snprintf(line, sizeof line, "reason=%s", reason);
	assert_int_equal(login.result, PAM_SERVICE_ERR);
	assert_int_equal(login.prompts, 0);
	assert_non_null(strstr(stack_log, line));
	assert_non_null(strstr(stack_log, detail));
}

static void services_limits_the_module_to_those_services(void **state)
{
	(void)state;
	stack_options("services=sshd");
	expect_asked("wrong-code");
	login.service = "sudo";
	expect_skipped("service");
	stack_options("services=login,sudo");
	expect_asked("wrong-code");
	login.service = "sshd";
	expect_skipped("service");
	/* A name must match as a whole. */
	stack_options("services=sshd2,ssh,ssh-d");
	expect_skipped("service");
}

static void group_limits_the_question_to_members(void **state)
{
	(void)state;
	stack_options("group=totp");
	expect_asked("wrong-code");
	login.user = "bob";
	expect_skipped("not-in-group");
	stack_options("group=totp,!exempt");
	login.user = "carol";
	expect_skipped("not-in-group");
}

static void skip_net_skips_those_networks(void **state)
{
	static const struct {
		const char *list;
		const char *connection; /* SSH_CONNECTION */
		const char *rhost;
		bool skipped;
	} cases[] = {
		{"192.0.2.0/24", CONNECTION, "192.0.2.7", true},
		{"192.0.2.7", CONNECTION, "192.0.2.7", true},
		{"192.0.2.8/29", CONNECTION, "192.0.2.7", false},
		{"198.51.100.0/24,192.0.2.0/24", CONNECTION, NULL, true},
		/* The address in SSH_CONNECTION counts, and nothing else. */
		{"198.51.100.0/24", CONNECTION, "198.51.100.1", false},
		{"192.0.2.0/24", CONNECTION, "198.51.100.1", true},
		{"192.0.2.0/24", "", "192.0.2.7", false},
		{"192.0.2.0/24", "192.0.2.7", "192.0.2.7", false},
		{"192.0.2.0/24", CONNECTION " x", "192.0.2.7", false},
		{"local,0.0.0.0/0,::/0", "UNKNOWN 0 UNKNOWN 0", NULL, false},
		/* Without SSH_CONNECTION, PAM_RHOST counts if it is an address. */
		{"192.0.2.0/24", NULL, "192.0.2.7", true},
		{"192.0.2.0/24", NULL, "198.51.100.1", false},
		{"127.0.0.0/8,::1", NULL, "localhost", false},
		{"0.0.0.0/0,::/0", NULL, "host.example", false},
		{"192.0.2.0/24", NULL, "192.0.2.7 ", false},
		{"192.0.2.0/24", NULL, "192.0.2.007", false},
		{"0.0.0.0/0,::/0", NULL, NULL, false},
		/* No remote host at all. */
		{"local", NULL, NULL, true},
		{"local", NULL, "", true},
		{"local", NULL, "localhost", false},
		{"local", CONNECTION, NULL, false},
		{"local", NULL, ":0", false},
		/* IPv6, and IPv4 in IPv6. */
		{"2001:db8::/32", "2001:db8::7 5 2001:db8::1 22", NULL, true},
		{"2001:db8::/32", "2001:db9::7 5 2001:db8::1 22", NULL, false},
		{"192.0.2.0/24", "::ffff:192.0.2.7 5 ::ffff:192.0.2.1 22", NULL, true},
		{"::ffff:192.0.2.0/120", CONNECTION, NULL, true},
		{"::/0", CONNECTION, NULL, false},
		{"fe80::/10", "fe80::1%eth0 5 fe80::2%eth0 22", NULL, true},
		{"fe80::%eth1/10", "fe80::1%eth0 5 fe80::2%eth0 22", NULL, false},
	};
	char options[128];

	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		snprintf(options, sizeof options, "skip_net=%s", cases[i].list);
		stack_options(options);
		login.ssh_connection = cases[i].connection;
		login.rhost = cases[i].rhost;
		stack_login(&login);
		if ((login.result == PAM_IGNORE) != cases[i].skipped)
			print_message("case %u: %s", i, stack_log);
		assert_int_equal(login.result, cases[i].skipped ? PAM_IGNORE : PAM_AUTH_ERR);
		assert_int_equal(login.prompts, cases[i].skipped ? 0 : 1);
		assert_int_equal(
			strstr(stack_log, " reason=network\n") != NULL, cases[i].skipped);
	}
}

static void skip_after_skips_after_those_methods(void **state)
{
	static const struct {
		const char *list;
		const char *info;
		bool skipped;
	} cases[] = {
		{"publickey", KEY, true},
		{"publickey", "password\n" KEY, true},
		{"password,publickey", KEY, true},
		{"password", "password\n", true},
		{"password", KEY, false},
		{"hostbased", "hostbased ssh-ed25519 AAAA\n", true},
		{"publickey", NULL, false},
		{"publickey", "", false},
		{"publickey", "password publickey\n", false},
		{"publickey", "publickeys ssh-ed25519 A\n", false},
		{"publickey", "keyboard-interactive/publickey\n", false},
	};
	char options[128];

	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		snprintf(options, sizeof options, "skip_after=%s", cases[i].list);
		stack_options(options);
		login.methods = cases[i].info;
		if (cases[i].skipped)
			expect_skipped("method");
		else
			expect_asked("wrong-code");
	}
}

/* Variables that the caller of sudo or su can set. */
static void the_environment_of_the_process_does_not_count(void **state)
{
	(void)state;
	login.ssh_connection = login.methods = NULL;
	login.rhost = "198.51.100.1";
	setenv("SSH_CONNECTION", CONNECTION, 1);
	setenv("SSH_AUTH_INFO_0", KEY, 1);
	stack_options("skip_net=192.0.2.0/24");
	expect_asked("wrong-code");
	stack_options("skip_after=publickey");
	expect_asked("wrong-code");
	unsetenv("SSH_CONNECTION");
	unsetenv("SSH_AUTH_INFO_0");
}

static void the_log_names_the_first_rule_that_skips(void **state)
{
	static const char *const parts[] = {"services=", "group=", "skip_net=", "skip_after="};
	static const char *const skips[] = {"sudo", "!totp", "192.0.2.0/24", "publickey"};
	static const char *const asks[] = {"sshd", "totp", "198.51.100.0/24", "password"};
	static const char *const reasons[] = {
		"service", "not-in-group", "network", "method", NULL};
	char options[256];

	(void)state;
	for (unsigned int which = 0; which < 16; which++) {
		unsigned int first = 4;

		*options = '\0';
		for (unsigned int i = 0; i < 4; i++) {
			bool skip = (which >> i & 1) != 0;

			if (skip && first == 4)
				first = i;
			strcat(strcat(options, parts[i]), skip ? skips[i] : asks[i]);
			strcat(options, " ");
		}
		stack_options(options);
		if (first == 4)
			expect_asked("wrong-code");
		else
			expect_skipped(reasons[first]);
	}
}

/* Also when an earlier rule would skip. */
static void an_error_of_any_list_refuses(void **state)
{
	static const struct {
		const char *options;
		const char *reason;
		const char *detail;
	} cases[] = {
		{"services=", "config-error", "services"},
		{"services=sshd,", "config-error", "services="},
		{"services=,", "config-error", "services="},
		{"services=../sshd", "config-error", "services="},
		{"group=", "config-error", "group"},
		{"group=nosuch", "group-error", "nosuch"},
		{"group=totp,", "config-error", "group="},
		{"group=totp,!nosuch", "group-error", "nosuch"},
		{"skip_net=", "config-error", "skip_net"},
		{"skip_net=host.example", "config-error", "host.example"},
		{"skip_net=192.0.2.1/24", "config-error", "192.0.2.1/24"},
		{"skip_net=192.0.2.0/33", "config-error", "192.0.2.0/33"},
		{"skip_net=192.0.2.0/24,,::1", "config-error", "skip_net="},
		{"skip_after=", "config-error", "skip_after"},
		{"skip_after=pubkey", "config-error", "pubkey"},
		{"skip_after=publickey,", "config-error", "skip_after="},
		{"skip_after=keyboard-interactive", "config-error", "keyboard-interactive"},
		{"skip_after=publickey,keyboard-interactive", "config-error",
			"keyboard-interactive"},
		{"services=sudo skip_net=nonsense", "config-error", "nonsense"},
		{"services=sudo skip_after=nonsense", "config-error", "nonsense"},
		{"services=sudo group=,", "config-error", "group="},
		{"skip_net=192.0.2.0/24 group=nosuch", "group-error", "nosuch"},
		{"skip_after=publickey group=nosuch", "group-error", "nosuch"},
		{"skip_net=192.0.2.0/24 skip_after=nonsense", "config-error", "nonsense"},
		{"group=!totp skip_net=nonsense", "config-error", "nonsense"},
		{"nullok skip_net=nonsense", "config-error", "nonsense"},
	};
	static const char *const users[] = {"alice", "bob", "nobody-knows"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(cases) * COUNT(users); i++) {
		stack_options(cases[i / COUNT(users)].options);
		login.user = users[i % COUNT(users)];
		expect_error(cases[i / COUNT(users)].reason, cases[i / COUNT(users)].detail);
		assert_string_equal(login.messages,
			"error: Verification codes are set up wrongly on this host. Ask the "
			"administrator.\n");
	}
}

/* Unknown users are asked whatever rule would skip them, so that a skip does not show who exists.
 * services= is the same for all users, so it skips unknown ones too. */
static void an_unknown_user_is_asked(void **state)
{
	static const char *const options[] = {"group=totp", "group=!totp",
		"skip_net=192.0.2.0/24", "skip_after=publickey", "nullok",
		"nullok_until=2030-01-01",
		"services=sshd group=totp skip_net=192.0.2.0/24 skip_after=publickey nullok"};

	(void)state;
	login.user = "nobody-knows";
	for (unsigned int i = 0; i < COUNT(options); i++) {
		stack_options(options[i]);
		expect_asked("not-enrolled");
	}
	stack_options("services=sudo");
	expect_skipped("service");
}

/* A skip is not a success: another module of the stack must succeed. */
static void who_is_skipped_passes_only_where_the_stack_says_so(void **state)
{
	static const char *const options[] = {"services=sudo", "group=!totp",
		"skip_net=192.0.2.0/24", "skip_after=publickey"};
	char lines[256];

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++) {
		snprintf(lines, sizeof lines, "auth required @R %s", options[i]);
		stack_lines(lines);
		assert_int_not_equal(stack_login(&login), PAM_SUCCESS);
		strcat(lines, "\nauth required pam_permit.so");
		stack_lines(lines);
		assert_int_equal(stack_login(&login), PAM_SUCCESS);
	}
}

static void debug_logs_each_step(void **state)
{
	(void)state;
	stack_options("debug services=sshd group=totp skip_net=198.51.100.0/24 "
		      "skip_after=publickey");
	stack_login(&login);
	assert_int_equal(login.result, PAM_IGNORE);
	assert_non_null(strstr(stack_log, "services: services=sshd has sshd: goes on\n"));
	assert_non_null(strstr(stack_log, "group: group=totp: alice is in totp (gid 30001"));
	assert_non_null(strstr(stack_log,
		"skip_net: skip_net=198.51.100.0/24: 192.0.2.7 is not in it: goes on\n"));
	assert_non_null(strstr(stack_log,
		"skip_after: skip_after=publickey: publickey is completed: not asked\n"));
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(services_limits_the_module_to_those_services),
		TEST(group_limits_the_question_to_members),
		TEST(skip_net_skips_those_networks),
		TEST(skip_after_skips_after_those_methods),
		TEST(the_environment_of_the_process_does_not_count),
		TEST(the_log_names_the_first_rule_that_skips),
		TEST(an_error_of_any_list_refuses),
		TEST(an_unknown_user_is_asked),
		TEST(who_is_skipped_passes_only_where_the_stack_says_so),
		TEST(debug_logs_each_step),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
