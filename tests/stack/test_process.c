/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module leaves the process as it was, and holds nothing during the prompt. */

#include "config.h"

#include <malloc.h>
#include <security/pam_appl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack.h"

#define TOTP STACK_SECRET "\n\" TOTP_AUTH\n"

static char identity_before[8192];
static unsigned int descriptors_before;
static unsigned int looks;

static unsigned int count_descriptors(void)
{
	DIR *stream = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(stream);
	while (readdir(stream) != NULL)
		count++;
	closedir(stream);
	return count;
}

static mode_t umask_now(void)
{
	mode_t mask = umask(077);

	umask(mask);
	return mask;
}

/* sshd may kill the process during the prompt. So nothing may be locked, half done, or done with
 * other rights. */
static void look_around(void)
{
	int file = open(in_folder(stack_secret("alice")), O_RDONLY | O_CLOEXEC);

	looks++;
	if (file >= 0) {
		assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
		close(file);
	}
	assert_true(count_entries("home/alice") <= 1);
	assert_int_equal(count_descriptors(), descriptors_before);
	assert_string_equal(stack_identity(), identity_before);
}

/* Logs in, and compares the process before, during and after. */
static void log_in_and_look(const char *user, const char *answer)
{
	char folder_before[PATH_MAX], folder_after[PATH_MAX];
	mode_t mask = umask_now();

	strcpy(identity_before, stack_identity());
	assert_non_null(getcwd(folder_before, sizeof folder_before));
	stack_last = (struct stack_login){.user = user,
		.rhost = "192.0.2.7",
		.answers = {answer, stack_fails},
		.at_prompt = look_around};
	descriptors_before = count_descriptors();
	stack_login(&stack_last);
	assert_int_equal(count_descriptors(), descriptors_before);
	assert_string_equal(stack_identity(), identity_before);
	assert_non_null(getcwd(folder_after, sizeof folder_after));
	assert_string_equal(folder_after, folder_before);
	assert_int_equal(umask_now(), mask);
}

static void nothing_is_held_during_the_prompt(void **state)
{
	(void)state;
	looks = 0;
	stack_put_secret("alice", TOTP "\" DISALLOW_REUSE\n\" RATE_LIMIT 9 30\n12345678\n");
	log_in_and_look("alice", stack_code(0));
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	log_in_and_look("alice", "12345678");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	log_in_and_look("alice", "000000");
	log_in_and_look("alice", stack_fails);
	log_in_and_look("nobody-knows", "000000");
	log_in_and_look("bob", "000000");
	assert_int_equal(looks, 6);
}

static void a_login_leaves_the_process_as_it_was(void **state)
{
	static const char *const options[] = {"", "nullok", "group=totp", "group=nosuch",
		"nosuch", "grace_period=100", "forward_pass", "use_first_pass",
		"allow_readonly", "user=nobody-knows", "user=root secret=@D/x", "debug"};
	static const char *const names[] = {
		"alice", "bob", "carol", "root", "nobody-knows", "lost", "homeless", ""};

	(void)state;
	for (unsigned int i = 0; i < COUNT(options); i++)
		for (unsigned int n = 0; n < COUNT(names); n++) {
			stack_put_secret("alice", TOTP "\" DISALLOW_REUSE\n");
			stack_options(options[i]);
			log_in_and_look(names[n], stack_code(0));
		}
	assert_int_equal(mkfifo(in_folder(stack_secret("bob")), 0600), 0);
	stack_options("");
	log_in_and_look("bob", "000000");
	assert_int_equal(chmod(in_folder("home/alice"), 0500), 0);
	log_in_and_look("alice", stack_code(0));
	assert_int_equal(chmod(in_folder("home/alice"), 0700), 0);
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
}

static void check_dumpable(void)
{
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

/* Also where no rights change, because the file is root's. */
static void what_root_reads_is_never_in_a_core_file(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		fprintf(stderr, "# SKIP only root's processes are protected\n");
		skip();
	}
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
	stack_options("nullok");
	stack_last = (struct stack_login){.user = "root",
		.answers = {"000000", stack_fails},
		.at_prompt = check_dumpable};
	stack_login(&stack_last);
	check_dumpable();
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
}

static void the_file_stays_the_users_own(void **state)
{
	struct stat status;

	(void)state;
	stack_put_secret("alice", TOTP "12345678\n");
	stack_log_in("alice", "12345678");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_int_equal(stat(in_folder(stack_secret("alice")), &status), 0);
	assert_int_equal(status.st_uid, stack_uid("alice"));
	assert_int_equal(status.st_gid, geteuid() == 0 ? stack_uid("alice") : getegid());
	assert_int_equal(status.st_mode, S_IFREG | 0600);
}

/* root could read and write there; the user could not. */
static void a_file_that_the_user_cannot_read_is_refused(void **state)
{
	char other[300];

	(void)state;
	if (geteuid() != 0) {
		print_message("# SKIP only root has rights to give up\n");
		skip();
	}
	stack_put_secret("bob", TOTP "12345678\n");
	put_file("home/root/secret", TOTP "12345678\n", 0600);
	stack_options("no_strict_owner allowed_perm=0777");
	snprintf(other, sizeof other, "%s", in_folder(stack_secret("bob")));
	assert_int_equal(symlink(other, in_folder(stack_secret("alice"))), 0);
	stack_log_in("alice", "12345678");
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	unlink(in_folder(stack_secret("alice")));
	assert_int_equal(
		symlink(in_folder("home/root/secret"), in_folder(stack_secret("alice"))), 0);
	stack_log_in("alice", "12345678");
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
	assert_string_equal(text_of("home/root/secret"), TOTP "12345678\n");
	assert_string_equal(text_of(stack_secret("bob")), TOTP "12345678\n");
	assert_int_equal(count_entries("home/root"), 1);
}

static void only_the_user_can_block_a_login(void **state)
{
	struct stat status;

	(void)state;
	stack_put_secret("alice", TOTP);
	stack_log_in("alice", stack_code(0));
	assert_int_equal(stat(in_folder(stack_secret("alice")), &status), 0);
	assert_int_equal(status.st_mode & 0077, 0);
}

static int no_conversation(int count, const struct pam_message **messages,
	struct pam_response **responses, void *data)
{
	(void)count;
	(void)messages;
	(void)responses;
	(void)data;
	fail_msg("setcred asked something");
	return PAM_CONV_ERR;
}

static void setcred_does_nothing_each_time(void **state)
{
	static const int flags[] = {PAM_ESTABLISH_CRED, PAM_REINITIALIZE_CRED, PAM_REFRESH_CRED,
		PAM_DELETE_CRED, PAM_DELETE_CRED, PAM_SILENT | PAM_ESTABLISH_CRED};
	static const char *const options[] = {"", "nosuch", "group=nosuch"};
	const struct pam_conv conversation = {no_conversation, NULL};

	(void)state;
	for (unsigned int o = 0; o < COUNT(options); o++) {
		char lines[256];
		pam_handle_t *pamh;

		snprintf(lines, sizeof lines, "auth required @R %s", options[o]);
		stack_lines(lines);
		assert_int_equal(pam_start_confdir("test", "alice", &conversation,
					 in_folder("services"), &pamh),
			PAM_SUCCESS);
		for (unsigned int i = 0; i < COUNT(flags); i++)
			assert_int_equal(pam_setcred(pamh, flags[i]), PAM_SUCCESS);
		assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
	}
}

static size_t memory_in_use(void)
{
	return mallinfo2().uordblks;
}

static unsigned long pages_in_use(void)
{
	unsigned long total;
	FILE *file = fopen("/proc/self/statm", "re");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu", &total), 1);
	fclose(file);
	return total;
}

/* Daemons load and unload the module for each login. */
static void a_thousand_logins_leak_nothing(void **state)
{
	unsigned int descriptors = 0;
	unsigned long pages = 0;
	size_t memory = 0;

	(void)state;
	stack_put_secret("alice", TOTP "\" DISALLOW_REUSE\n\" RATE_LIMIT 3 30\n");
	for (unsigned int i = 0; i < 1500; i++) {
		static const char *const names[] = {"alice", "bob", "nobody-knows"};

		stack_now += 30;
		stack_log_in(names[i % 3], stack_code(0));
		assert_int_equal(stack_last.result, i % 3 == 0 ? PAM_SUCCESS : PAM_AUTH_ERR);
		if (i == 499) {
			descriptors = count_descriptors();
			memory = memory_in_use();
			pages = pages_in_use();
		}
	}
	print_message("# after 500 and 1500 logins: %zu and %zu bytes, %lu and %lu pages\n",
		memory, memory_in_use(), pages, pages_in_use());
	assert_int_equal(count_descriptors(), descriptors);
	/* Less than a byte for each login, and no mapping grows. */
	assert_true(memory_in_use() <= memory + 1000);
	assert_true(pages_in_use() <= pages + 16);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_held_during_the_prompt),
		TEST(a_login_leaves_the_process_as_it_was),
		TEST(what_root_reads_is_never_in_a_core_file),
		TEST(the_file_stays_the_users_own),
		TEST(a_file_that_the_user_cannot_read_is_refused),
		TEST(only_the_user_can_block_a_login),
		TEST(setcred_does_nothing_each_time),
		TEST(a_thousand_logins_leak_nothing),
	};

	(void)argc;
	/* The C library's cache for the thread counts as memory in use, and varies. */
	assert_int_equal(setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1), 0);
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
