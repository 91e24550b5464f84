/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "user_store_support.h"

#include "core/new_credential.h"

static void spends_a_code_once(void **state)
{
	struct stat status;

	(void)state;
	put_secret("alice", TEXT);
	assert_int_equal(verify("alice", "12345678", 0).verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(verify("alice", "12345678", 0).reason, TOTPGROUP_REASON_WRONG_CODE);
	assert_string_equal(text_of("home/alice/.google_authenticator"), SECRET "\n87654321\n");
	assert_int_equal(stat(in_folder("home/alice/.google_authenticator"), &status), 0);
	assert_int_equal(status.st_uid, uid_of("alice"));
	assert_int_equal(status.st_mode & 07777, 0600);
}

/* A stranger who measures it learns nothing about who exists. */
static void computes_as_much_for_nobody_as_for_a_wrong_code(void **state)
{
	(void)state;
	dummies = 0;
	assert_int_equal(verify("nobody-knows", "12345678", TOTPGROUP_ENOTFOUND).reason,
		TOTPGROUP_REASON_NOT_ENROLLED);
	assert_int_equal(dummies, 1);
	assert_int_equal(verify("alice", "12345678", TOTPGROUP_ENOTFOUND).reason,
		TOTPGROUP_REASON_NOT_ENROLLED);
	assert_int_equal(dummies, 2);
	assert_int_equal(verify("", "12345678", TOTPGROUP_ENOTFOUND).reason,
		TOTPGROUP_REASON_NOT_ENROLLED);
	assert_int_equal(verify("homeless", "12345678", TOTPGROUP_ENOTFOUND).reason,
		TOTPGROUP_REASON_NOT_ENROLLED);
	put_secret("alice", "damaged!\n");
	assert_int_equal(verify("alice", "12345678", 0).reason, TOTPGROUP_REASON_BAD_FILE);
	assert_int_equal(dummies, 4);
	put_secret("alice", "");
	assert_int_equal(verify("alice", "12345678", TOTPGROUP_EUNSAFE).reason,
		TOTPGROUP_REASON_BAD_FILE);
	assert_int_equal(dummies, 5);
}

/* A fixed owner, and the state apart. */
static void looks_where_the_configuration_says(void **state)
{
	(void)state;
	make_folder("system", 0700);
	configure("secret=@/system/${USER}\nuser=%u\nstate=@/apart/${USER}\n");
	put_file("system/alice", TEXT, 0400);
	assert_int_equal(verify("alice", "12345678", 0).verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(verify("alice", "12345678", 0).verdict, TOTPGROUP_REFUSED);
	assert_string_equal(text_of("system/alice"), TEXT);
	assert_non_null(strstr(text_of("apart/alice"), "\" SPENT "));
	assert_int_equal(verify("nobody-knows", "12345678", TOTPGROUP_ENOTFOUND).verdict,
		TOTPGROUP_REFUSED);
	configure("user=nobody-knows\nsecret=@/system/${USER}\n");
	assert_int_equal(verify("alice", "87654321", TOTPGROUP_ECONFIG).reason,
		TOTPGROUP_REASON_CONFIG_ERROR);
}

static void adds_what_the_configuration_asks_for(void **state)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;

	(void)state;
	configure("strict=yes\nno_increment_hotp=yes\ngrace_period=60\nallow_readonly=yes\n");
	put_secret("alice", SECRET "\n\" HOTP_COUNTER 5\n12345678\n");
	attempt.typed = "000000";
	assert_int_equal(user_store_verify(store, "alice", &attempt, &decision, &failure), 0);
	assert_true(attempt.disallow_reuse && attempt.no_skew_adjust &&
		    attempt.no_increment_hotp && attempt.blocked_uncounted);
	assert_int_equal(attempt.grace_period, 60);
	assert_true(attempt.now > 1700000000);
	assert_string_equal(text_of("home/alice/.google_authenticator"),
		SECRET "\n\" HOTP_COUNTER 5\n12345678\n");
	/* allow_readonly is for logins. */
	calls.only = "write";
	calls_arm(1, EROFS);
	assert_int_equal(
		verify("alice", "12345678", TOTPGROUP_EUNWRITABLE).verdict, TOTPGROUP_REFUSED);
}

static void says_before_the_prompt_whether_to_ask(void **state)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct totpgroup_result result;
	struct decision decision;

	(void)state;
	configure("grace_period=60\n");
	attempt.grace = (struct grace_key){.service = "web", .host = "192.0.2.7"};
	assert_int_equal(user_store_look(store, "alice", &attempt, &result, &failure),
		TOTPGROUP_ENOTFOUND);
	assert_int_equal(result.reason, TOTPGROUP_REASON_NOT_ENROLLED);
	put_secret("alice", TEXT);
	assert_int_equal(user_store_look(store, "alice", &attempt, &result, &failure), 0);
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_NONE);
	attempt.typed = "12345678";
	assert_int_equal(user_store_verify(store, "alice", &attempt, &decision, &failure), 0);
	assert_int_equal(decision.result.verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(user_store_look(store, "alice", &attempt, &result, &failure), 0);
	assert_int_equal(result.method, TOTPGROUP_METHOD_GRACE);
	attempt.grace.service = "other";
	assert_int_equal(user_store_look(store, "alice", &attempt, &result, &failure), 0);
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
}

static void summarizes(void **state)
{
	struct credential_summary summary;

	(void)state;
	assert_int_equal(
		user_store_summarize(store, "alice", &summary, &failure), TOTPGROUP_ENOTFOUND);
	put_secret("alice", SECRET "\n\" TOTP_AUTH\n12345678\n87654321\n");
	assert_int_equal(user_store_summarize(store, "alice", &summary, &failure), 0);
	assert_int_equal(summary.kind, SUMMARY_TOTP);
	assert_int_equal(summary.plain_codes, 2);
}

static int create_text(const char *user)
{
	char data[] = TEXT;
	const struct text text = {
		.data = data, .length = strlen(data), .capacity = sizeof data};

	return user_store_create(store, user, &text, &failure);
}

static void creates_where_there_is_nothing(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(create_text("nobody-knows"), TOTPGROUP_ENOTFOUND);
	assert_int_equal(create_text("alice"), 0);
	assert_int_equal(stat(in_folder("home/alice/.google_authenticator"), &status), 0);
	assert_int_equal(status.st_uid, uid_of("alice"));
	assert_int_equal(status.st_gid, gid_of("alice"));
	assert_int_equal(status.st_mode & 07777, 0400);
	assert_int_equal(create_text("alice"), TOTPGROUP_ECONFLICT);
	assert_int_equal(verify("alice", "12345678", 0).verdict, TOTPGROUP_ACCEPTED);
}

static void refuses_a_configuration_that_is_wrong(void **state)
{
	struct user_store *other = store;

	(void)state;
	put_file("other.conf", "no_such_option=yes\n", 0600);
	assert_int_equal(
		user_store_open(&other, in_folder("other.conf"), &failure), TOTPGROUP_ECONFIG);
	assert_null(other);
	assert_int_equal(
		user_store_open(&other, in_folder("none.conf"), &failure), TOTPGROUP_ENOTFOUND);
	assert_null(other);
	user_store_close(NULL);
	assert_int_equal(user_store_configuration(store)->options.allowed_perm, 0600);
}

/* Parent and child, each with the store that it had before. */
static void goes_on_after_fork(void **state)
{
	pid_t child;
	int status;

	(void)state;
	put_secret("alice", TEXT);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(verify("alice", "12345678", 0).verdict == TOTPGROUP_ACCEPTED ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(verify("alice", "12345678", 0).verdict, TOTPGROUP_REFUSED);
	assert_int_equal(verify("alice", "87654321", 0).verdict, TOTPGROUP_ACCEPTED);
}

/* Each call fails in turn: nothing is accepted that is not on the disk, and no half of
 * anything is. */
static unsigned int fail_one_call(unsigned int k, int error)
{
	const char *text;
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	unsigned int descriptors = count_descriptors();
	int status;

	put_secret("alice", TEXT);
	attempt.typed = "12345678";
	failure = (struct error)ERROR_INIT;
	calls_arm(k, error);
	status = user_store_verify(store, "alice", &attempt, &decision, &failure);
	calls_disarm();
	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(failure.code, status);
	assert_own_rights();
	text = text_of("home/alice/.google_authenticator");
	if (decision.result.verdict == TOTPGROUP_ACCEPTED) {
		assert_int_equal(status, 0);
		assert_string_equal(text, SECRET "\n87654321\n");
	} else if (strcmp(text, SECRET "\n87654321\n") != 0) {
		assert_string_equal(text, TEXT);
	}
	assert_int_not_equal(status, TOTPGROUP_ENOTFOUND);
	assert_int_equal(count_entries("home/alice"), 1);
	return calls.count;
}

static void never_accepts_what_is_not_durable(void **state)
{
	static const int errors[] = {EIO, ENOSPC, EACCES, ENOMEM};
	unsigned int total;

	(void)state;
	total = fail_one_call(0, 0);
	assert_true(total > 20);
	for (unsigned int e = 0; e < COUNT(errors); e++)
		for (unsigned int k = 1; k <= total; k++)
			(void)fail_one_call(k, errors[e]);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(spends_a_code_once),
		TEST(computes_as_much_for_nobody_as_for_a_wrong_code),
		TEST(looks_where_the_configuration_says),
		TEST(adds_what_the_configuration_asks_for),
		TEST(says_before_the_prompt_whether_to_ask),
		TEST(summarizes),
		TEST(creates_where_there_is_nothing),
		TEST(refuses_a_configuration_that_is_wrong),
		TEST(goes_on_after_fork),
		TEST(never_accepts_what_is_not_durable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
