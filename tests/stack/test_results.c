/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the module returns, how often it asks, and what it logs. */

#include "config.h"

#include <security/pam_appl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/hashed_codes.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP	STACK_SECRET "\n\" TOTP_AUTH\n"
#define TRACKED STACK_SECRET "\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"

#define WHO   "user=alice rhost=192.0.2.7"
#define PLACE "@D/home/alice/.google_authenticator"

/* The log is exactly these lines; @D in them is the folder. */
static void expect_log(const char *expected)
{
	char text[8192];
	size_t length = 0;

	for (; *expected != '\0'; expected++) {
		assert_true(length + sizeof folder_path < sizeof text);
		if (expected[0] == '@' && expected[1] == 'D') {
			length += (size_t)sprintf(text + length, "%s", folder_path);
			expected++;
		} else {
			text[length++] = *expected;
		}
	}
	text[length] = '\0';
	assert_string_equal(stack_log, text);
}

/* The last login's result, number of prompts, and log. */
static void expect(int result, unsigned int prompts, const char *log)
{
	if (stack_last.result != result || stack_last.prompts != prompts)
		print_message("log: %s", stack_log);
	assert_int_equal(stack_last.result, result);
	assert_int_equal(stack_last.prompts, prompts);
	expect_log(log);
	if (prompts > 0) {
		assert_string_equal(stack_last.prompt, "Verification code: ");
		assert_int_equal(stack_last.style, PAM_PROMPT_ECHO_OFF);
	}
}

static void lets_in_with_a_right_code(void **state)
{
	static const struct {
		int step;
		const char *offset;
	} cases[] = {{0, "0"}, {-1, "-16s"}, {1, "+15s"}};
	char log[256];

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		stack_log_in("alice", stack_code(cases[i].step));
		snprintf(log, sizeof log, "<6>accepted " WHO " method=totp offset=%s\n",
			cases[i].offset);
		expect(PAM_SUCCESS, 1, log);
	}
	/* Nothing to record: nothing written. */
	assert_string_equal(text_of(stack_secret("alice")), TOTP);
}

static void refuses_a_wrong_code(void **state)
{
	static const char *const wrong[] = {"000000", "", " ", "12345", "1234567", "abcdef",
		"12345a", "-12345", "+12345", "\b\n\r\177IN",
		"123456789012345678901234567890"
		"123456789012345678901234567890"
		"123456789012345678901234567890"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(wrong); i++) {
		stack_log_in("alice", wrong[i]);
		expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	}
	assert_string_equal(stack_last.messages, "");
}

static void says_how_far_off_a_code_is(void **state)
{
	(void)state;
	stack_options("noskewadj");
	stack_put_secret("alice", TOTP);
	stack_log_in("alice", stack_code(4));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code offset=+105s\n");
	stack_log_in("alice", stack_code(-4));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code offset=-106s\n");
}

static void spends_a_code(void **state)
{
	const char *code;

	(void)state;
	stack_put_secret("alice", TRACKED);
	code = stack_code(0);
	stack_log_in("alice", code);
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=totp offset=0\n");
	stack_log_in("alice", code);
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=reused offset=0 retry_after=15s\n");
	assert_non_null(strstr(text_of(stack_secret("alice")), "\" DISALLOW_REUSE 56666667\n"));
}

static void takes_an_emergency_code_once(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP "12345678\n87654321\n");
	stack_log_in("alice", "87654321");
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=emergency\n");
	assert_string_equal(text_of(stack_secret("alice")), TOTP "12345678\n");
	stack_log_in("alice", "87654321");
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
}

static void takes_a_hashed_emergency_code_once(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP A_1 B_1);
	stack_log_in("alice", "7k3m q9td-x2ha-p5vw");
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=emergency\n");
	assert_string_equal(text_of(stack_secret("alice")), TOTP B_1);
	stack_log_in("alice", WRITTEN_A);
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	assert_string_equal(text_of(stack_secret("alice")), TOTP B_1);
}

static void takes_a_hashed_emergency_code_behind_a_password(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP A_1 B_1);
	stack_lines("auth @M forward_pass\nauth optional @T show");
	stack_log_in("alice", "correct horse" CODE_A);
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	stack_log_in("alice", "correct horse" WRITTEN_A);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_string_equal(text_of(stack_secret("alice")), TOTP B_1);
}

static void names_a_damaged_line(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP A_1 "\" SCRATCH_HASH scrypt 20 8 1 x y\n");
	stack_log_in("alice", WRITTEN_A);
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_non_null(strstr(stack_log, "reason=bad-file"));
	assert_non_null(strstr(stack_log, "line 4: SCRATCH_HASH"));
}

static void counts_hotp_codes(void **state)
{
	(void)state;
	stack_put_secret("alice", STACK_SECRET "\n\" HOTP_COUNTER 5\n");
	stack_log_in("alice", stack_hotp(6));
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=hotp\n");
	assert_string_equal(
		text_of(stack_secret("alice")), STACK_SECRET "\n\" HOTP_COUNTER 7\n");
	stack_log_in("alice", stack_hotp(6));
	expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	assert_string_equal(
		text_of(stack_secret("alice")), STACK_SECRET "\n\" HOTP_COUNTER 8\n");
}

static void limits_attempts(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP "\" RATE_LIMIT 2 30\n12345678\n");
	for (unsigned int i = 0; i < 2; i++) {
		stack_log_in("alice", "000000");
		expect(PAM_AUTH_ERR, 1, "<5>refused " WHO " reason=wrong-code\n");
	}
	stack_log_in("alice", "12345678");
	expect(PAM_AUTH_ERR, 0, "<5>refused " WHO " reason=rate-limited retry_after=31s\n");
	assert_non_null(strstr(
		text_of(stack_secret("alice")), "\" RATE_LIMIT 2 30 1700000025 1700000025\n"));
	stack_now += 31;
	stack_log_in("alice", "12345678");
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=emergency\n");
}

static void asks_once_where_nothing_is_answered(void **state)
{
	static const char *const none[] = {stack_fails, stack_null_answer, stack_no_responses};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(none); i++) {
		stack_log_in("alice", none[i]);
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		/* libpam may have something to say too. */
		assert_non_null(strstr(stack_log, "<5>refused " WHO " reason=conversation\n"));
		stack_log_in("nobody-knows", none[i]);
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		assert_non_null(strstr(stack_log, " reason=conversation\n"));
		stack_log_in("bob", none[i]);
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	}
}

/* The remote side cannot tell who exists, or who has a secret. */
static void asks_unknown_and_unenrolled_users_alike(void **state)
{
	static const char *const answers[] = {"123456", "12345678", "", "\b\n\r\177IN"};
	static const char *const unenrolled[] = {"nobody-knows", "bob", "lost", "homeless",
		"relative", "", "no/body", ".nobody", "../alice"};
	static const char *const services[] = {
		"", "group=!exempt", "group=totp,!exempt", "nullok_unused"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int s = 0; s < 1; s++) {
		stack_options(services[s]);
		for (unsigned int i = 0; i < COUNT(answers); i++) {
			stack_log_in("alice", answers[i]);
			assert_int_equal(stack_last.result, PAM_AUTH_ERR);
			for (unsigned int u = 0; u < COUNT(unenrolled); u++) {
				struct stack_login known = stack_last;

				stack_log_in(unenrolled[u], answers[i]);
				assert_int_equal(stack_last.result, known.result);
				assert_int_equal(stack_last.prompts, known.prompts);
				assert_int_equal(stack_last.style, known.style);
				assert_string_equal(stack_last.prompt, known.prompt);
				assert_string_equal(stack_last.messages, known.messages);
			}
		}
	}
}

static void logs_why_somebody_is_not_enrolled(void **state)
{
	(void)state;
	stack_log_in("alice", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused " WHO " reason=not-enrolled detail=\"cannot open " PLACE
		": No such file or directory\"\n");
	stack_log_in("nobody-knows", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused user=nobody-knows rhost=192.0.2.7 reason=not-enrolled\n");
	stack_log_in("relative", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused user=relative rhost=192.0.2.7 reason=not-enrolled "
		"detail=\"secret= needs the home directory, which is not an absolute path; "
		"correct the user's entry in the user database\"\n");
}

static void nullok_skips_only_a_known_user_without_a_file(void **state)
{
	(void)state;
	stack_options("nullok");
	stack_log_in("bob", NULL);
	expect(PAM_IGNORE, 0, "<6>skipped user=bob rhost=192.0.2.7 reason=not-enrolled\n");
	stack_log_in("lost", NULL);
	expect(PAM_IGNORE, 0, "<6>skipped user=lost rhost=192.0.2.7 reason=not-enrolled\n");
	stack_log_in("nobody-knows", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused user=nobody-knows rhost=192.0.2.7 reason=not-enrolled\n");
	stack_log_in("relative", "123456");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	stack_log_in("homeless", "123456");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
}

/* A name that is no file name reaches ${USER} by no way. */
static void refuses_user_names_that_lead_elsewhere(void **state)
{
	static const char *const names[] = {"sla/sh", ".dot"};

	(void)state;
	stack_options("nullok secret=${HOME}/${USER}");
	for (unsigned int i = 0; i < COUNT(names); i++) {
		stack_log_in(names[i], "123456");
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		assert_non_null(strstr(stack_log, "reason=not-enrolled"));
		assert_non_null(strstr(stack_log, "not safe as a file name"));
	}
}

/* Each leaves a file that must not be used, nullok or not. */
static void give_to_alice(void)
{
	uid_t uid = stack_uid("alice");

	if (geteuid() == 0)
		assert_int_equal(chown(in_folder(stack_secret("alice")), uid, uid), 0);
}

static void put_fifo(void)
{
	assert_int_equal(mkfifo(in_folder(stack_secret("alice")), 0600), 0);
	give_to_alice();
}

static void put_folder(void)
{
	make_folder(stack_secret("alice"), 0700);
	give_to_alice();
}

static void put_wide(void)
{
	stack_put_secret("alice", TOTP);
	assert_int_equal(chmod(in_folder(stack_secret("alice")), 0644), 0);
}

static void put_empty(void)
{
	stack_put_secret("alice", "");
}

static void put_linked(void)
{
	stack_put_secret("alice", TOTP);
	assert_int_equal(
		link(in_folder(stack_secret("alice")), in_folder("home/alice/second")), 0);
}

static void put_loop(void)
{
	assert_int_equal(symlink(".google_authenticator", in_folder(stack_secret("alice"))), 0);
}

static void put_device(void)
{
	assert_int_equal(symlink("/dev/zero", in_folder(stack_secret("alice"))), 0);
}

static void put_huge(void)
{
	stack_put_secret("alice", TOTP);
	assert_int_equal(truncate(in_folder(stack_secret("alice")), (off_t)2 << 30), 0);
}

static void put_nul(void)
{
	stack_put_secret("alice", TOTP);
	assert_int_equal(truncate(in_folder(stack_secret("alice")), sizeof TOTP + 5), 0);
}

static void put_garbage(void)
{
	stack_put_secret("alice", "this is no base32!\n\" TOTP_AUTH\n");
}

static void put_bad_window(void)
{
	stack_put_secret("alice", STACK_SECRET "\n\" TOTP_AUTH\n\" WINDOW_SIZE 0\n");
}

static void put_bad_rate_limit(void)
{
	stack_put_secret("alice", STACK_SECRET "\n\" TOTP_AUTH\n\" RATE_LIMIT 0 x\n");
}

static void put_bad_reuse(void)
{
	stack_put_secret("alice", STACK_SECRET "\n\" TOTP_AUTH\n\" DISALLOW_REUSE x\n");
}

static void put_owner(void)
{
	stack_put_secret("alice", TOTP);
	if (geteuid() == 0)
		assert_int_equal(chown(in_folder(stack_secret("alice")), 0, 0), 0);
}

static const struct {
	void (*put)(void);
	unsigned int prompts;
	const char *detail;
} bad_files[] = {
	{put_fifo, 1, PLACE ": not a regular file"},
	{put_folder, 1, PLACE ": not a regular file"},
	{put_device, 1, PLACE ": not a regular file"},
	{put_wide, 1, PLACE ": mode 0644 allows more than 0600; chmod it"},
	{put_empty, 1, PLACE ": is empty; enrol again"},
	{put_linked, 1, PLACE ": has another hard link; remove that one"},
	{put_loop, 1, PLACE ": a loop of symbolic links"},
	{put_huge, 1, PLACE ": is longer than 65536 bytes"},
	{put_nul, 1, NULL},
	{put_garbage, 1, NULL},
	{put_bad_window, 1, NULL},
	{put_bad_reuse, 1, NULL},
	{put_bad_rate_limit, 0, NULL},
};

static void a_bad_file_is_refused_and_named(void **state)
{
	char log[1024];

	(void)state;
	alarm(120);
	for (unsigned int i = 0; i < 2 * COUNT(bad_files); i++) {
		stack_options(i % 2 == 0 ? "" : "nullok");
		bad_files[i / 2].put();
		stack_log_in("alice", stack_code(0));
		snprintf(log, sizeof log, "<3>refused " WHO " reason=bad-file detail=\"%s\"\n",
			bad_files[i / 2].detail);
		if (bad_files[i / 2].detail != NULL)
			expect(PAM_AUTHINFO_UNAVAIL, bad_files[i / 2].prompts, log);
		assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
		assert_int_equal(stack_last.prompts, bad_files[i / 2].prompts);
		assert_non_null(strstr(stack_log, "<3>refused " WHO " reason=bad-file"));
		assert_non_null(strstr(stack_log, " detail=\""));
		rmdir(in_folder(stack_secret("alice")));
		unlink(in_folder(stack_secret("alice")));
		unlink(in_folder("home/alice/second"));
	}
	alarm(0);
}

static void a_bad_owner_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("# SKIP only root can give a file away\n");
		skip();
	}
	put_owner();
	stack_log_in("alice", stack_code(0));
	/* alice cannot even open it. */
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_non_null(strstr(stack_log, "reason=store-error"));
	assert_int_equal(chmod(in_folder(stack_secret("alice")), 0644), 0);
	stack_options("allowed_perm=0644");
	stack_log_in("alice", stack_code(0));
	expect(PAM_AUTHINFO_UNAVAIL, 1,
		"<3>refused " WHO " reason=bad-file detail=\"" PLACE
		": belongs to uid 0, not uid 20001\"\n");
	stack_options("allowed_perm=0644 no_strict_owner");
	stack_log_in("alice", stack_code(0));
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=totp offset=0\n");
}

static void a_folder_without_rights_is_a_store_error(void **state)
{
	(void)state;
	stack_put_secret("alice", TRACKED);
	assert_int_equal(chmod(in_folder("home/alice"), 0500), 0);
	stack_log_in("alice", stack_code(0));
	assert_int_equal(chmod(in_folder("home/alice"), 0700), 0);
	expect(PAM_AUTHINFO_UNAVAIL, 1,
		"<2>refused " WHO
		" reason=store-error offset=0 detail=\"cannot write beside " PLACE
		": Permission denied\"\n");
	assert_string_equal(stack_last.messages,
		"error: The login could not be recorded. Ask the administrator.\n");
	assert_string_equal(text_of(stack_secret("alice")), TRACKED);
}

static void a_clock_before_1970_is_a_store_error(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	stack_now = -1;
	stack_log_in("alice", "123456");
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_non_null(strstr(stack_log, "reason=store-error"));
	assert_non_null(strstr(stack_log, "clock"));
}

static void options_that_are_wrong_refuse_everybody_unasked(void **state)
{
	static const char *const wrong[] = {"nosuch", "nullok=yes", "secret=", "secret",
		"grace_period=-1", "grace_period=x", "allowed_perm=0", "allowed_perm=9",
		"user=0zzz", "user=", "user=nobody-knows", "grace_period=1 grace_period=2",
		"secret=/a secret=/b", "group=totp group=exempt", "alwaysok",
		"try_first_pass use_first_pass", "Nullok", "group="};
	static const char *const names[] = {"alice", "nobody-knows", "bob", ""};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(wrong); i++) {
		stack_options(wrong[i]);
		for (unsigned int n = 0; n < COUNT(names); n++) {
			stack_log_in(names[n], stack_code(0));
			assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
			assert_int_equal(stack_last.prompts, 0);
			assert_memory_equal(stack_log, "<3>refused user=", 16);
			assert_non_null(strstr(stack_log, " reason=config-error detail=\""));
		}
	}
	stack_options("nosuch");
	stack_log_in("alice", NULL);
	expect(PAM_SERVICE_ERR, 0,
		"<3>refused " WHO " reason=config-error detail=\"unknown option nosuch; "
		"pam_totpgroup(8) lists the options\"\n");
	stack_options("grace_period=1 grace_period=1 nullok nullok");
	stack_log_in("alice", stack_code(0));
	assert_int_equal(stack_last.result, PAM_SUCCESS);
}

static void asks_members_of_a_group_only(void **state)
{
	(void)state;
	stack_put_secret("alice", TOTP);
	stack_put_secret("bob", TOTP);
	stack_options("group=totp,!exempt");
	stack_log_in("alice", stack_code(0));
	expect(PAM_SUCCESS, 1, "<6>accepted " WHO " method=totp offset=0\n");
	stack_log_in("bob", NULL);
	expect(PAM_IGNORE, 0, "<6>skipped user=bob rhost=192.0.2.7 reason=not-in-group\n");
	stack_log_in("carol", NULL);
	expect(PAM_IGNORE, 0, "<6>skipped user=carol rhost=192.0.2.7 reason=not-in-group\n");
	/* Who is unknown is in no group, and is asked all the same. */
	stack_log_in("nobody-knows", "123456");
	expect(PAM_AUTH_ERR, 1,
		"<5>refused user=nobody-knows rhost=192.0.2.7 reason=not-enrolled\n");
	stack_options("group=30001");
	stack_log_in("alice", stack_code(0));
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	stack_log_in("bob", NULL);
	assert_int_equal(stack_last.result, PAM_IGNORE);
}

static void a_group_that_does_not_resolve_refuses_everybody(void **state)
{
	static const char *const lists[] = {"group=nosuch", "group=totp,nosuch",
		"group=!nosuch", "group=39999", "group=totp,,exempt", "group=!"};
	static const char *const names[] = {"alice", "bob", "carol", "nobody-knows"};

	(void)state;
	stack_put_secret("alice", TOTP);
	for (unsigned int i = 0; i < COUNT(lists); i++) {
		stack_options(lists[i]);
		for (unsigned int n = 0; n < COUNT(names); n++) {
			stack_log_in(names[n], stack_code(0));
			assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
			assert_int_equal(stack_last.prompts, 0);
			assert_non_null(strstr(stack_log, " reason=group-error detail=\""));
		}
	}
	stack_options("group=nosuch nullok");
	stack_log_in("bob", NULL);
	expect(PAM_SERVICE_ERR, 0,
		"<3>refused user=bob rhost=192.0.2.7 reason=group-error detail=\"group nosuch "
		"of "
		"group= does not exist; create it or correct group=\"\n");
}

/* In the stack of a service, as administrators write it. */
static void a_skipped_user_passes_only_where_the_stack_says_so(void **state)
{
	(void)state;
	stack_lines("auth required @R group=totp");
	stack_log_in("bob", NULL);
	assert_int_equal(stack_last.result, PAM_PERM_DENIED);
	stack_lines("auth required @R group=totp\nauth required pam_permit.so");
	stack_log_in("bob", NULL);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	stack_log_in("alice", "123456");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	stack_lines("auth sufficient @R group=totp\nauth required pam_deny.so");
	stack_log_in("bob", NULL);
	assert_int_not_equal(stack_last.result, PAM_SUCCESS);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(lets_in_with_a_right_code),
		TEST(refuses_a_wrong_code),
		TEST(says_how_far_off_a_code_is),
		TEST(spends_a_code),
		TEST(takes_an_emergency_code_once),
		TEST(takes_a_hashed_emergency_code_once),
		TEST(takes_a_hashed_emergency_code_behind_a_password),
		TEST(names_a_damaged_line),
		TEST(counts_hotp_codes),
		TEST(limits_attempts),
		TEST(asks_once_where_nothing_is_answered),
		TEST(asks_unknown_and_unenrolled_users_alike),
		TEST(logs_why_somebody_is_not_enrolled),
		TEST(nullok_skips_only_a_known_user_without_a_file),
		TEST(refuses_user_names_that_lead_elsewhere),
		TEST(a_bad_file_is_refused_and_named),
		TEST(a_bad_owner_is_refused),
		TEST(a_folder_without_rights_is_a_store_error),
		TEST(a_clock_before_1970_is_a_store_error),
		TEST(options_that_are_wrong_refuse_everybody_unasked),
		TEST(asks_members_of_a_group_only),
		TEST(a_group_that_does_not_resolve_refuses_everybody),
		TEST(a_skipped_user_passes_only_where_the_stack_says_so),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
