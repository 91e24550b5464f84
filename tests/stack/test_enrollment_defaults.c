/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The section [enroll] sets the defaults of the enrollment in a login. */

#include "config.h"

#include <liboath/oath.h>
#include <security/pam_appl.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "offer.h"

#define FILE "home/alice/.google_authenticator"

/* The quiet zone above the QR code: light blocks for a dark terminal, blanks for a light one. */
#define FULL  "\xe2\x96\x88"
#define DARK  ")\n\n" FULL FULL FULL FULL
#define LIGHT ")\n\n    "

static int begin(void **state)
{
	int status = stack_setup(state);

	stack_last = (struct stack_login){.rhost = "192.0.2.7"};
	offer_kind = (struct offer_kind)OFFER_KIND_USUAL;
	make_folder("conf", 0755);
	offer_options("enroll conf=@D/conf/t.conf");
	return status;
}

static int end(void **state)
{
	nftw(in_folder("conf"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return stack_teardown(state);
}

static void put_defaults(const char *lines)
{
	char text[1024];

	assert_true(snprintf(text, sizeof text, "[enroll]\n%s", lines) < (int)sizeof text);
	put_file("conf/t.conf", text, 0644);
}

static void expect_message(const char *text, bool there)
{
	if ((strstr(stack_last.messages, text) != NULL) != there)
		fail_msg("%s \"%s\" in %s", there ? "no" : "there is", text,
			stack_last.messages);
}

/* Enrolls alice and checks her file: the secret, these lines, and so many emergency codes whose
 * lines begin so. */
static void enroll(const char *lines, unsigned int codes, const char *start)
{
	const char *text;
	unsigned int count = 0;

	unlink(in_folder(FILE));
	if (offer_log_in("alice", "r") != PAM_SUCCESS)
		fail_msg("%s%s", stack_log, stack_last.messages);
	text = text_of(FILE);
	assert_memory_equal(text, offer_secret, strlen(offer_secret));
	text += strlen(offer_secret) + 1;
	if (strncmp(text, lines, strlen(lines)) != 0)
		fail_msg("expected\n%s but found\n%s", lines, text);
	for (text += strlen(lines); *text != '\0'; text = strchr(text, '\n') + 1, count++)
		assert_memory_equal(text, start, strlen(start));
	assert_int_equal(count, codes);
}

static void the_issuer_is_in_the_link(void **state)
{
	(void)state;
	put_defaults("issuer=\"Example Corp\"\n");
	offer_log_in("alice", "F");
	expect_message("otpauth://totp/Example%20Corp:alice@", true);
	expect_message("&issuer=Example%20Corp", true);
	put_defaults("issuer=\n");
	offer_log_in("alice", "F");
	expect_message("otpauth://totp/alice@", true);
	expect_message("issuer", false);
}

static void every_line_of_the_file_follows_the_section(void **state)
{
	char code[16];

	(void)state;
	put_defaults("algorithm=SHA512\ndigits=8\nstep_size=60\nwindow_size=5\n"
		     "rate_limit=2 60\nemergency_codes=2\ncodes=plain\ndisallow_reuse=no\n"
		     "time_based=no\n");
	offer_kind = (struct offer_kind){8, 60, OATH_TOTP_HMAC_SHA512};
	enroll("\" RATE_LIMIT 2 60\n\" WINDOW_SIZE 5\n\" ALGORITHM SHA512\n\" DIGITS 8\n"
	       "\" STEP_SIZE 60\n\" TOTP_AUTH\n",
		2, "");
	expect_message("  (by time, 8 digits, SHA512, 60 seconds)\n", true);
	snprintf(code, sizeof code, "%s", stack_last.answers[0]);
	assert_int_equal(strlen(code), 8);
	assert_int_equal(stack_log_in("alice", code), PAM_SUCCESS);
}

static void without_the_section_the_file_is_the_usual_one(void **state)
{
	char lines[128];

	(void)state;
	snprintf(lines, sizeof lines,
		"\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE %d\n\" TOTP_AUTH\n", STACK_STEP);
	put_defaults("");
	enroll(lines, 5, "");
	put_defaults("algorithm=SHA1\ndigits=6\nstep_size=30\nrate_limit=3 30\n"
		     "disallow_reuse=yes\ntime_based=yes\nemergency_codes=5\n");
	enroll(lines, 5, "");
	expect_message("not every app", false);
}

static void the_rate_limit_can_be_left_out(void **state)
{
	char lines[128];

	(void)state;
	snprintf(lines, sizeof lines, "\" DISALLOW_REUSE %d\n\" TOTP_AUTH\n", STACK_STEP);
	put_defaults("rate_limit=no\n");
	enroll(lines, 5, "");
}

static void emergency_codes_are_hashed_where_the_section_says(void **state)
{
	char lines[128];

	(void)state;
	snprintf(lines, sizeof lines,
		"\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE %d\n\" TOTP_AUTH\n", STACK_STEP);
	put_defaults("codes=hashed\nemergency_codes=1\n");
	enroll(lines, 1, "\" SCRATCH_HASH ");
	expect_message("\nhashes of them.", true);
	snprintf(lines, sizeof lines,
		"\" RATE_LIMIT 3 30\n\" ALGORITHM SHA256\n\" DISALLOW_REUSE %d\n\" TOTP_AUTH\n",
		STACK_STEP);
	put_defaults("algorithm=SHA256\nemergency_codes=1\n");
	offer_kind.flags = OATH_TOTP_HMAC_SHA256;
	enroll(lines, 1, "\" SCRATCH_HASH ");
	put_defaults("algorithm=SHA256\nemergency_codes=1\ncodes=plain\n");
	enroll(lines, 1, "");
	expect_message("hashes of them.", false);
}

static void emergency_codes_can_be_left_out(void **state)
{
	(void)state;
	put_defaults("emergency_codes=0\n");
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	expect_message("The app works", true);
	expect_message("Emergency", false);
	/* There are no codes that could be lost with the message. */
	unlink(in_folder(FILE));
	stack_last.lost = 2;
	offer_log_in("alice", "r");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
}

static void the_qr_code_is_drawn_as_the_section_says(void **state)
{
	static const char *const cases[][2] = {
		{"", DARK},
		{"qr=ansi\n", DARK},
		{"qr=utf8_inverse\n", LIGHT},
		{"qr=ANSI_inverse\n", LIGHT},
	};

	(void)state;
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		put_defaults(cases[i][0]);
		offer_log_in("alice", "F");
		expect_message("\nLink: otpauth://totp/", true);
		expect_message(cases[i][1], true);
		expect_message("\033", false);
	}
	put_defaults("qr=none\n");
	offer_log_in("alice", "F");
	expect_message("\nLink: otpauth://totp/", true);
	expect_message(FULL, false);
}

static void the_message_names_apps_that_cannot_do_it(void **state)
{
	static const char line[] =
		")\nSHA256, 8 digits, 1 second: not every app supports this. Apps that "
		"do not will show wrong codes without a warning: Microsoft Authenticator, "
		"Google "
		"Authenticator, Authy, Duo Mobile, Okta Verify, Yubico Authenticator, "
		"1Password and others.\n";

	(void)state;
	put_defaults("algorithm=SHA256\ndigits=8\nstep_size=1\nqr=none\n");
	offer_log_in("alice", "F");
	expect_message(line, true);
	put_defaults("digits=7\n");
	offer_log_in("alice", "F");
	expect_message("\n7 digits: not every app", true);
	expect_message(" Google Authenticator from before 2024,", true);
	put_defaults("window_size=9\nissuer=x\n");
	offer_log_in("alice", "F");
	expect_message("not every app", false);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_issuer_is_in_the_link, begin, end),
		cmocka_unit_test_setup_teardown(
			every_line_of_the_file_follows_the_section, begin, end),
		cmocka_unit_test_setup_teardown(
			without_the_section_the_file_is_the_usual_one, begin, end),
		cmocka_unit_test_setup_teardown(the_rate_limit_can_be_left_out, begin, end),
		cmocka_unit_test_setup_teardown(
			emergency_codes_are_hashed_where_the_section_says, begin, end),
		cmocka_unit_test_setup_teardown(emergency_codes_can_be_left_out, begin, end),
		cmocka_unit_test_setup_teardown(
			the_qr_code_is_drawn_as_the_section_says, begin, end),
		cmocka_unit_test_setup_teardown(
			the_message_names_apps_that_cannot_do_it, begin, end),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
