/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every call that the module makes in a login with seal_key= fails in turn: nobody is let in whose
 * code stays good, nobody passes for a user without a secret, no sealed file is overwritten by
 * one that does not open, and no key is left in memory. */

#include "config.h"

/* Also those that derive keys. */
#define HMAC_CALLS_MAX 40
#include "sweep.h"

#include <sys/wait.h>

#include "../stack/memory_search.h"
#include "../stack/stack.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "core/seal.h"

#define SECRET	"home/fixed/alice"
#define STATE	"home/system/alice"
#define KEYS	"conf/seal.keys"
#define OPTIONS "nullok user=root secret=@D/home/fixed/${USER} seal_key=@D/" KEYS
#define APART	" state=@D/home/system/${USER}"
#define TEXT	STACK_SECRET "\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n48271935\n"

#define KEY_LINE "key 2027 7fPnWcqUrZk8DhyRYnVLBoMTtmPdkWdCpxTZi6Ps4ug=\n"
#define MASTER                                                                                 \
	"\xed\xf3\xe7\x59\xca\x94\xad\x99\x3c\x0e\x1c\x91\x62\x75\x4b\x06"                     \
	"\x83\x13\xb6\x63\xdd\x91\x67\x42\xa7\x14\xd9\x8b\xa3\xec\xe2\xe8"
/* HMAC-SHA-256 of the master key over "totpgroup seal 1", "2027", the kind and "alice". */
#define SECRET_KEY                                                                             \
	"\x3c\x41\xa6\x1e\x3b\x5d\xe9\xdc\x1f\x53\xd9\x13\x21\x58\x7c\x12"                     \
	"\x4a\xc9\xde\xdc\x6d\x67\x3b\x10\x57\xe7\xae\xa3\xef\x52\xee\x61"
#define STATE_KEY                                                                              \
	"\x28\xd1\x16\x0a\x62\x80\x41\xef\xe5\x11\xf1\x40\xa7\xb6\x98\xec"                     \
	"\x87\xd0\xe7\xc8\x03\x0c\x79\x6e\xa2\xf5\x7d\xfa\x28\x52\x7c\x27"

static void remember_all(void)
{
	memory_forget();
	memory_remember("the master key", MASTER, 32, 0);
	memory_remember("the inner HMAC key", MASTER, 32, 0x36);
	memory_remember("the outer HMAC key", MASTER, 32, 0x5c);
	memory_remember("the master key as written", &KEY_LINE[9], 44, 0);
	memory_remember("the key of the secret", SECRET_KEY, 32, 0);
	memory_remember("the key of the state", STATE_KEY, 32, 0);
	memory_remember("the secret", STACK_SECRET, 32, 0);
	memory_remember("the emergency code", "48271935", 8, 0);
}

static void write_sealed(void)
{
	const struct seal_subject subject = {SEAL_SECRET, "alice", 0};
	struct seal_keys keys;
	struct text sealed = TEXT_INIT;
	struct error error = ERROR_INIT;

	memset(&keys, 0, sizeof keys);
	assert_int_equal(seal_keys_read(&keys, KEY_LINE, strlen(KEY_LINE), &error), 0);
	assert_int_equal(seal_close(&keys, &subject, TEXT, strlen(TEXT), &sealed), 0);
	put_file(SECRET, sealed.data, 0400);
	put_file(KEYS, KEY_LINE, 0400);
	text_free(&sealed);
}

static int setup(void **state)
{
	int status = stack_setup(state), child_status;
	pid_t child;

	make_folder("conf", 0700);
	make_folder("home/fixed", 0700);
	/* Another process writes the files, so that this one never had the keys. */
	child = fork();
	if (child == 0) {
		write_sealed();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &child_status, 0), child);
	assert_int_equal(child_status, 0);
	remember_all();
	return status;
}

static int teardown(void **state)
{
	nftw(in_folder("conf"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return stack_teardown(state);
}

static bool time_fails(void *caller)
{
	return call_fails(caller, "time");
}

static unsigned int fail_calls(unsigned int k, unsigned int fail_for, int error)
{
	unsigned int descriptors = count_entries("../../proc/self/fd");

	calls.count = calls.hmac_count = 0;
	calls.fail_at = k;
	calls.fail_for = fail_for;
	calls.error = error;
	calls.failed = NULL;
	calls.live_count = 0;
	stack_on_time = time_fails;
	*stack_log = '\0';
	calls.armed = true;
	stack_log_in("alice", stack_code(0));
	calls.armed = false;
	assert_int_equal(calls.live_count, 0);
	assert_int_equal(count_entries("../../proc/self/fd"), descriptors);
	return calls.count;
}

/* Puts what is there before each login. */
static void put_before(const char *sealed)
{
	unlink(in_folder(SECRET));
	put_file(SECRET, sealed, 0400);
	unlink(in_folder(STATE));
}

/* The same code once more, when nothing fails. */
static void check_what_is_left(bool was_let_in, const char *failed)
{
	*stack_log = '\0';
	stack_log_in("alice", stack_code(0));
	if (strstr(stack_log, "reason=reused") == NULL &&
		(was_let_in || stack_last.result != PAM_SUCCESS))
		fail_msg("after %s: %s", failed, stack_log);
}

static void check_failure(const char *sealed, bool apart, const struct sweep *sweep)
{
	bool let_in = stack_last.result == PAM_SUCCESS;

	if (sweep_is_answer(sweep) && stack_last.result == PAM_IGNORE)
		assert_non_null(strstr(stack_log, "not-enrolled"));
	else if (stack_last.result != PAM_AUTH_ERR && stack_last.result != PAM_SERVICE_ERR &&
		 stack_last.result != PAM_AUTHINFO_UNAVAIL && !let_in)
		fail_msg("%s: %s: result %d", calls.failed, strerror(sweep->error),
			stack_last.result);
	if (!sweep_is_answer(sweep) && strstr(stack_log, "not-enrolled") != NULL)
		fail_msg("%s: %s", calls.failed, stack_log);
	/* A search takes longer than many logins. */
	if (((getenv("TOTPGROUP_LONG") != NULL) || calls.fail_at % 5 == 0) &&
		memory_search() != 0)
		fail_msg("after %s", calls.failed);
	if (apart)
		assert_string_equal(text_of(SECRET), sealed);
	assert_true(seal_is_sealed(text_of(SECRET), strlen(text_of(SECRET))));
	check_what_is_left(let_in, calls.failed);
}

static void fail_each_call(const char *options, bool apart)
{
	char sealed[4096];
	unsigned int total;

	strcpy(sealed, text_of(SECRET));
	stack_options(options);
	put_before(sealed);
	total = fail_calls(0, 0, 0);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_int_equal(memory_search(), 0);
	for (struct sweep sweep = sweep_begin(total, SWEEP_BOTH); sweep_next(&sweep);) {
		put_before(sealed);
		(void)fail_calls(sweep.at, sweep.fail_for, sweep.error);
		check_failure(sealed, apart, &sweep);
	}
	print_message("# %u calls\n", total);
}

static void need_root(void)
{
	if (geteuid() != 0) {
		print_message("# SKIP only root's secrets are sealed\n");
		skip();
	}
}

static void whatever_fails_a_sealed_secret_with_its_state_apart_refuses(void **state)
{
	(void)state;
	need_root();
	fail_each_call(OPTIONS APART, true);
}

static void whatever_fails_a_sealed_secret_that_holds_its_state_refuses(void **state)
{
	(void)state;
	need_root();
	fail_each_call(OPTIONS, false);
}

static void take_keys_away(void)
{
	assert_int_equal(rename(in_folder(KEYS), in_folder("conf/away")), 0);
}

static void keys_that_are_gone_after_the_prompt_refuse(void **state)
{
	char sealed[4096];

	(void)state;
	need_root();
	strcpy(sealed, text_of(SECRET));
	for (unsigned int apart = 0; apart < 2; apart++) {
		stack_options(apart ? OPTIONS APART : OPTIONS);
		*stack_log = '\0';
		stack_last = (struct stack_login){.user = "alice",
			.answers = {stack_code(0)},
			.at_prompt = take_keys_away};
		stack_login(&stack_last);
		assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
		assert_non_null(strstr(stack_log, "seal.keys: there is no such file"));
		assert_string_equal(text_of(SECRET), sealed);
		assert_int_equal(rename(in_folder("conf/away"), in_folder(KEYS)), 0);
	}
	stack_log_in("alice", stack_code(0));
	assert_int_equal(stack_last.result, PAM_SUCCESS);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(keys_that_are_gone_after_the_prompt_refuse),
		TEST(whatever_fails_a_sealed_secret_with_its_state_apart_refuses),
		TEST(whatever_fails_a_sealed_secret_that_holds_its_state_refuses),
	};

	(void)argc;
	memory_need_no_sanitizer();
	memory_bind_now();
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
