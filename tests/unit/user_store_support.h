/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A store of users who exist in this program alone, with homes in the test's folder;
 * each has a uid of his own where the test is root, and the test's uid otherwise. */
#ifndef TOTPGROUP_TESTS_USER_STORE_SUPPORT_H
#define TOTPGROUP_TESTS_USER_STORE_SUPPORT_H

#include "../fault/system_calls.h"
#include "temporary_folder.h"
#include "test_support.h"

#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/wait.h>

#include "host/dummy_decision.h"
#include "host/user_store.h"
#include "totpgroup.h"

#define SECRET "JBSWY3DPEHPK3PXP"
#define TEXT   SECRET "\n12345678\n87654321\n"

static struct user_store *store;
static struct error failure;
static unsigned int dummies;

static const struct {
	const char *name;
	uid_t uid;
	gid_t gid;
	const char *home; /* NULL: home/NAME in the folder */
} users[] = {
	{"alice", 30001, 30101, NULL},
	{"bob", 30002, 30102, NULL},
	{"homeless", 30003, 30103, "not-absolute"},
};

static inline uid_t uid_of(const char *name)
{
	for (unsigned int i = 0; i < COUNT(users); i++)
		if (strcmp(users[i].name, name) == 0 && geteuid() == 0)
			return users[i].uid;
	return geteuid();
}

static inline gid_t gid_of(const char *name)
{
	for (unsigned int i = 0; i < COUNT(users); i++)
		if (strcmp(users[i].name, name) == 0 && geteuid() == 0)
			return users[i].gid;
	return getegid();
}

/* In place of the C library's. */
int getpwnam_r(const char *name, struct passwd *entry, char *strings, size_t size,
	struct passwd **found)
{
	*found = NULL;
	if (call_fails("getpwnam_r", -1, name))
		return errno;
	for (unsigned int i = 0; i < COUNT(users); i++) {
		if (strcmp(users[i].name, name) != 0)
			continue;
		if (users[i].home != NULL)
			snprintf(strings, size, "%s", users[i].home);
		else
			snprintf(strings, size, "%s/home/%s", folder_path, name);
		*entry = (struct passwd){.pw_name = (char *)(uintptr_t)users[i].name,
			.pw_uid = uid_of(name),
			.pw_gid = gid_of(name),
			.pw_dir = strings};
		*found = entry;
	}
	return 0;
}

int getpwuid_r(
	uid_t uid, struct passwd *entry, char *strings, size_t size, struct passwd **found)
{
	*found = NULL;
	if (call_fails("getpwuid_r", -1, NULL))
		return errno;
	snprintf(strings, size, "/nowhere");
	*entry = (struct passwd){.pw_name = strings, .pw_uid = uid, .pw_dir = strings};
	*found = entry;
	return 0;
}

static unsigned int group_lookups;

/* The user's own group, and one more. */
int getgrouplist(const char *user, gid_t gid, gid_t *groups, int *count)
{
	(void)user;
	group_lookups++;
	if (*count < 2) {
		*count = 2;
		return -1;
	}
	groups[0] = gid;
	groups[1] = 30199;
	*count = 2;
	return 2;
}

void __real_dummy_decide(const struct attempt *attempt);
void __wrap_dummy_decide(const struct attempt *attempt);
void __wrap_dummy_decide(const struct attempt *attempt)
{
	dummies++;
	__real_dummy_decide(attempt);
}

WRAP(int, getgroups, (int size, gid_t *groups), (size, groups), -1, -1, NULL)

int __wrap___getgroups_chk(int size, gid_t *groups, size_t room);
int __wrap___getgroups_chk(int size, gid_t *groups, size_t room)
{
	if ((size_t)size * sizeof *groups > room)
		abort();
	return __wrap_getgroups(size, groups);
}

/* Opens the store anew with this configuration, in which @ is the folder and %u the
 * test's own uid. */
static inline void configure(const char *lines)
{
	FILE *file = fopen(in_folder("totpgroup.conf"), "we");

	assert_non_null(file);
	for (; *lines != '\0'; lines++) {
		if (*lines == '@') {
			fputs(folder_path, file);
		} else if (strncmp(lines, "%u", 2) == 0) {
			fprintf(file, "%u", geteuid());
			lines++;
		} else {
			fputc(*lines, file);
		}
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(in_folder("totpgroup.conf"), 0600), 0);
	user_store_close(store);
	assert_int_equal(user_store_open(&store, in_folder("totpgroup.conf"), &failure), 0);
}

static inline void put_secret(const char *user, const char *text)
{
	char name[64];

	snprintf(name, sizeof name, "home/%s/.google_authenticator", user);
	put_file(name, text, 0600);
	assert_int_equal(chown(in_folder(name), uid_of(user), gid_of(user)), 0);
}

/* Whatever happened, the thread has the rights that it had. */
static inline void assert_own_rights(void)
{
	gid_t groups[64];
	int count = getgroups(COUNT(groups), groups);

	assert_int_equal(setfsuid((uid_t)-1), geteuid());
	assert_int_equal(setfsgid((gid_t)-1), getegid());
	for (int i = 0; i < count; i++)
		assert_int_not_equal(groups[i], 30199);
}

/* A code that comes to this. */
static inline struct totpgroup_result verify(const char *user, const char *code, int expected)
{
	unsigned int descriptors = count_descriptors();
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;

	memset(&decision, 0xff, sizeof decision);
	failure = (struct error)ERROR_INIT;
	attempt.typed = code;
	assert_int_equal(
		user_store_verify(store, user, &attempt, &decision, &failure), expected);
	if (expected != 0) {
		assert_int_equal(failure.code, expected);
		assert_string_not_equal(failure.message, "");
		assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
	}
	calls_disarm();
	assert_int_equal(count_descriptors(), descriptors);
	assert_own_rights();
	return decision.result;
}

static inline void make_home(const char *user)
{
	char name[64];

	snprintf(name, sizeof name, "home/%s", user);
	make_folder(name, 0700);
	assert_int_equal(chown(in_folder(name), uid_of(user), gid_of(user)), 0);
}

static inline int setup(void **state)
{
	(void)state;
	calls_reset();
	folder_begin();
	assert_int_equal(chmod(folder_path, 0711), 0);
	make_folder("home", 0755);
	make_home("alice");
	make_home("bob");
	store = NULL;
	configure("");
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	calls_disarm();
	user_store_close(store);
	folder_end();
	return 0;
}

#endif
