/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Common secret files, and checks of a login. */
#ifndef TOTPGROUP_TESTS_EXPECT_LOGIN_H
#define TOTPGROUP_TESTS_EXPECT_LOGIN_H

#include <security/pam_appl.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP	STACK_SECRET "\n\" TOTP_AUTH\n"
#define TRACKED STACK_SECRET "\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"

/* How log lines begin for alice from the usual host, and the path of her secret file in them. */
#define WHO   "user=alice rhost=192.0.2.7"
#define PLACE "@D/home/alice/.google_authenticator"

/* Checks that the log is exactly these lines. @D in them stands for the folder. */
static inline void expect_log(const char *expected)
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

/* Checks the result and the number of prompts of the last login. */
static inline void expect_result(int result, unsigned int prompts)
{
	if (stack_last.result != result || stack_last.prompts != prompts)
		print_message("log: %s", stack_log);
	assert_int_equal(stack_last.result, result);
	assert_int_equal(stack_last.prompts, prompts);
}

/* Checks also the log, and that the prompt is the usual one. */
static inline void expect(int result, unsigned int prompts, const char *log)
{
	expect_result(result, prompts);
	expect_log(log);
	if (prompts > 0) {
		assert_string_equal(stack_last.prompt, "Verification code: ");
		assert_int_equal(stack_last.style, PAM_PROMPT_ECHO_OFF);
	}
}

#endif
