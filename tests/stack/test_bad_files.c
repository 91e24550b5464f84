/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Secret files that the module must not use. */

#include "config.h"

#include <fcntl.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "expect_login.h"

/* Each of these makes a file that must be refused, also with nullok. */
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
	{put_empty, 1, PLACE ": is empty; enroll again"},
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
	assert_string_equal(
		stack_last.messages, "error: The verification code was not accepted.\n");
	assert_string_equal(text_of(stack_secret("alice")), TRACKED);
}

/* While a process holds a lease for writing, others that open the file wait for its end. */
static void a_lease_keeps_no_login_waiting(void **state)
{
	int file;

	(void)state;
	stack_put_secret("alice", TRACKED);
	file = open(in_folder(stack_secret("alice")), O_RDWR | O_CLOEXEC);
	assert_true(file >= 0);
	signal(SIGIO, SIG_IGN);
	assert_int_equal(fcntl(file, F_SETLEASE, F_WRLCK), 0);
	alarm(30);
	stack_log_in("alice", stack_code(0));
	alarm(0);
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_non_null(strstr(stack_log, "reason=store-error"));
	assert_non_null(strstr(stack_log, "a lease of another process"));
	close(file);
	stack_log_in("alice", stack_code(0));
	assert_int_equal(stack_last.result, PAM_SUCCESS);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_bad_file_is_refused_and_named),
		TEST(a_bad_owner_is_refused),
		TEST(a_folder_without_rights_is_a_store_error),
		TEST(a_lease_keeps_no_login_waiting),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
