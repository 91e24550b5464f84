/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include <limits.h>

#include "allocation.h"
#include "fake_groups.h"
#include "gate/group_gate.h"
#include "totpgroup.h"

#define USERS 100 /* the primary group of users who have no other */

static const char *const otp_members[] = {"alice", "dave", NULL};
static const char *const staff_members[] = {"dave", "erin", NULL};
static const struct fake_group some_groups[] = {{"users", USERS, NULL},
	{"otp", 10, otp_members}, {"second_name_of_otp", 10, NULL},
	{"staff", 20, staff_members}, {"robots", 30, NULL}, {NULL, 0, NULL}};

static int begin(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.groups = some_groups;
	fake.failing_gid = (gid_t)-1;
	allocation_to_fail = 0;
	return 0;
}

static void hold(const gid_t *gids, int count)
{
	fake.gids = gids;
	fake.gid_count = count;
}

static enum group_gate judge(const char *list, const char *user, gid_t primary)
{
	struct error error = ERROR_INIT;
	enum group_gate result = group_gate_judge(list, user, primary, NULL, NULL, &error);

	assert_int_equal(result == GROUP_GATE_ERROR, error.code != 0);
	return result;
}

/* Nobody gets through a gate that cannot judge: neither those who would be
 * asked nor those who would not. */
static void assert_error(const char *list, int code, const char *words)
{
	static const gid_t gids[] = {10, 20, 30};
	unsigned failures = fake.failures;
	unsigned list_failures = fake.list_failures;

	for (int held = 0; held <= 3; held++) {
		struct error error = ERROR_INIT;

		fake.failures = failures;
		fake.list_failures = list_failures;
		hold(gids, held);
		assert_int_equal(group_gate_judge(list, "dave", USERS, NULL, NULL, &error),
			GROUP_GATE_ERROR);
		assert_int_equal(error.code, code);
		if (strstr(error.message, words) == NULL)
			fail_msg("\"%s\": \"%s\" lacks \"%s\"", list, error.message, words);
	}
}

static void lists_and_users(void **state)
{
	/* By column: nobody's groups; otp; staff; otp and staff; robots, staff and
	 * otp; robots as the primary group. */
	static const gid_t supplementary[][3] = {{0}, {10}, {20}, {10, 20}, {30, 20, 10}, {0}};
	static const int counts[] = {0, 1, 1, 2, 3, 0};
	static const gid_t primary[] = {USERS, USERS, USERS, USERS, USERS, 30};
	static const struct {
		const char *list;
		const char *verdicts; /* I inside, o outside, E error */
	} cases[] = {{"otp", "oIoIIo"}, {"10", "oIoIIo"}, {"second_name_of_otp", "oIoIIo"},
		{"otp,staff", "oIIIIo"}, {"staff , otp", "oIIIIo"}, {"10,20", "oIIIIo"},
		{"users", "IIIIIo"}, {"100", "IIIIIo"}, {"robots", "ooooII"},
		{"!otp", "IoIooI"}, {"!10", "IoIooI"}, {"!second_name_of_otp", "IoIooI"},
		{"!otp,!staff", "IooooI"}, {"!robots", "IIIIoo"}, {"otp,!staff", "oIoooo"},
		{"!staff,otp", "oIoooo"}, {"otp,staff,!robots", "oIIIoo"},
		{"otp,!otp", "oooooo"}, {"!users", "oooooI"}, {"users,!otp", "IoIooo"},
		{"robots,users", "IIIIII"}, {"otp,otp", "oIoIIo"}, {"nonesuch", "EEEEEE"},
		{"otp,nonesuch", "EEEEEE"}, {"nonesuch,otp", "EEEEEE"},
		{"!otp,!nonesuch", "EEEEEE"}, {"otp,4711", "EEEEEE"}, {"otp,", "EEEEEE"},
		{"!", "EEEEEE"}, {"", "EEEEEE"}, {"-10", "EEEEEE"}, {"otp staff", "EEEEEE"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t user = 0; user < COUNT(counts); user++) {
			enum group_gate result;

			hold(supplementary[user], counts[user]);
			result = judge(cases[i].list, "somebody", primary[user]);
			if (cases[i].verdicts[user] != (result == GROUP_GATE_INSIDE ? 'I'
							       : result == GROUP_GATE_OUTSIDE
								       ? 'o'
								       : 'E'))
				fail_msg("group=%s and user %zu", cases[i].list, user);
		}
	}
}

/* A directory that is half out: the group names the user, and the user's own
 * groups lack it. */
static void the_list_of_members_asks_and_never_exempts(void **state)
{
	static const gid_t otp[] = {10};

	(void)state;
	assert_int_equal(judge("otp", "alice", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("10", "alice", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("otp", "alic", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(judge("otp", "alicee", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(judge("!otp", "alice", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("users,!otp", "alice", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("staff,!otp", "dave", USERS), GROUP_GATE_INSIDE);
	hold(otp, 1);
	assert_int_equal(judge("!otp", "alice", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(judge("staff,!otp", "dave", USERS), GROUP_GATE_OUTSIDE);
}

/* The list of the C library may be cut short. Only then, and only where it would let pass
 * somebody who is in no group of the list, are the sources asked. */
static void who_is_in_no_group_is_looked_for_in_each_source(void **state)
{
	static const gid_t otp[] = {10}, robots[] = {30};

	(void)state;
	hold(NULL, 0);
	fake.source_calls = 0;
	fake.source_is_down = true;
	assert_int_equal(judge("otp", "somebody", USERS), GROUP_GATE_ERROR);
	assert_int_equal(judge("otp,!robots", "somebody", USERS), GROUP_GATE_ERROR);
	assert_int_equal(fake.source_calls, 2);
	/* Where a short list asks, or a group proves something, nobody needs them. */
	assert_int_equal(judge("!robots", "somebody", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("users", "somebody", USERS), GROUP_GATE_INSIDE);
	hold(otp, 1);
	assert_int_equal(judge("otp,!robots", "somebody", USERS), GROUP_GATE_INSIDE);
	hold(robots, 1);
	assert_int_equal(judge("otp,!robots", "somebody", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(fake.source_calls, 2);
	fake.source_is_down = false;
	fake.source_gid = 10;
	hold(NULL, 0);
	assert_int_equal(judge("otp", "somebody", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("otp,!robots", "somebody", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("staff", "somebody", USERS), GROUP_GATE_OUTSIDE);
	/* Whichever of the groups it is. */
	assert_int_equal(judge("staff,robots,otp", "somebody", USERS), GROUP_GATE_INSIDE);
	/* No exemption rests on it. */
	fake.source_gid = 30;
	assert_int_equal(judge("!robots", "somebody", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("otp,!robots", "somebody", USERS), GROUP_GATE_OUTSIDE);
	fake.source_gid = 0;
}

static void every_entry_is_looked_up(void **state)
{
	static const gid_t robots[] = {30, 10};

	(void)state;
	hold(robots, 2);
	assert_int_equal(judge("!robots,otp,staff", "dave", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(fake.lookups, 3);
}

/* A directory takes long to send the members of a large group. */
static void a_gid_of_the_users_asks_without_a_lookup(void **state)
{
	static const gid_t gids[] = {10, 30};

	(void)state;
	hold(gids, 2);
	assert_int_equal(judge("10", "dave", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(fake.lookups, 0);
	assert_int_equal(judge("10,20", "dave", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(fake.lookups, 1);
	assert_int_equal(judge("10,4711", "dave", USERS), GROUP_GATE_ERROR);
}

/* What is read twice from the same file, or asked twice of a directory, is paid by each
 * login. */
static void who_is_asked_by_one_lookup_needs_no_second(void **state)
{
	static const gid_t gids[] = {20};

	(void)state;
	hold(gids, 1);
	assert_int_equal(judge("otp", "alice", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("staff", "somebody", 20), GROUP_GATE_INSIDE);
	assert_int_equal(fake.lookups, 2);
	assert_int_equal(fake.list_calls, 0);
	/* Also the entry behind it has to exist. */
	assert_int_equal(judge("otp,nonesuch", "alice", USERS), GROUP_GATE_ERROR);
	assert_int_equal(judge("otp,staff", "alice", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(fake.list_calls, 0);
	/* A user whom no list names may still be in the group. */
	assert_int_equal(judge("otp,staff", "somebody", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(fake.list_calls, 1);
}

static void exemptions_are_looked_up_whatever_a_list_says(void **state)
{
	static const gid_t robots[] = {30};

	(void)state;
	hold(robots, 1);
	assert_int_equal(judge("otp,!robots", "alice", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(judge("!robots,otp", "alice", 10), GROUP_GATE_OUTSIDE);
	assert_int_equal(judge("otp,!30", "alice", USERS), GROUP_GATE_OUTSIDE);
	fake.list_failures = UINT_MAX;
	assert_int_equal(judge("otp,!robots", "alice", USERS), GROUP_GATE_ERROR);
}

static void people_are_told_how_the_user_belongs(void **state)
{
	static const gid_t otp[] = {10};
	struct group_decision decision;
	struct error error = ERROR_INIT;

	(void)state;
	hold(otp, 1);
	assert_int_equal(group_gate_judge("otp", "alice", USERS, NULL, &decision, &error),
		GROUP_GATE_INSIDE);
	assert_int_equal(decision.membership, GROUP_MEMBERSHIP_SUPPLEMENTARY);
	hold(NULL, 0);
	assert_int_equal(group_gate_judge("otp", "alice", USERS, NULL, &decision, &error),
		GROUP_GATE_INSIDE);
	assert_int_equal(decision.membership, GROUP_MEMBERSHIP_LISTED);
}

/* The gid of the user's entry need not be a group's. */
static void other_gids_are_looked_up(void **state)
{
	static const gid_t gids[] = {10, 30, 4711};

	(void)state;
	hold(gids, 3);
	assert_int_equal(judge("!30", "somebody", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(fake.lookups, 1);
	assert_int_equal(judge("20", "somebody", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(fake.lookups, 2);
	assert_int_equal(judge("4711", "somebody", 4711), GROUP_GATE_ERROR);
	assert_int_equal(judge("!4711", "somebody", USERS), GROUP_GATE_ERROR);
	fake.failing_gid = 20;
	fake.failure = EIO;
	fake.failures = 1;
	assert_int_equal(judge("20", "somebody", USERS), GROUP_GATE_ERROR);
}

static void failing_lookups(void **state)
{
	static const char *const lists[] = {"staff", "!staff", "20,!20", "!20", "staff,otp",
		"otp,staff", "!otp,!staff", "!robots,!20", "otp,!robots,staff"};
	static const int failures[] = {EIO, ENOMEM, EMFILE, ENFILE, EAGAIN, EPERM, EBADF,
		ETIMEDOUT, ECONNREFUSED, EINTR, ERANGE, -1};

	(void)state;
	fake.failing_gid = 20;
	for (size_t i = 0; i < COUNT(lists); i++) {
		for (size_t j = 0; j < COUNT(failures); j++) {
			fake.failure = failures[j];
			fake.failures = UINT_MAX;
			assert_error(lists[i], TOTPGROUP_ESYSTEM, strerror(failures[j]));
			fake.failures = UINT_MAX;
			assert_error(lists[i], TOTPGROUP_ESYSTEM,
				strchr(lists[i], '2') != NULL ? "group 20 " : "group staff ");
		}
	}
}

static void groups_that_are_not_there(void **state)
{
	static const int failures[] = {0, ENOENT, ESRCH};

	(void)state;
	fake.failing_gid = 20;
	for (size_t i = 0; i < COUNT(failures); i++) {
		fake.failure = failures[i];
		fake.failures = UINT_MAX;
		assert_error(
			"otp,staff", TOTPGROUP_EGROUP, "group staff of group= does not exist");
		fake.failures = UINT_MAX;
		assert_error(
			"!robots,!20", TOTPGROUP_EGROUP, "group 20 of group= does not exist");
	}
}

static void interrupted_lookups_are_repeated(void **state)
{
	static const gid_t staff[] = {20};

	(void)state;
	hold(staff, 1);
	fake.failing_gid = 20;
	fake.failure = EINTR;
	for (unsigned times = 1; times < 50; times++) {
		fake.failures = times;
		assert_int_equal(judge("staff", "bob", USERS), GROUP_GATE_INSIDE);
		assert_int_equal(fake.failures, 0);
		fake.failures = times;
		assert_int_equal(judge("!20", "bob", USERS), GROUP_GATE_OUTSIDE);
		assert_int_equal(fake.failures, 0);
	}
}

static void a_lookup_that_is_always_interrupted_ends(void **state)
{
	(void)state;
	fake.failing_gid = 20;
	fake.failure = EINTR;
	fake.failures = UINT_MAX;
	fake.lookups = 0;
	assert_int_equal(judge("staff", "bob", USERS), GROUP_GATE_ERROR);
	assert_int_equal(fake.lookups, 100);
}

static void what_was_freed_is_looked_up_anew(void **state)
{
	static const gid_t staff[] = {20};
	struct user_groups groups = {.known = false};
	struct error error = ERROR_INIT;

	(void)state;
	hold(staff, 1);
	assert_int_equal(user_groups_read(&groups, "bob", USERS, &error), 0);
	user_groups_free(&groups);
	fake.list_calls = 0;
	assert_int_equal(user_groups_read(&groups, "bob", USERS, &error), 0);
	assert_int_equal(fake.list_calls, 1);
	assert_int_equal(groups.count, 2);
	user_groups_free(&groups);
}

static void buffers_grow_up_to_a_limit(void **state)
{
	(void)state;
	fake.failing_gid = 20;
	fake.failure = ERANGE;
	fake.failures = 2;
	assert_int_equal(judge("staff", "bob", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(fake.largest_buffer, (size_t)64 << 20);
	fake.lookups = 0;
	fake.failures = 3;
	assert_int_equal(judge("staff", "bob", USERS), GROUP_GATE_ERROR);
	assert_int_equal(fake.failures, 0);
	assert_int_equal(fake.lookups, 3);
	assert_int_equal(fake.largest_buffer, (size_t)64 << 20);
}

static void user_lists_that_fail(void **state)
{
	(void)state;
	fake.list_failures = UINT_MAX;
	assert_error("robots", TOTPGROUP_ESYSTEM, "does not list the user's groups");
	assert_error("10", TOTPGROUP_ESYSTEM, "does not list the user's groups");
	assert_error("!otp", TOTPGROUP_ESYSTEM, "does not list the user's groups");
	assert_int_equal(fake.largest_list, 65537);
	assert_true(fake.list_calls < 150);
}

static void user_lists_that_make_no_sense(void **state)
{
	static const int extra[] = {-1, -2, -10, INT_MIN / 2, 100000};

	(void)state;
	for (size_t i = 0; i < COUNT(extra); i++) {
		fake.list_extra = extra[i];
		assert_int_equal(judge("otp", "bob", USERS), GROUP_GATE_ERROR);
		assert_int_equal(judge("!otp", "bob", 10), GROUP_GATE_ERROR);
	}
}

static void user_lists_that_need_patience(void **state)
{
	static const gid_t otp[] = {10};

	(void)state;
	hold(otp, 1);
	for (unsigned times = 1; times <= 5; times++) {
		fake.list_failures = times;
		assert_int_equal(judge("otp", "bob", USERS), GROUP_GATE_INSIDE);
		fake.list_failures = times;
		assert_int_equal(judge("!otp", "bob", USERS), GROUP_GATE_OUTSIDE);
	}
}

/* Up to the kernel's own limit; whether or not the system says how many. */
static void users_in_many_groups(void **state)
{
	static const int counts[] = {62, 63, 64, 65, 5000, 65535, 65536};
	gid_t *gids = malloc(65537 * sizeof *gids);

	(void)state;
	assert_non_null(gids);
	for (size_t i = 0; i < COUNT(counts) * 2; i++) {
		int count = counts[i / 2];

		for (int j = 0; j < count; j++)
			gids[j] = (gid_t)(1000 + j);
		hold(gids, count);
		fake.list_is_silent = i % 2 == 1;
		assert_int_equal(judge("otp", "bob", USERS), GROUP_GATE_OUTSIDE);
		assert_int_equal(judge("!otp", "bob", USERS), GROUP_GATE_INSIDE);
		gids[count - 1] = 10;
		assert_int_equal(judge("otp", "bob", USERS), GROUP_GATE_INSIDE);
		assert_int_equal(judge("!otp", "bob", USERS), GROUP_GATE_OUTSIDE);
	}
	gids[65536] = 10;
	hold(gids, 65537);
	assert_int_equal(judge("otp", "bob", USERS), GROUP_GATE_ERROR);
	assert_int_equal(judge("!otp", "bob", USERS), GROUP_GATE_ERROR);
	free(gids);
}

static void groups_of_many_members(void **state)
{
	enum { MEMBERS = 100000 };
	static char names[MEMBERS][16];
	static const char *members[MEMBERS + 1];
	const struct fake_group groups[] = {{"crowd", 40, members}, {NULL, 0, NULL}};

	(void)state;
	for (int i = 0; i < MEMBERS; i++) {
		snprintf(names[i], sizeof names[i], "u%d", i);
		members[i] = names[i];
	}
	fake.groups = groups;
	assert_int_equal(judge("crowd", "u99999", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("40", "u0", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("crowd", "u100000", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(judge("!crowd", "u5", USERS), GROUP_GATE_INSIDE);
	assert_int_equal(judge("!crowd", "u5", 40), GROUP_GATE_OUTSIDE);
	assert_true(fake.largest_buffer >= 1 << 20);
}

static void a_group_of_many_members_is_looked_up_once(void **state)
{
	enum { MEMBERS = 150000 };
	static char names[MEMBERS][12];
	static const char *members[MEMBERS + 1];
	const struct fake_group groups[] = {{"crowd", 40, members}, {NULL, 0, NULL}};

	(void)state;
	for (int i = 0; i < MEMBERS; i++) {
		snprintf(names[i], sizeof names[i], "user%d", i);
		members[i] = names[i];
	}
	fake.groups = groups;
	assert_int_equal(judge("crowd", "stranger", USERS), GROUP_GATE_OUTSIDE);
	assert_int_equal(fake.lookups, 1);
}

static void no_memory(void **state)
{
	static const gid_t otp[] = {10};
	unsigned failed = 0;

	(void)state;
	hold(otp, 1);
	for (unsigned k = 1;; k++) {
		struct error error = ERROR_INIT;
		enum group_gate result;

		allocation_to_fail = k;
		fake.list_failures = 2;
		result = group_gate_judge("staff,!otp,20", "bob", USERS, NULL, NULL, &error);
		if (allocation_to_fail > 0) {
			assert_int_equal(result, GROUP_GATE_OUTSIDE);
			break;
		}
		assert_int_equal(result, GROUP_GATE_ERROR);
		assert_int_equal(error.code, TOTPGROUP_EMEMORY);
		failed++;
	}
	assert_int_equal(failed, 1 + 3 + 3);
}

enum { GROUPS = 8 };

/* One random state of the database, and what one user is in it. */
struct world {
	struct fake_group groups[GROUPS + 1];
	char names[GROUPS][16];
	gid_t gids[GROUPS];
	int gid_count;
	gid_t primary;
};

static void make_world(struct world *world, struct test_random *random)
{
	static const char *const lists_user[] = {"mallory", "bob", NULL};
	static const char *const lists_others[] = {"bobby", "bo", NULL};

	memset(world, 0, sizeof *world);
	for (unsigned i = 0; i < GROUPS; i++) {
		gid_t gid = test_random_below(random, 12);

		snprintf(world->names[i], sizeof world->names[i], "g%u", i);
		world->groups[i] = (struct fake_group){world->names[i], gid,
			test_random_below(random, 4) == 0 ? lists_user : lists_others};
		if (test_random_below(random, 3) == 0)
			world->gids[world->gid_count++] = gid;
	}
	world->primary = test_random_below(random, 12);
	fake.groups = world->groups;
	hold(world->gids, world->gid_count);
}

static bool world_holds(const struct world *world, gid_t gid)
{
	for (int i = 0; i < world->gid_count; i++) {
		if (world->gids[i] == gid)
			return true;
	}
	return gid == world->primary;
}

/* Appends a random entry; what it stands for is NULL where there is none. */
static const struct fake_group *make_entry(const struct world *world,
	struct test_random *random, bool exempt, char *list, size_t size)
{
	const struct fake_group *group = world->groups;
	size_t length = strlen(list);
	gid_t gid = test_random_below(random, 12);

	if (test_random_below(random, 2) == 0) {
		unsigned chosen = test_random_below(random, GROUPS * 6 + 1);

		group = chosen < GROUPS * 6 ? &world->groups[chosen / 6] : NULL;
		snprintf(list + length, size - length, "%s%s%s ", length > 0 ? ", " : "",
			exempt ? "!" : "", group != NULL ? group->name : "none");
		return group;
	}
	snprintf(list + length, size - length, "%s%s%u", length > 0 ? "," : "",
		exempt ? "!" : "", (unsigned)gid);
	while (group->name != NULL && group->gid != gid)
		group++;
	return group->name != NULL ? group : NULL;
}

static void random_worlds(void **state)
{
	struct test_random random = test_random_begin();
	unsigned seen[3] = {0, 0, 0};

	(void)state;
	for (unsigned int round = 0; round < test_rounds(30000); round++) {
		struct world world;
		char list[256] = "";
		bool broken = false, exempted = false, asks = false, asked = false;
		enum group_gate expected;

		make_world(&world, &random);
		for (unsigned i = test_random_below(&random, 5) + 1; i > 0; i--) {
			bool exempt = test_random_below(&random, 3) == 0;
			const struct fake_group *group =
				make_entry(&world, &random, exempt, list, sizeof list);

			broken |= group == NULL;
			asks |= !exempt;
			if (group != NULL && world_holds(&world, group->gid))
				*(exempt ? &exempted : &asked) = true;
			if (group != NULL && !exempt && strcmp(group->members[1], "bob") == 0)
				asked = true;
		}
		expected = broken	      ? GROUP_GATE_ERROR
			   : exempted	      ? GROUP_GATE_OUTSIDE
			   : (asked || !asks) ? GROUP_GATE_INSIDE
					      : GROUP_GATE_OUTSIDE;
		if (judge(list, "bob", world.primary) != expected)
			fail_msg("round %u: group=%s", round, list);
		seen[broken ? 0 : expected == GROUP_GATE_INSIDE ? 1 : 2]++;
	}
	assert_true(seen[0] > 1000 && seen[1] > 1000 && seen[2] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup(lists_and_users, begin),
		cmocka_unit_test_setup(the_list_of_members_asks_and_never_exempts, begin),
		cmocka_unit_test_setup(who_is_in_no_group_is_looked_for_in_each_source, begin),
		cmocka_unit_test_setup(every_entry_is_looked_up, begin),
		cmocka_unit_test_setup(a_gid_of_the_users_asks_without_a_lookup, begin),
		cmocka_unit_test_setup(who_is_asked_by_one_lookup_needs_no_second, begin),
		cmocka_unit_test_setup(exemptions_are_looked_up_whatever_a_list_says, begin),
		cmocka_unit_test_setup(people_are_told_how_the_user_belongs, begin),
		cmocka_unit_test_setup(other_gids_are_looked_up, begin),
		cmocka_unit_test_setup(failing_lookups, begin),
		cmocka_unit_test_setup(groups_that_are_not_there, begin),
		cmocka_unit_test_setup(interrupted_lookups_are_repeated, begin),
		cmocka_unit_test_setup(a_lookup_that_is_always_interrupted_ends, begin),
		cmocka_unit_test_setup(what_was_freed_is_looked_up_anew, begin),
		cmocka_unit_test_setup(buffers_grow_up_to_a_limit, begin),
		cmocka_unit_test_setup(user_lists_that_fail, begin),
		cmocka_unit_test_setup(user_lists_that_make_no_sense, begin),
		cmocka_unit_test_setup(user_lists_that_need_patience, begin),
		cmocka_unit_test_setup(users_in_many_groups, begin),
		cmocka_unit_test_setup(groups_of_many_members, begin),
		cmocka_unit_test_setup(a_group_of_many_members_is_looked_up_once, begin),
		cmocka_unit_test_setup(no_memory, begin),
		cmocka_unit_test_setup(random_worlds, begin)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
