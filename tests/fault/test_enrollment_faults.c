/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every call that the module makes in an enrollment fails in turn. */

#include "config.h"

#include "sweep.h"

#include "../stack/offer.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"

#define FILE_NAME "home/alice/.google_authenticator"

/* Only a QR code needs it, and not a login. */
INTERPOSE(void *, dlopen, (const char *name, int flags), (name, flags), NULL)

static bool time_fails(void *caller)
{
	return call_fails(caller, "time");
}

/* Makes one login in which call number k and the next fail_for - 1 calls fail. Returns the
 * number of calls. */
static unsigned int fail_calls(
	const char *script, unsigned int k, unsigned int fail_for, int error)
{
	unsigned int descriptors = count_entries("../../proc/self/fd");
	char identity[8192];

	unlink(in_folder(FILE_NAME));
	strcpy(identity, stack_identity());
	calls.count = calls.hmac_count = 0;
	calls.fail_at = k;
	calls.fail_for = fail_for;
	calls.error = error;
	calls.failed = NULL;
	calls.live_count = 0;
	stack_on_time = time_fails;
	calls.armed = true;
	offer_log_in("alice", script);
	calls.armed = false;
	assert_int_equal(calls.live_count, 0);
	assert_int_equal(count_entries("../../proc/self/fd"), descriptors);
	assert_string_equal(stack_identity(), identity);
	return calls.count;
}

/* Checks that a user who was let in has a secret and gave a code of it, and that exactly
 * what was shown is stored. A file that exists is whole. If the earlier factor cannot be
 * read, there is none, and nullok may skip. */
static void check(const char *options, const char *script, int error)
{
	bool unseen = strstr(options, "nullok") != NULL && offer_count == 0 &&
		      calls.failed != NULL &&
		      (calls.fail_for > 1 || strcmp(calls.failed, "pam_get_item") == 0);
	const char *text = text_of(FILE_NAME);
	bool stored = strcmp(text, "(none)") != 0;

	if (stored) {
		assert_non_null(strchr(script, 'r'));
		assert_memory_equal(text, offer_secret, strlen(offer_secret));
	}
	/* A temporary file stays if removing it fails, too. */
	if (calls.fail_for == 1)
		assert_int_equal(count_entries("home/alice"), stored);
	if (stack_last.result == PAM_SUCCESS) {
		if (!stored || strcmp(text, offer_expected_file(0)) != 0)
			fail_msg("let in by %s (%s), with %s", calls.failed, strerror(error),
				text);
		assert_non_null(strstr(stack_log, "<6>enrolled user=alice"));
	} else if (stack_last.result == PAM_IGNORE) {
		if (strchr(script, 'e') == NULL && !unseen)
			fail_msg("skipped by %s", calls.failed);
		assert_false(stored);
	}
}

static void fail_each_call(
	const char *options, const char *script, int result, enum sweep_duration duration)
{
	unsigned int total, let_in = 0;

	offer_options(options);
	total = fail_calls(script, 0, 0, 0);
	assert_int_equal(stack_last.result, result);
	assert_true(total >= 20);
	for (struct sweep sweep = sweep_begin(total, duration); sweep_next(&sweep);) {
		(void)fail_calls(script, sweep.at, sweep.fail_for, sweep.error);
		check(options, script, sweep.error);
		let_in += stack_last.result == PAM_SUCCESS;
	}
	print_message("# %s %s: %u calls, let in %u times\n", options, script, total, let_in);
}

static void a_failure_lets_nobody_in_without_a_secret(void **state)
{
	(void)state;
	for (enum sweep_duration duration = SWEEP_ONCE; duration <= SWEEP_LASTING; duration++) {
		fail_each_call("enroll", "r", PAM_SUCCESS, duration);
		fail_each_call("enroll nullok", "wr", PAM_SUCCESS, duration);
		fail_each_call("enroll nullok", "e", PAM_IGNORE, duration);
		fail_each_call("enroll", "www", PAM_AUTH_ERR, duration);
	}
}

/* Fails each call in turn, and counts how often it was the one that loads the library. */
static unsigned int fail_to_load(void)
{
	unsigned int total = fail_calls("r", 0, 0, 0), seen = 0;

	for (unsigned int k = 1; k <= total; k++) {
		(void)fail_calls("r", k, 1, ENOENT);
		if (calls.failed == NULL || strcmp(calls.failed, "dlopen") != 0)
			continue;
		assert_int_equal(stack_last.result, PAM_SUCCESS);
		assert_null(strstr(stack_last.messages, "\xe2\x96\x84"));
		assert_non_null(strstr(stack_last.messages, "Link: otpauth://"));
		assert_non_null(
			strstr(stack_log, "<4>no-qr user=alice rhost=192.0.2.7 "
					  "detail=\"libqrencode.so.4 cannot be loaded\"\n"));
		seen++;
	}
	return seen;
}

/* Where a random number is drawn once more, the calls behind it are other ones, so that the load can
 * be met twice in a round, or not at all. */
static void without_the_qr_library_the_link_is_shown(void **state)
{
	unsigned int seen = 0;

	(void)state;
	offer_options("enroll");
	for (unsigned int round = 0; seen == 0 && round < 20; round++)
		seen = fail_to_load();
	assert_true(seen > 0);
}

static int begin(void **state)
{
	int status = stack_setup(state);

	stack_last = (struct stack_login){.rhost = "192.0.2.7"};
	return status;
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_failure_lets_nobody_in_without_a_secret),
		TEST(without_the_qr_library_the_link_is_shown),
	};

	(void)argc;
	stack_main(argv);
	/* Keeps the library loaded, so that its functions are found after those above. */
	if (dlopen("libgcrypt.so.20", RTLD_NOW | RTLD_GLOBAL) == NULL)
		return 99;
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
