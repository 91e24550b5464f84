/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* After an enrollment in the login, the module leaves nothing of the secret in memory. */

#include "config.h"

#include <dlfcn.h>
#include <security/pam_appl.h>
#include <sys/random.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "memory_search.h"
#include "stack.h"

/* The code of STACK_SECRET at STACK_NOW, checked below. */
#define CODE	  "661763"
#define EMERGENCY "48271935"

#define FILE_NAME "home/alice/.google_authenticator"

/* STACK_SECRET, decoded. */
static const unsigned char key[] = "Hello!\xde\xad\xbe\xefHello!\xde\xad\xbe\xef";

static uint32_t drawn;
static bool encoder_missing;

/* Replaces the C library's function: returns a known key, and then numbers that become known
 * emergency codes. What names temporary files is another length, and stays random. */
ssize_t getrandom(void *buffer, size_t length, unsigned int flags)
{
	static ssize_t (*real)(void *buffer, size_t length, unsigned int flags);
	/* The lowest of 2^32 numbers would be drawn again. */
	uint32_t number = 90000000 + 38271935 + drawn;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "getrandom");
	if (length == sizeof key - 1)
		memcpy(buffer, key, length);
	else if (length == sizeof number)
		memcpy(buffer, &number, length);
	else
		return real(buffer, length, flags);
	drawn += length == sizeof number;
	return (ssize_t)length;
}

/* libqrencode frees copies of its data without wiping them. So it is made unavailable when only the
 * module is tested. */
void *dlopen(const char *name, int flags)
{
	static void *(*real)(const char *name, int flags);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "dlopen");
	if (encoder_missing && name != NULL && strncmp(name, "libqrencode", 11) == 0)
		return NULL;
	return real(name, flags);
}

struct person {
	const char *const *answers;
	unsigned int prompts;
};

/* A conversation that keeps no message, and answers to a message as to a question. */
static int converse(int count, const struct pam_message **messages,
	struct pam_response **responses, void *data)
{
	struct person *person = data;
	const char *answer;

	assert_int_equal(count, 1);
	*responses = calloc(1, sizeof **responses);
	assert_non_null(*responses);
	if (messages[0]->msg_style == PAM_TEXT_INFO ||
		messages[0]->msg_style == PAM_ERROR_MSG) {
		(*responses)->resp = strdup(MEMORY_BLANKS CODE);
		return PAM_SUCCESS;
	}
	answer = person->answers[person->prompts++];
	if (answer != NULL) {
		(*responses)->resp = strdup(answer);
		return PAM_SUCCESS;
	}
	free(*responses);
	*responses = NULL;
	return PAM_CONV_ERR;
}

static int log_in(const char *const *answers)
{
	struct person person = {.answers = answers};
	const struct pam_conv conversation = {converse, &person};
	pam_handle_t *pamh = NULL;
	int result;

	drawn = 0;
	*stack_log = '\0';
	assert_int_equal(
		pam_start_confdir("test", "alice", &conversation, in_folder("services"), &pamh),
		PAM_SUCCESS);
	assert_int_equal(pam_putenv(pamh, "SSH_AUTH_INFO_0=publickey x"), PAM_SUCCESS);
	result = pam_authenticate(pamh, 0);
	assert_int_equal(pam_end(pamh, result), PAM_SUCCESS);
	return result == PAM_MAXTRIES ? PAM_IGNORE : result;
}

static void remember_all(void)
{
	memory_forget();
	memory_remember("the secret", STACK_SECRET, 32, 0);
	memory_remember("the secret in groups", "JBSW Y3DP EHPK 3PXP JBSW", 24, 0);
	memory_remember("the decoded secret", (const char *)key, 20, 0);
	memory_remember("the inner HMAC key", (const char *)key, 20, 0x36);
	memory_remember("the outer HMAC key", (const char *)key, 20, 0x5c);
	memory_remember("the emergency code", EMERGENCY, 8, 0);
	memory_remember("the code", CODE, 6, 0);
}

static void the_secret_is_the_one_that_is_searched_for(void **state)
{
	static const char *const answers[] = {CODE, NULL};

	(void)state;
	stack_options("enroll");
	assert_string_equal(stack_code(0), CODE);
	assert_int_equal(log_in(answers), PAM_SUCCESS);
	assert_memory_equal(text_of(FILE_NAME), STACK_SECRET "\n", 33);
	assert_non_null(strstr(text_of(FILE_NAME), EMERGENCY "\n"));
}

static const struct {
	const char *options;
	const char *const answers[4];
	int result;
	bool unwritable;
} logins[] = {
	{"enroll", {CODE}, PAM_SUCCESS, false},
	{"enroll", {MEMORY_BLANKS CODE}, PAM_SUCCESS, false},
	{"enroll", {"", "", MEMORY_BLANKS CODE "?"}, PAM_AUTH_ERR, false},
	{"enroll", {"000000", CODE}, PAM_SUCCESS, false},
	{"enroll", {"000000", "x", ""}, PAM_AUTH_ERR, false},
	{"enroll", {NULL}, PAM_AUTH_ERR, false},
	{"enroll", {"000000", NULL}, PAM_AUTH_ERR, false},
	{"enroll nullok", {""}, PAM_IGNORE, false},
	{"enroll", {CODE}, PAM_AUTHINFO_UNAVAIL, true},
};

static void nothing_of_the_secret_is_left(void **state)
{
	(void)state;
	encoder_missing = true;
	remember_all();
	for (unsigned int i = 0; i < COUNT(logins); i++) {
		unlink(in_folder(FILE_NAME));
		assert_int_equal(
			chmod(in_folder("home/alice"), logins[i].unwritable ? 0500 : 0700), 0);
		stack_options(logins[i].options);
		if (log_in(logins[i].answers) != logins[i].result || memory_search() != 0)
			fail_msg("after login %u: %s", i, stack_log);
	}
	assert_int_equal(chmod(in_folder("home/alice"), 0700), 0);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_of_the_secret_is_left),
		TEST(the_secret_is_the_one_that_is_searched_for),
	};

	(void)argc;
	memory_need_no_sanitizer();
	memory_bind_now();
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
