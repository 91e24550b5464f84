/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Enrollment in the login: who is offered a secret, and how the login ends. */

#include "config.h"

#include <security/pam_appl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "offer.h"
#include "stack.h"

#define WHO  "user=alice rhost=192.0.2.7"
#define FILE "home/alice/.google_authenticator"

#define NOTHING_STORED                                                                         \
	"<5>refused " WHO " reason=wrong-code%s "                                              \
	"detail=\"enrollment was offered; 3 wrong codes, and nothing stored\"\n"

static int begin(void **state)
{
	int status = stack_setup(state);

	stack_last = (struct stack_login){.rhost = "192.0.2.7"};
	offer_at_prompt = NULL;
	offer_options("enroll");
	return status;
}

/* Checks the result of the last login, and that alice's home is empty. */
static void expect_nothing_stored(int result, unsigned int prompts, const char *log)
{
	if (strcmp(stack_log, log) != 0)
		print_message("messages: %s\n", stack_last.messages);
	assert_string_equal(stack_log, log);
	assert_int_equal(stack_last.result, result);
	assert_int_equal(stack_last.prompts, prompts);
	assert_int_equal(count_entries("home/alice"), 0);
}

static void expect_stored(const char *log, int steps)
{
	struct stat status;

	assert_string_equal(stack_log, log);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_string_equal(text_of(FILE), offer_expected_file(steps));
	assert_int_equal(stat(in_folder(FILE), &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0400);
	assert_int_equal(status.st_uid, stack_uid("alice"));
	assert_int_equal(count_entries("home/alice"), 1);
}

/* Checks that the user is asked and shown no secret, as without the option. */
static void expect_no_offer(const char *user, const char *reason)
{
	offer_log_in(user, "s");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_int_equal(stack_last.prompts, 1);
	assert_null(strstr(stack_last.messages, "Secret"));
	assert_non_null(strstr(stack_log, reason));
}

static void a_right_code_stores_and_lets_in(void **state)
{
	(void)state;
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.prompts, 1);
	assert_string_equal(stack_last.prompt, "Verification code: ");
	assert_int_equal(stack_last.style, PAM_PROMPT_ECHO_OFF);
	assert_int_equal(stack_last.message_count, 2);
	expect_stored("<6>enrolled " WHO "\n<6>accepted " WHO " method=totp offset=0\n", 0);
	assert_int_equal(strlen(offer_secret), 32);
	/* Five emergency codes. */
	assert_int_equal(strlen(strstr(text_of(FILE), "TOTP_AUTH\n")), 10 + 5 * 9);
}

static void the_code_is_spent_and_the_emergency_codes_are_good(void **state)
{
	char code[16], emergency[9] = "";

	(void)state;
	offer_log_in("alice", "r");
	snprintf(code, sizeof code, "%s", stack_last.answers[0]);
	memcpy(emergency, strstr(offer_expected_file(0), "TOTP_AUTH\n") + 10, 8);
	stack_log_in("alice", code);
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_non_null(strstr(stack_log, "reason=reused"));
	stack_log_in("alice", emergency);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_non_null(strstr(stack_log, "method=emergency"));
}

static void the_message_has_link_secret_and_qr_code(void **state)
{
	const char *message = stack_last.messages;
	char secret[256];

	(void)state;
	offer_log_in("alice", "F");
	snprintf(secret, sizeof secret, "?secret=%s&issuer=", offer_secret);
	assert_non_null(strstr(message, "\nLink: otpauth://totp/"));
	assert_non_null(strstr(message, ":alice@"));
	assert_non_null(strstr(message, secret));
	/* Lower half blocks, and no escape sequences. */
	assert_non_null(strstr(message, "\xe2\x96\x84"));
	assert_null(strchr(message, '\033'));
	/* The application ends the message. */
	assert_null(strstr(message, "\n\n\n"));
	assert_string_equal(message + strlen(message) - 4, "\xe2\x96\x88\n");
	assert_null(strstr(message, "press Enter only"));
}

static void codes_of_the_neighboring_steps_are_right(void **state)
{
	(void)state;
	offer_log_in("alice", "p");
	expect_stored("<6>enrolled " WHO "\n<6>accepted " WHO " method=totp offset=-16s\n", -1);
	unlink(in_folder(FILE));
	offer_log_in("alice", "n");
	expect_stored("<6>enrolled " WHO "\n<6>accepted " WHO " method=totp offset=+15s\n", 1);
	unlink(in_folder(FILE));
	offer_log_in("alice", "b");
	expect_stored("<6>enrolled " WHO "\n<6>accepted " WHO " method=totp offset=0\n", 0);
}

static void a_wrong_code_is_asked_for_again_with_the_same_secret(void **state)
{
	(void)state;
	offer_log_in("alice", "wr");
	assert_int_equal(offer_count, 2);
	assert_true(offer_same);
	expect_stored("<6>enrolled " WHO " detail=\"after 1 wrong code\"\n<6>accepted " WHO
		      " method=totp offset=0\n",
		0);
	unlink(in_folder(FILE));
	offer_log_in("alice", "wwr");
	assert_int_equal(offer_count, 3);
	assert_true(offer_same);
	assert_int_equal(stack_last.prompts, 3);
	expect_stored("<6>enrolled " WHO " detail=\"after 2 wrong codes\"\n<6>accepted " WHO
		      " method=totp offset=0\n",
		0);
}

static void each_login_shows_another_secret(void **state)
{
	char first[sizeof offer_secret];

	(void)state;
	offer_log_in("alice", "F");
	strcpy(first, offer_secret);
	offer_log_in("alice", "F");
	assert_string_not_equal(offer_secret, first);
}

static void three_wrong_codes_store_nothing(void **state)
{
	static const struct {
		const char *script;
		const char *offset;
		const char *remark;
	} cases[] = {
		{"www", "", "\nThis code is wrong. "},
		{"sss", "", "\nA code has six digits."},
		{"eee", "", "\nA code has six digits."},
		{"woo", " offset=-586s", "\nYour phone's clock is 9 min behind: "},
		{"qqq", " offset=+45s", "\nYour phone's clock is 45 s ahead: "},
	};
	char log[256];

	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		snprintf(log, sizeof log, NOTHING_STORED, cases[i].offset);
		offer_log_in("alice", cases[i].script);
		expect_nothing_stored(PAM_AUTH_ERR, 3, log);
		assert_non_null(strstr(stack_last.messages, cases[i].remark));
		assert_non_null(strstr(stack_last.messages, "error: Nothing was stored."));
		assert_null(strstr(stack_last.messages, "Emergency"));
	}
}

static void no_answer_always_refuses(void **state)
{
	static const char *const scripts[] = {"F", "N", "wF", "wwN"};

	(void)state;
	for (unsigned int i = 0; i < 2 * COUNT(scripts); i++) {
		offer_options(i < COUNT(scripts) ? "enroll" : "enroll nullok");
		offer_log_in("alice", scripts[i % COUNT(scripts)]);
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_non_null(strstr(stack_log, "<5>refused " WHO " reason=conversation"));
		assert_int_equal(count_entries("home/alice"), 0);
	}
}

static void a_message_that_fails_refuses(void **state)
{
	(void)state;
	offer_options("enroll nullok");
	stack_last.lost = 1;
	offer_log_in("alice", "r");
	assert_non_null(strstr(stack_log, "<5>refused " WHO " reason=conversation\n"));
	expect_nothing_stored(PAM_AUTH_ERR, 0, stack_log);
	stack_last.lost = 2;
	offer_log_in("alice", "wr");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_int_equal(count_entries("home/alice"), 0);
	/* The message with the emergency codes fails when the secret is already stored. */
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_non_null(strstr(stack_log, "<6>enrolled " WHO "\n"));
	assert_non_null(strstr(
		stack_log, "<5>refused " WHO " reason=conversation detail=\"enrolled, but "));
	assert_int_equal(count_entries("home/alice"), 1);
}

static void without_an_earlier_factor_nothing_is_offered(void **state)
{
	static const char *const stacks[] = {"auth @M enroll", "auth @M enroll nullok=no",
		"auth optional @T set=\nauth @M enroll"};

	(void)state;
	stack_needs_files("the detail is in the log of totp-verifyd");
	for (unsigned int i = 0; i < COUNT(stacks); i++) {
		stack_lines(stacks[i]);
		expect_no_offer("alice", "reason=not-enrolled detail=\"cannot open ");
	}
	stack_last.methods = "";
	expect_no_offer("alice", "reason=not-enrolled");
	stack_last.methods = "publickey ssh-ed25519 AAAA\n";
	offer_log_in("alice", "r");
	expect_stored("<6>enrolled " WHO "\n<6>accepted " WHO " method=totp offset=0\n", 0);
}

static void a_user_who_is_not_asked_is_offered_nothing(void **state)
{
	(void)state;
	offer_options("enroll group=totp");
	offer_log_in("bob", "r");
	assert_int_equal(stack_last.result, PAM_IGNORE);
	assert_int_equal(stack_last.prompts, 0);
	assert_null(strstr(stack_last.messages, "otpauth"));
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_int_equal(offer_count, 1);
	offer_options("enroll group=nosuch");
	offer_log_in("bob", "r");
	assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
	assert_null(strstr(stack_last.messages, "Secret"));
}

static void an_unknown_user_is_offered_nothing(void **state)
{
	char options[128];
	static const char *const names[] = {
		"nobody-knows", "", "no/body", "homeless", "relative"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(names); i++)
		expect_no_offer(names[i], "reason=not-enrolled");
	offer_options("enroll secret=${HOME}/${USER}");
	expect_no_offer("sla/sh", "reason=not-enrolled");
	/* With user= unknown users get paths too. */
	make_folder("home/store", 0700);
	snprintf(options, sizeof options, "enroll secret=@D/home/store/${USER} user=%u",
		geteuid());
	offer_options(options);
	expect_no_offer("nobody-knows", "reason=not-enrolled");
}

static void without_a_prompt_nothing_is_offered(void **state)
{
	(void)state;
	offer_options("enroll use_first_pass");
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_int_equal(stack_last.prompts, 0);
	assert_null(strstr(stack_last.messages, "Secret"));
	offer_options("enroll forward_pass");
	expect_no_offer("alice", "reason=not-enrolled");
	offer_options("enroll=no");
	expect_no_offer("alice", "reason=not-enrolled");
	offer_options("enroll");
	stack_last.flags = PAM_SILENT;
	expect_no_offer("alice", "reason=not-enrolled");
	stack_last.flags = 0;
	offer_options("enroll try_first_pass");
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
}

static void with_nullok_the_offer_can_be_skipped(void **state)
{
	char log[256];

	(void)state;
	offer_options("enroll nullok");
	offer_log_in("alice", "e");
	expect_nothing_stored(PAM_IGNORE, 1, "<6>skipped " WHO " reason=not-enrolled\n");
	assert_non_null(strstr(stack_last.messages, "press Enter only"));
	offer_log_in("alice", "we");
	expect_nothing_stored(PAM_IGNORE, 2, "<6>skipped " WHO " reason=not-enrolled\n");
	snprintf(log, sizeof log, NOTHING_STORED, "");
	offer_log_in("alice", "www");
	expect_nothing_stored(PAM_AUTH_ERR, 3, log);
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
}

static void a_secret_that_is_there_stays(void **state)
{
	static const char *const texts[] = {
		STACK_SECRET "\n\" TOTP_AUTH\n", "damaged\n", "\" TOTP_AUTH\n"};

	(void)state;
	offer_options("enroll nullok");
	for (unsigned int i = 0; i < COUNT(texts); i++) {
		stack_put_secret("alice", texts[i]);
		offer_log_in("alice", "s");
		assert_int_not_equal(stack_last.result, PAM_SUCCESS);
		assert_int_not_equal(stack_last.result, PAM_IGNORE);
		assert_null(strstr(stack_last.messages, "Secret"));
		assert_string_equal(text_of(FILE), texts[i]);
	}
	assert_int_equal(chmod(in_folder(FILE), 0644), 0);
	offer_log_in("alice", "s");
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_null(strstr(stack_last.messages, "Secret"));
}

static void put_other_secret(void)
{
	stack_put_secret("alice", "OTHER\n");
}

static void a_secret_that_appears_meanwhile_stays(void **state)
{
	(void)state;
	offer_options("enroll nullok");
	offer_at_prompt = put_other_secret;
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_non_null(strstr(stack_log, "<2>refused " WHO " reason=store-error"));
	assert_null(strstr(stack_log, "enrolled"));
	assert_string_equal(text_of(FILE), "OTHER\n");
	assert_int_equal(count_entries("home/alice"), 1);
	assert_non_null(strstr(stack_last.messages, "error: The secret could not be stored."));
	assert_null(strstr(stack_last.messages, "Emergency"));
}

static void nothing_is_stored_while_the_person_thinks_check(void)
{
	assert_int_equal(count_entries("home/alice"), 0);
}

static void nothing_is_stored_during_the_prompt(void **state)
{
	(void)state;
	offer_at_prompt = nothing_is_stored_while_the_person_thinks_check;
	offer_log_in("alice", "wwr");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
}

static void a_folder_that_cannot_be_written_refuses(void **state)
{
	(void)state;
	stack_needs_files("the detail is in the log of totp-verifyd");
	offer_options("enroll nullok");
	assert_int_equal(chmod(in_folder("home/alice"), 0500), 0);
	offer_log_in("alice", "r");
	assert_int_equal(chmod(in_folder("home/alice"), 0700), 0);
	assert_non_null(strstr(stack_last.messages, "error: The secret could not be stored."));
	expect_nothing_stored(PAM_AUTHINFO_UNAVAIL, 1, stack_log);
	assert_non_null(strstr(stack_log, "reason=store-error"));
	assert_non_null(strstr(stack_log, "Permission denied"));
	offer_log_in("lost", "r");
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_non_null(strstr(stack_last.messages, "error: The secret could not be stored."));
}

static void open_store_to_all(void)
{
	assert_int_equal(chmod(in_folder("home/store"), 0777), 0);
}

static void the_secret_is_stored_where_the_options_say(void **state)
{
	char options[128];

	(void)state;
	stack_needs_files("a bad folder is a store-error to the client");
	snprintf(options, sizeof options, "enroll secret=@D/home/store/${USER} user=%u",
		geteuid());
	make_folder("home/store", 0700);
	offer_options(options);
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_string_equal(text_of("home/store/alice"), offer_expected_file(0));
	assert_int_equal(count_entries("home/alice"), 0);
	/* A folder that others can write to is refused. */
	offer_at_prompt = open_store_to_all;
	offer_log_in("bob", "r");
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(offer_count, 1);
	assert_non_null(strstr(stack_log, "reason=bad-file"));
	assert_int_equal(count_entries("home/store"), 1);
}

static bool no_time(void *caller)
{
	(void)caller;
	return true;
}

static void an_impossible_clock_refuses(void **state)
{
	(void)state;
	stack_on_time = no_time;
	offer_log_in("alice", "r");
	stack_on_time = NULL;
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_non_null(strstr(stack_log, "reason=store-error"));
	assert_int_equal(count_entries("home/alice"), 0);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_right_code_stores_and_lets_in),
		TEST(the_code_is_spent_and_the_emergency_codes_are_good),
		TEST(the_message_has_link_secret_and_qr_code),
		TEST(codes_of_the_neighboring_steps_are_right),
		TEST(a_wrong_code_is_asked_for_again_with_the_same_secret),
		TEST(each_login_shows_another_secret),
		TEST(three_wrong_codes_store_nothing),
		TEST(no_answer_always_refuses),
		TEST(a_message_that_fails_refuses),
		TEST(without_an_earlier_factor_nothing_is_offered),
		TEST(a_user_who_is_not_asked_is_offered_nothing),
		TEST(an_unknown_user_is_offered_nothing),
		TEST(without_a_prompt_nothing_is_offered),
		TEST(with_nullok_the_offer_can_be_skipped),
		TEST(a_secret_that_is_there_stays),
		TEST(a_secret_that_appears_meanwhile_stays),
		TEST(nothing_is_stored_during_the_prompt),
		TEST(a_folder_that_cannot_be_written_refuses),
		TEST(the_secret_is_stored_where_the_options_say),
		TEST(an_impossible_clock_refuses),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
