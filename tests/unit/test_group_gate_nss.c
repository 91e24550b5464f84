/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate/group_gate.h"
#include "totpgroup.h"

/*
 * The gate against the C library's own lookups. The program runs itself once
 * more with libnss_wrapper, which makes those read a passwd and a group file
 * that are written here. Exits with 77 where that library is not installed.
 */
#define WRAPPER	   "libnss_wrapper.so"
#define INNER_MARK "TOTPGROUP_TEST_INNER"
#define SKIPPED	   77

/* The wrapper copies the list for each member that it reads, which a sanitizer
 * keeps all of: 100000 would need gigabytes there. */
#if defined(__SANITIZE_ADDRESS__)
#define CROWD 5000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CROWD 5000
#endif
#endif
#ifndef CROWD
#define CROWD 100000
#endif

enum { MANY = 5000, RANDOM_GROUPS = 12, RANDOM_USERS = 6 };

typedef int by_name(const char *, struct group *, char *, size_t, struct group **);
typedef int by_gid(gid_t, struct group *, char *, size_t, struct group **);

/* libnss_wrapper 1.1 gives -1 and sets errno where a buffer is too small; the
 * C library's own functions return the error. */
static int returned_error(int result)
{
	return result == -1 ? errno : result;
}

int getgrnam_r(const char *restrict name, struct group *restrict group, char *restrict buffer,
	size_t size, struct group **restrict found)
{
	by_name *wrapped = (by_name *)dlsym(RTLD_NEXT, "getgrnam_r");

	return returned_error(wrapped(name, group, buffer, size, found));
}

int getgrgid_r(gid_t gid, struct group *restrict group, char *restrict buffer, size_t size,
	struct group **restrict found)
{
	by_gid *wrapped = (by_gid *)dlsym(RTLD_NEXT, "getgrgid_r");

	return returned_error(wrapped(gid, group, buffer, size, found));
}

struct user {
	const char *name;
	gid_t primary;
};

static const struct user users[] = {{"alice", 100}, {"bob", 10}, {"carol", 100}, {"dave", 20},
	{"frank", 30}, {"nobody_knows", 100}};

static const char passwd_text[] = "alice:x:2001:100::/:/bin/sh\nbob:x:2002:10::/:/bin/sh\n"
				  "carol:x:2003:100::/:/bin/sh\ndave:x:2004:20::/:/bin/sh\n"
				  "frank:x:2006:30::/:/bin/sh\njoiner:x:2007:100::/:/bin/sh\n";

static const char group_text[] = "users:x:100:\notp:x:10:alice,dave\nstaff:x:20:carol\n"
				 "robots:x:30:alice\nsecond_name_of_otp:x:10:\n"
				 "domain users:x:40:carol\n10oclock:x:50:carol\n";

/* The random groups r0, r1, ... and who is in them, decided by the seed, which
 * the outer and the inner program share. */
struct random_world {
	gid_t primary[RANDOM_USERS];
	bool member[RANDOM_GROUPS][RANDOM_USERS];
};

static gid_t random_gid(unsigned group)
{
	return 9000 + group;
}

static struct random_world make_random_world(struct test_random *random)
{
	struct random_world world;

	for (unsigned user = 0; user < RANDOM_USERS; user++)
		world.primary[user] =
			random_gid((unsigned)test_random_below(random, RANDOM_GROUPS));
	for (unsigned group = 0; group < RANDOM_GROUPS; group++) {
		for (unsigned user = 0; user < RANDOM_USERS; user++)
			world.member[group][user] = test_random_below(random, 4) == 0;
	}
	return world;
}

static void assert_verdict(const char *list, const char *user, gid_t primary, char expected)
{
	struct error error = ERROR_INIT;
	enum group_gate result = group_gate_judge(list, user, primary, NULL, NULL, &error);
	char verdict = result == GROUP_GATE_INSIDE    ? 'I'
		       : result == GROUP_GATE_OUTSIDE ? 'o'
						      : 'E';

	if (verdict != expected)
		fail_msg("group=%s, %s: %c and not %c (%s)", list, user, verdict, expected,
			error.message);
	assert_int_equal(result == GROUP_GATE_ERROR, error.message[0] != '\0');
}

static void lists_and_users(void **state)
{
	static const struct {
		const char *list;
		const char *verdicts; /* of alice, bob, carol, dave, frank and a stranger */
	} cases[] = {{"otp", "IIoIoo"}, {"10", "IIoIoo"}, {"second_name_of_otp", "IIoIoo"},
		{"staff", "ooIIoo"}, {"20", "ooIIoo"}, {"otp,staff", "IIIIoo"},
		{" staff ,\totp ", "IIIIoo"}, {"users", "IoIooI"}, {"robots", "IoooIo"},
		{"!otp", "ooIoII"}, {"!10", "ooIoII"}, {"!second_name_of_otp", "ooIoII"},
		{"otp,!robots", "oIoIoo"}, {"!robots,otp", "oIoIoo"}, {"!otp,!staff", "ooooII"},
		{"otp,staff,!10", "ooIooo"}, {"domain users", "ooIooo"}, {"10oclock", "ooIooo"},
		{"nonesuch", "EEEEEE"}, {"otp,nonesuch", "EEEEEE"},
		{"!otp,!nonesuch", "EEEEEE"}, {"4711", "EEEEEE"}, {"otp,4711", "EEEEEE"},
		{"OTP", "EEEEEE"}, {"", "EEEEEE"}, {"otp,", "EEEEEE"}, {"!", "EEEEEE"},
		{"root", "EEEEEE"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t j = 0; j < COUNT(users); j++)
			assert_verdict(cases[i].list, users[j].name, users[j].primary,
				cases[i].verdicts[j]);
	}
}

static void group_of_many_members(void **state)
{
	char last[16], stranger[16];

	(void)state;
	snprintf(last, sizeof last, "c%d", CROWD - 1);
	snprintf(stranger, sizeof stranger, "c%d", CROWD);
	assert_verdict("crowd", "c0", 100, 'I');
	assert_verdict("crowd", last, 100, 'I');
	assert_verdict("8000", "c2500", 100, 'I');
	assert_verdict("crowd", stranger, 100, 'o');
	assert_verdict("!crowd", last, 100, 'o');
	assert_verdict("!crowd", stranger, 100, 'I');
}

static void user_in_many_groups(void **state)
{
	(void)state;
	assert_verdict("many0", "joiner", 100, 'I');
	assert_verdict("many4999", "joiner", 100, 'I');
	assert_verdict("!many4999", "joiner", 100, 'o');
	assert_verdict("otp", "joiner", 100, 'o');
	assert_verdict("!otp", "joiner", 100, 'I');
	assert_verdict("many4999", "alice", 100, 'o');
}

static void random_lists(void **state)
{
	struct test_random random = test_random_begin();
	const struct random_world world = make_random_world(&random);

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		unsigned user = (unsigned)test_random_below(&random, RANDOM_USERS);
		char name[16];
		char list[128] = "";
		bool asks = false, asked = false, exempted = false;

		snprintf(name, sizeof name, "ru%u", user);
		for (uint64_t i = test_random_below(&random, 4) + 1; i > 0; i--) {
			unsigned group = (unsigned)test_random_below(&random, RANDOM_GROUPS);
			bool exempt = test_random_below(&random, 3) == 0;
			bool held = world.member[group][user] ||
				    world.primary[user] == random_gid(group);
			size_t length = strlen(list);

			snprintf(list + length, sizeof list - length,
				test_random_below(&random, 2) == 0 ? "%s%sr%u" : "%s%s90%02u",
				length > 0 ? "," : "", exempt ? "!" : "", group);
			asks |= !exempt;
			exempted |= exempt && held;
			asked |= !exempt && held;
		}
		assert_verdict(list, name, world.primary[user],
			!exempted && (asked || !asks) ? 'I' : 'o');
	}
}

static int run_inner(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lists_and_users),
		cmocka_unit_test(group_of_many_members), cmocka_unit_test(user_in_many_groups),
		cmocka_unit_test(random_lists)};

	if (getgrnam("second_name_of_otp") == NULL) {
		fprintf(stderr, "%s is loaded but gives no groups\n", WRAPPER);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

static void write_random_world(FILE *group_file, const struct random_world *world)
{
	for (unsigned group = 0; group < RANDOM_GROUPS; group++) {
		const char *comma = "";

		fprintf(group_file, "r%u:x:%u:", group, (unsigned)random_gid(group));
		for (unsigned user = 0; user < RANDOM_USERS; user++) {
			if (!world->member[group][user])
				continue;
			fprintf(group_file, "%sru%u", comma, user);
			comma = ",";
		}
		fputc('\n', group_file);
	}
}

static int write_groups(const char *path, const struct random_world *world)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		return -1;
	fputs(group_text, file);
	fputs("crowd:x:8000:c0", file);
	for (int i = 1; i < CROWD; i++)
		fprintf(file, ",c%d", i);
	fputc('\n', file);
	for (int i = 0; i < MANY; i++)
		fprintf(file, "many%d:x:%d:joiner\n", i, 20000 + i);
	write_random_world(file, world);
	return fclose(file);
}

static int write_users(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		return -1;
	fputs(passwd_text, file);
	return fclose(file);
}

/* A sanitizer's library must come before any other one that is preloaded. */
static void set_preload(void)
{
	char text[600];
	Dl_info sanitizer;
	void *symbol = dlsym(RTLD_DEFAULT, "__asan_init");
	bool separate = symbol != NULL && dladdr(symbol, &sanitizer) != 0 &&
			strstr(sanitizer.dli_fname, ".so") != NULL;

	snprintf(text, sizeof text, "%s %s", separate ? sanitizer.dli_fname : "", WRAPPER);
	setenv("LD_PRELOAD", text, 1);
}

static void run_again(const char *passwd, const char *group, char **arguments)
{
	char self[512] = "";

	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
		return;
	set_preload();
	setenv("NSS_WRAPPER_PASSWD", passwd, 1);
	setenv("NSS_WRAPPER_GROUP", group, 1);
	setenv(INNER_MARK, "1", 1);
	execv(self, arguments);
}

static int run_with_wrapper(const char *passwd, const char *group, char **arguments)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		run_again(passwd, group, arguments);
		perror("the test cannot run itself again");
		_exit(1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return 1;
	return WEXITSTATUS(status);
}

static int run_outer(char **arguments)
{
	char folder[] = "/tmp/totpgroup-test-XXXXXX";
	char passwd[64], group[64], seed[32];
	struct test_random random = test_random_begin();
	struct random_world world;
	int result = 1;

	snprintf(seed, sizeof seed, "%" PRIu64, random.state);
	setenv("TOTPGROUP_TEST_SEED", seed, 1);
	world = make_random_world(&random);
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(passwd, sizeof passwd, "%s/passwd", folder);
	snprintf(group, sizeof group, "%s/group", folder);
	if (write_users(passwd) == 0 && write_groups(group, &world) == 0)
		result = run_with_wrapper(passwd, group, arguments);
	unlink(passwd);
	unlink(group);
	rmdir(folder);
	return result;
}

int main(int count, char **arguments)
{
	(void)count;
	if (getenv(INNER_MARK) != NULL)
		return run_inner();
	if (dlopen(WRAPPER, RTLD_LAZY | RTLD_LOCAL) == NULL) {
		printf("1..0 # SKIP %s is not installed: %s\n", WRAPPER, dlerror());
		return SKIPPED;
	}
	return run_outer(arguments);
}
