/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* After a login neither the secret nor the code is left in memory, where a core dump could show it. */

#include "config.h"

#include <fcntl.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/hashed_codes.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "core/emergency_hash.h"
#include "fake_listener.h"
#include "memory_search.h"
#include "stack.h"

#define EMERGENCY "48271935"
#define WORDS	  "correct horse and no battery, staple it"
#define PASSWORD  MEMORY_BLANKS WORDS
/* The code of STACK_SECRET at STACK_NOW, checked below. */
#define CODE "661763"

#define FILE_TEXT                                                                              \
	STACK_SECRET                                                                           \
	"\n\" RATE_LIMIT 30 30\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n" EMERGENCY "\n" A_1

/* STACK_SECRET, decoded. */
static const char key[] = "Hello!\xde\xad\xbe\xefHello!\xde\xad\xbe\xef";

static void remember_all(void)
{
	memory_forget();
	memory_remember("the secret", STACK_SECRET, 32, 0);
	memory_remember("the decoded secret", key, 20, 0);
	memory_remember("the inner HMAC key", key, 20, 0x36);
	memory_remember("the outer HMAC key", key, 20, 0x5c);
	memory_remember("the emergency code", EMERGENCY, 8, 0);
	memory_remember("the code", CODE, 6, 0);
	memory_remember("the hashed emergency code", CODE_A, EMERGENCY_HASH_LENGTH, 0);
	memory_remember("the hashed emergency code as written", WRITTEN_A,
		EMERGENCY_HASH_WRITTEN_LENGTH, 0);
	/* HMAC uses the code itself as key, because it is shorter than a block. */
	memory_remember("the inner key of scrypt", CODE_A, EMERGENCY_HASH_LENGTH, 0x36);
	memory_remember("the outer key of scrypt", CODE_A, EMERGENCY_HASH_LENGTH, 0x5c);
	memory_remember("the password", WORDS, strlen(WORDS), 0);
}

/* Another process writes the file, so that this one never had the secret. */
static void put_secret_elsewhere(void)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		stack_put_secret("alice", FILE_TEXT);
		_exit(strcmp(stack_code(0), CODE) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void the_search_finds_what_is_there(void **state)
{
	char *copy;

	(void)state;
	remember_all();
	assert_int_equal(memory_search(), 0);
	copy = malloc(100);
	assert_non_null(copy);
	memcpy(copy + 7, EMERGENCY, 8);
	assert_int_equal(memory_search(), 1);
	explicit_bzero(copy, 100);
	free(copy);
	assert_int_equal(memory_search(), 0);
}

static const struct {
	const char *options;
	const char *answer;
	int result;
} logins[] = {
	{"", EMERGENCY, PAM_SUCCESS},
	{"", WRITTEN_A, PAM_SUCCESS},
	{"", WRITTEN_A, PAM_AUTH_ERR},
	{"", CODE_A, PAM_AUTH_ERR},
	{"forward_pass", PASSWORD WRITTEN_A, PAM_AUTH_ERR},
	{"", CODE, PAM_SUCCESS},
	{"", CODE, PAM_AUTH_ERR},
	{"", PASSWORD, PAM_AUTH_ERR},
	{"", PASSWORD CODE, PAM_AUTH_ERR},
	{"forward_pass", PASSWORD CODE, PAM_AUTH_ERR},
	{"forward_pass group=!totp", PASSWORD WRITTEN_A, PAM_IGNORE},
	{"forward_pass group=!totp", PASSWORD CODE, PAM_IGNORE},
	{"debug grace_period=30", "000000", PAM_AUTH_ERR},
	{"nosuch", CODE, PAM_SERVICE_ERR},
	{"group=nosuch", CODE, PAM_SERVICE_ERR},
	{"user=root secret=/nonexistent/x", CODE, PAM_AUTH_ERR},
};

static void nothing_is_left_after_a_login(void **state)
{
	(void)state;
	remember_all();
	put_secret_elsewhere();
	for (unsigned int i = 0; i < COUNT(logins); i++) {
		stack_options(logins[i].options);
		stack_log_in("alice", logins[i].answer);
		assert_int_equal(stack_last.result, logins[i].result);
		/* After pam_end() the process of sshd may live on. */
		if (memory_search() != 0)
			fail_msg("after login %u", i);
	}
}

static void nothing_is_left_when_the_state_cannot_be_written(void **state)
{
	(void)state;
	remember_all();
	put_secret_elsewhere();
	assert_int_equal(chmod(in_folder("home/alice"), 0500), 0);
	stack_log_in("alice", CODE);
	assert_int_equal(chmod(in_folder("home/alice"), 0700), 0);
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(memory_search(), 0);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	return fake_credentials(fd, level, name, value, size);
}

static void nothing_is_left_of_a_request_to_the_daemon(void **state)
{
	static const struct fake_reply replies[] = {
		{"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0}}", 0,
			FAKE_HANG_UP},
		{"{\"parameters\":{\"result\":\"refused\",\"retry_after\":0}}", 0,
			FAKE_HANG_UP},
		{"x", 0, FAKE_HANG_UP}};
	static const int results[] = {PAM_SUCCESS, PAM_AUTH_ERR, PAM_AUTHINFO_UNAVAIL};

	(void)state;
	fake_look = "{\"parameters\":{\"result\":\"ask\"}}";
	remember_all();
	stack_options("debug store=socket:@D/" FAKE_SOCKET);
	for (unsigned int i = 0; i < COUNT(replies); i++) {
		fake_start(&replies[i], 1);
		stack_log_in("alice", i == 1 ? WRITTEN_A : CODE);
		fake_stop();
		assert_int_equal(stack_last.result, results[i]);
		assert_int_equal(memory_search(), 0);
	}
	stack_log_in("alice", PASSWORD CODE);
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(memory_search(), 0);
	unlink(in_folder(FAKE_REQUESTS));
}

static void nothing_is_left_of_an_unknown_users_answer(void **state)
{
	(void)state;
	remember_all();
	stack_log_in("nobody-knows", PASSWORD CODE);
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_int_equal(memory_search(), 0);
}

static unsigned int left_at_prompt;

static void search_at_prompt(void)
{
	left_at_prompt = memory_search();
}

static void nothing_is_left_during_the_prompt(void **state)
{
	(void)state;
	remember_all();
	put_secret_elsewhere();
	left_at_prompt = 1;
	stack_last = (struct stack_login){
		.user = "alice", .answers = {CODE}, .at_prompt = search_at_prompt};
	stack_login(&stack_last);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_int_equal(left_at_prompt, 0);
}

static void nothing_is_left_when_the_conversation_fails(void **state)
{
	static const char *const answers[] = {
		stack_fails, stack_null_answer, stack_no_responses};

	(void)state;
	remember_all();
	put_secret_elsewhere();
	for (unsigned int i = 0; i < COUNT(answers); i++) {
		stack_options(i % 2 == 0 ? "" : "forward_pass");
		stack_log_in("alice", answers[i]);
		assert_int_not_equal(stack_last.result, PAM_SUCCESS);
		assert_int_equal(memory_search(), 0);
	}
}

static int answer_and_fail(int count, const struct pam_message **messages,
	struct pam_response **responses, void *data)
{
	(void)messages;
	(void)data;
	assert_int_equal(count, 1);
	*responses = calloc(1, sizeof **responses);
	assert_non_null(*responses);
	(*responses)->resp = strdup(PASSWORD CODE);
	return PAM_CONV_ERR;
}

static void nothing_is_left_of_an_answer_that_came_with_a_failure(void **state)
{
	const struct pam_conv conversation = {answer_and_fail, NULL};
	pam_handle_t *pamh = NULL;
	int result;

	(void)state;
	remember_all();
	put_secret_elsewhere();
	assert_int_equal(
		pam_start_confdir("test", "alice", &conversation, in_folder("services"), &pamh),
		PAM_SUCCESS);
	result = pam_authenticate(pamh, 0);
	assert_int_equal(pam_end(pamh, result), PAM_SUCCESS);
	assert_int_equal(result, PAM_AUTH_ERR);
	assert_int_equal(memory_search(), 0);
}

/* Ends of two pipes: the login tells that it asks, and waits until it is killed. */
static int asks[2], waits[2];

static void wait_to_be_killed(void)
{
	char byte = 0;

	(void)!write(asks[1], &byte, 1);
	(void)!read(waits[0], &byte, 1);
}

/* What a core dump of it could show. */
static void nothing_is_left_in_a_process_that_is_killed_at_its_prompt(void **state)
{
	unsigned int found;
	char byte;
	pid_t child;

	(void)state;
	remember_all();
	put_secret_elsewhere();
	assert_int_equal(pipe(asks), 0);
	assert_int_equal(pipe(waits), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		stack_last = (struct stack_login){
			.user = "alice", .answers = {CODE}, .at_prompt = wait_to_be_killed};
		stack_login(&stack_last);
		_exit(0);
	}
	assert_int_equal(read(asks[0], &byte, 1), 1);
	found = memory_search_of(child);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(found, 0);
	for (unsigned int i = 0; i < 2; i++) {
		close(asks[i]);
		close(waits[i]);
	}
	stack_log_in("alice", CODE);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_int_equal(memory_search(), 0);
}

/* Where the compiler cannot leave it out. */
static char *volatile kept;

static void the_search_finds_what_another_process_has(void **state)
{
	unsigned int found;
	char byte;
	pid_t child;

	(void)state;
	remember_all();
	assert_int_equal(pipe(asks), 0);
	assert_int_equal(pipe(waits), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		kept = malloc(100);
		if (kept != NULL)
			memcpy(kept + 7, EMERGENCY, 8);
		wait_to_be_killed();
		_exit(0);
	}
	assert_int_equal(read(asks[0], &byte, 1), 1);
	found = memory_search_of(child);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(found, 1);
	for (unsigned int i = 0; i < 2; i++) {
		close(asks[i]);
		close(waits[i]);
	}
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_search_finds_what_is_there),
		TEST(nothing_is_left_after_a_login),
		TEST(nothing_is_left_when_the_state_cannot_be_written),
		TEST(nothing_is_left_of_a_request_to_the_daemon),
		TEST(nothing_is_left_of_an_unknown_users_answer),
		TEST(nothing_is_left_during_the_prompt),
		TEST(nothing_is_left_when_the_conversation_fails),
		TEST(nothing_is_left_of_an_answer_that_came_with_a_failure),
		TEST(nothing_is_left_in_a_process_that_is_killed_at_its_prompt),
		TEST(the_search_finds_what_another_process_has),
	};

	(void)argc;
	memory_need_no_sanitizer();
	memory_bind_now();
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
