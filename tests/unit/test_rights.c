/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose rights reach a user's file. Most of it needs root. */

#include "config.h"

#include "user_store_support.h"

#include "host/user_credential.h"

#include <pthread.h>
#include <semaphore.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* As the kernel does where fs.suid_dumpable is 2: a change of rights allows a core dump. */
static bool may_be_dumped;

int __real_setfsuid(uid_t uid);
int __wrap_setfsuid(uid_t uid);
int __wrap_setfsuid(uid_t uid)
{
	if (call_fails("setfsuid", -1, NULL))
		return (int)geteuid();
	may_be_dumped |= uid != (uid_t)-1;
	return __real_setfsuid(uid);
}

int __real_prctl(int option, ...);
int __wrap_prctl(int option, unsigned long value);
int __wrap_prctl(int option, unsigned long value)
{
	assert_int_equal(option, PR_SET_DUMPABLE);
	may_be_dumped = value != 0;
	return 0;
}

WRAP(int, setfsgid, (gid_t gid), (gid), (int)getegid(), -1, NULL)

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long one, void *two);
long __wrap_syscall(long number, long one, void *two)
{
	return call_fails("syscall", -1, NULL) ? -1 : __real_syscall(number, one, two);
}

static bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	fprintf(stderr, "# SKIP only root has rights to give up\n");
	return false;
}

/* What the kernel says of a thread: "Uid:" and its kin, and which signals wait. */
static void read_rights(const char *thread, char *rights, size_t size)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%s/status", thread);
	file = fopen(path, "re");
	assert_non_null(file);
	*rights = '\0';
	while (fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "Uid:", 4) == 0 || strncmp(line, "Gid:", 4) == 0 ||
			strncmp(line, "Groups:", 7) == 0 || strncmp(line, "SigBlk:", 7) == 0)
			strncat(rights, line, size - strlen(rights) - 1);
	fclose(file);
}

static char at_work[1024], meanwhile[1024];
static int cancellation_at_work;

/* While the secret is read, by another thread than the one that began the program. */
static void take_down_rights(const char *name, int fd, const char *path)
{
	char main_thread[64];

	(void)fd;
	if (strcmp(name, "openat") != 0 || strstr(path, ".google_authenticator") == NULL)
		return;
	assert_false(may_be_dumped);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation_at_work);
	pthread_setcancelstate(cancellation_at_work, NULL);
	read_rights("thread-self", at_work, sizeof at_work);
	snprintf(main_thread, sizeof main_thread, "self/task/%d", getpid());
	read_rights(main_thread, meanwhile, sizeof meanwhile);
}

static char after[1024];
static int cancellation_after;

/* The one that began the program is back from pthread_create(), in which its signals
 * wait. */
static sem_t is_back;

static void *verify_in_thread(void *argument)
{
	enum totpgroup_verdict *verdict = argument;

	while (sem_wait(&is_back) != 0)
		;
	*verdict = verify("alice", "12345678", 0).verdict;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &cancellation_after);
	read_rights("thread-self", after, sizeof after);
	return NULL;
}

static void changes_the_calling_thread_alone(void **state)
{
	enum totpgroup_verdict verdict = TOTPGROUP_REFUSED;
	char before[1024];
	pthread_t thread;

	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	read_rights("thread-self", before, sizeof before);
	calls.watch = take_down_rights;
	calls.armed = true;
	assert_int_equal(sem_init(&is_back, 0, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, verify_in_thread, &verdict), 0);
	assert_int_equal(sem_post(&is_back), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(verdict, TOTPGROUP_ACCEPTED);
	assert_false(may_be_dumped);
	assert_non_null(strstr(at_work, "Uid:\t0\t0\t0\t30001\n"));
	assert_non_null(strstr(at_work, "\t30101\n"));
	assert_non_null(strstr(at_work, "Groups:\t \n"));
	/* SIGTERM, and all others that can be. */
	assert_int_equal(strtoull(strstr(at_work, "SigBlk:\t") + 8, NULL, 16) >> 14 & 1, 1);
	/* A thread that ends here would keep the user's rights, and the lock. */
	assert_int_equal(cancellation_at_work, PTHREAD_CANCEL_DISABLE);
	assert_int_equal(cancellation_after, PTHREAD_CANCEL_ENABLE);
	assert_string_equal(meanwhile, before);
	assert_string_equal(after, before);
}

/* A link leads no further than its owner's rights do. */
static void reaches_what_the_user_reaches(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	make_folder("root", 0755);
	put_file("root/secret", TEXT, 0600);
	put_link("home/alice/.google_authenticator", "../../root/secret");
	assert_int_equal(
		verify("alice", "12345678", TOTPGROUP_ESYSTEM).verdict, TOTPGROUP_REFUSED);
	assert_int_equal(failure.system_error, EACCES);
	assert_string_equal(text_of("root/secret"), TEXT);
	unlink(in_folder("home/alice/.google_authenticator"));
	put_secret("bob", TEXT);
	put_link("home/alice/.google_authenticator", "../bob/.google_authenticator");
	assert_int_equal(
		verify("alice", "12345678", TOTPGROUP_ESYSTEM).verdict, TOTPGROUP_REFUSED);
}

/* The supplementary groups are looked up where the primary one does not do. */
static void looks_up_groups_where_they_are_needed(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	group_lookups = 0;
	assert_int_equal(verify("alice", "12345678", 0).verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(group_lookups, 0);
	assert_int_equal(chown(in_folder("home"), 0, 30199), 0);
	assert_int_equal(chmod(in_folder("home"), 0710), 0);
	assert_int_equal(verify("alice", "87654321", 0).verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(group_lookups, 1);
	assert_int_equal(chown(in_folder("home"), 0, 30198), 0);
	assert_int_equal(
		verify("alice", "87654321", TOTPGROUP_ESYSTEM).verdict, TOTPGROUP_REFUSED);
	assert_int_equal(failure.system_error, EACCES);
}

/* The gate may have read the user's groups for group= already. */
static void does_not_look_up_known_groups_again(void **state)
{
	struct options options = OPTIONS_INIT;
	struct user_credential credential = {.place = NULL};
	struct store_record record = STORE_RECORD_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	assert_int_equal(chown(in_folder("home"), 0, 30199), 0);
	assert_int_equal(chmod(in_folder("home"), 0710), 0);
	assert_int_equal(user_credential_find(&credential, &options, "alice", &error), 0);
	assert_int_equal(user_credential_locate(&credential, &error), 0);
	group_lookups = 0;
	assert_int_equal(
		user_groups_read(&credential.groups, "alice", credential.user->pw_gid, &error),
		0);
	assert_int_equal(user_credential_look(&credential, &record, &error), 0);
	assert_int_equal(group_lookups, 1);
	store_record_free(&record);
	user_credential_free(&credential);
}

/* A process whose capabilities stay when its uid changes would reach everything. */
static int keep_capabilities(void)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;

	if (__real_prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) != 0)
		return 77;
	attempt.typed = "12345678";
	/* No call fails, so no error of an earlier one is told. */
	errno = EIO;
	if (user_store_verify(store, "alice", &attempt, &decision, &failure) !=
		TOTPGROUP_ESYSTEM)
		return 1;
	return strcmp(failure.message + strlen(failure.message) - strlen("of uid 30001"),
		       "of uid 30001") == 0
		       ? 0
		       : 2;
}

/* As in a container that gives root no right to change groups. */
static int lack_a_capability(void)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	attempt.typed = "12345678";
	if (__real_syscall(SYS_capget, &header, data) != 0)
		return 2;
	data[0].effective &= ~(UINT32_C(1) << CAP_SETGID);
	data[0].permitted &= ~(UINT32_C(1) << CAP_SETGID);
	if (__real_syscall(SYS_capset, &header, data) != 0)
		return 3;
	if (user_store_verify(store, "alice", &attempt, &decision, &failure) !=
		TOTPGROUP_ESYSTEM)
		return 4;
	return strstr(failure.message, "rights of uid 30001") != NULL ? 0 : 5;
}

/* Another process than root reaches its own files alone. */
static int be_bob(void)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;

	attempt.typed = "12345678";
	if (setgroups(0, NULL) != 0 || setresgid(30102, 30102, 30102) != 0 ||
		setresuid(30002, 30002, 30002) != 0)
		return 2;
	if (user_store_verify(store, "alice", &attempt, &decision, &failure) !=
		TOTPGROUP_ESYSTEM)
		return 3;
	return decision.result.verdict == TOTPGROUP_REFUSED ? 0 : 4;
}

/* A group of the process, which has to be put back: no list is set where both are empty. */
static const gid_t own_group = 30999;

/* A thread that would go on with a user's rights does not go on. */
static int cannot_go_back(void)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;

	if (setgroups(1, &own_group) != 0)
		return 2;
	attempt.typed = "12345678";
	calls.only = "syscall";
	calls.fail_for = 1;
	calls_arm(3, EPERM);
	(void)user_store_verify(store, "alice", &attempt, &decision, &failure);
	return 1;
}

/* Root of some containers may not set a list of groups: where there is none, none is set. The one
 * call is that for the capabilities. */
static int has_no_groups(void)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;

	if (setgroups(0, NULL) != 0)
		return 2;
	attempt.typed = "12345678";
	calls.only = "syscall";
	calls_arm(0, 0);
	if (user_store_verify(store, "alice", &attempt, &decision, &failure) != 0)
		return 3;
	return calls.count == 1 ? 0 : 4;
}

/* How the work ends in a process of its own. */
static int in_child(int (*work)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(work());
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void refuses_to_keep_capabilities(void **state)
{
	int status;

	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	status = in_child(keep_capabilities);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		fprintf(stderr, "# SKIP securebits cannot be set here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void sets_no_list_where_there_is_none(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	assert_int_equal(in_child(has_no_groups), 0);
}

/* What was not taken on need not be given up: the program goes on. */
static void goes_on_where_root_has_no_such_right(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	assert_int_equal(in_child(lack_a_capability), 0);
	assert_string_equal(text_of("home/alice/.google_authenticator"), TEXT);
}

static void takes_nothing_on_without_being_root(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	assert_int_equal(in_child(be_bob), 0);
	assert_string_equal(text_of("home/alice/.google_authenticator"), TEXT);
}

static void aborts_with_rights_that_it_cannot_give_up(void **state)
{
	int status;

	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	status = in_child(cannot_go_back);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* Each of the calls for it fails: nothing is read. */
static void does_nothing_with_rights_that_it_cannot_have(void **state)
{
	static const struct {
		const char *name;
		unsigned int call;
	} failing[] = {{"getgroups", 1}, {"getgroups", 2}, {"syscall", 1}, {"syscall", 2},
		{"setfsuid", 2}, {"setfsgid", 2}};
	gid_t before[64];
	int count = getgroups((int)COUNT(before), before);

	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	assert_true(count >= 0);
	assert_int_equal(setgroups(1, &own_group), 0);
	for (unsigned int i = 0; i < COUNT(failing); i++) {
		calls.only = failing[i].name;
		calls_arm(failing[i].call, EPERM);
		assert_int_equal(verify("alice", "12345678", TOTPGROUP_ESYSTEM).verdict,
			TOTPGROUP_REFUSED);
		assert_string_equal(text_of("home/alice/.google_authenticator"), TEXT);
	}
	assert_int_equal(setgroups((size_t)count, before), 0);
}

/* Also where the groups of the thread cannot be remembered. */
static void says_that_memory_is_out(void **state)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	gid_t before[64];
	int count = getgroups((int)COUNT(before), before);
	unsigned int call = 0;

	(void)state;
	if (!is_root())
		skip();
	put_secret("alice", TEXT);
	assert_true(count >= 0);
	assert_int_equal(setgroups(1, &own_group), 0);
	attempt.typed = "12345678";
	for (;;) {
		calls.only = "calloc";
		calls_arm(++call, ENOMEM);
		if (user_store_verify(store, "alice", &attempt, &decision, &failure) == 0)
			break;
		calls.armed = false;
		assert_int_equal(failure.code, TOTPGROUP_EMEMORY);
		assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
	}
	calls.armed = false;
	assert_true(call > 1);
	assert_int_equal(setgroups((size_t)count, before), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(changes_the_calling_thread_alone),
		TEST(reaches_what_the_user_reaches),
		TEST(looks_up_groups_where_they_are_needed),
		TEST(does_not_look_up_known_groups_again),
		TEST(refuses_to_keep_capabilities),
		TEST(sets_no_list_where_there_is_none),
		TEST(goes_on_where_root_has_no_such_right),
		TEST(takes_nothing_on_without_being_root),
		TEST(aborts_with_rights_that_it_cannot_give_up),
		TEST(does_nothing_with_rights_that_it_cannot_have),
		TEST(says_that_memory_is_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
