/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include <limits.h>

#include "allocation.h"
#include "fake_groups.h"
#include "gate/gate.h"
#include "totpgroup.h"

/* Each of these rules alone would skip this user. A failure that one of them ignored would
 * show as a skip. */
static const struct gate_rules skipping = {.services = "sshd,su",
	.group = "staff,!robots",
	.skip_net = "local,192.0.2.0/24",
	.skip_after = "password,publickey"};

static const struct fake_group some_groups[] = {
	{"staff", 20, NULL}, {"robots", 30, NULL}, {NULL, 0, NULL}};
static const gid_t held_gids[] = {30, 40};

static const struct gate_facts bob = {.service = "sshd",
	.user = "bob",
	.user_known = true,
	.primary_gid = 100,
	.ssh_connection = "192.0.2.7 50022 192.0.2.1 22",
	.ssh_auth_info = "publickey ssh-ed25519 AAAA\n"};

static int begin(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.groups = some_groups;
	fake.failing_gid = (gid_t)-1;
	fake.gids = held_gids;
	fake.gid_count = COUNT(held_gids);
	allocation_to_fail = 0;
	return 0;
}

static void ignore_line(void *context, const char *step, const char *line)
{
	(void)context;
	(void)step;
	(void)line;
}

/* With and without a callback, and for an unknown user. */
static void assert_refused(const struct gate_rules *rules, int code)
{
	static const struct gate_note told = {ignore_line, NULL};
	const unsigned failures = fake.failures;
	const unsigned list_failures = fake.list_failures;
	const unsigned to_fail = allocation_to_fail;

	for (unsigned i = 0; i < 4; i++) {
		struct gate_facts facts = bob;
		struct error error = ERROR_INIT;
		struct gate_answer answer;

		facts.user_known = (i & 1) == 0;
		fake.failures = failures;
		fake.list_failures = list_failures;
		allocation_to_fail = to_fail;
		answer = gate_judge(rules, &facts, (i & 2) == 0 ? NULL : &told, &error);
		assert_int_equal(answer.gate, GATE_ERROR);
		assert_null(answer.reason);
		assert_int_equal(error.code, code);
		assert_true(error.message[0] != '\0');
	}
}

/* Otherwise the tests below would prove nothing. */
static void each_rule_alone_skips(void **state)
{
	const struct gate_rules alone[] = {{.services = "su"}, {.group = skipping.group},
		{.skip_net = skipping.skip_net}, {.skip_after = skipping.skip_after}};

	(void)state;
	for (size_t i = 0; i < COUNT(alone); i++) {
		struct error error = ERROR_INIT;

		assert_int_equal(gate_judge(&alone[i], &bob, NULL, &error).gate, GATE_SKIP);
	}
}

static void malformed_lists_never_skip(void **state)
{
	static const char *const broken[4][6] = {{"", "sshd,", "a/b", "SSHD", "a b", ","},
		{"", "staff,", "!", "!!staff", "4294967295", ","},
		{"", "local,", "localhost", "192.0.2.7/24", "192.0.2.0/", "::/129"},
		{"", "publickey,", "keyboard-interactive", "none", "PublicKey", ","}};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < COUNT(broken[i]); j++) {
			struct gate_rules rules = skipping;
			const char **values[4] = {&rules.services, &rules.group,
				&rules.skip_net, &rules.skip_after};

			*values[i] = broken[i][j];
			assert_refused(&rules, TOTPGROUP_ECONFIG);
			/* Also where an earlier rule skips. */
			if (i > 0)
				rules.services = "su";
			assert_refused(&rules, TOTPGROUP_ECONFIG);
		}
	}
	assert_int_equal(fake.lookups, 0);
}

static void groups_that_do_not_resolve_never_skip(void **state)
{
	struct gate_rules rules = skipping;

	(void)state;
	rules.group = "nonesuch";
	assert_refused(&rules, TOTPGROUP_EGROUP);
	rules.group = "!robots,!nonesuch";
	assert_refused(&rules, TOTPGROUP_EGROUP);
	rules.group = "4711,!robots";
	assert_refused(&rules, TOTPGROUP_EGROUP);
}

/* Each lookup fails in each possible way. */
static void failing_lookups_never_skip(void **state)
{
	static const int failures[] = {EIO, ENOMEM, EMFILE, ENFILE, EAGAIN, EPERM, EBADF,
		ETIMEDOUT, ECONNREFUSED, EINTR, ERANGE, -1};
	static const int absences[] = {0, ENOENT, ESRCH};
	static const gid_t gids[] = {20, 30};

	(void)state;
	for (size_t i = 0; i < COUNT(gids); i++) {
		fake.failing_gid = gids[i];
		for (size_t j = 0; j < COUNT(failures); j++) {
			fake.failure = failures[j];
			fake.failures = UINT_MAX;
			assert_refused(&skipping, TOTPGROUP_ESYSTEM);
		}
		for (size_t j = 0; j < COUNT(absences); j++) {
			fake.failure = absences[j];
			fake.failures = UINT_MAX;
			assert_refused(&skipping, TOTPGROUP_EGROUP);
		}
	}
	assert_int_equal(fake.largest_buffer, (size_t)64 << 20);
}

static void failing_lists_of_groups_never_skip(void **state)
{
	static const int nonsense[] = {-3, -10, INT_MIN / 2, 100000};

	(void)state;
	fake.list_failures = UINT_MAX;
	assert_refused(&skipping, TOTPGROUP_ESYSTEM);
	fake.list_failures = 0;
	for (size_t i = 0; i < COUNT(nonsense); i++) {
		fake.list_extra = nonsense[i];
		assert_refused(&skipping, TOTPGROUP_ESYSTEM);
	}
}

static void a_gate_without_memory_never_skips(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (unsigned k = 1;; k++) {
		struct error error = ERROR_INIT;
		struct gate_answer answer;

		allocation_to_fail = k;
		answer = gate_judge(&skipping, &bob, NULL, &error);
		if (allocation_to_fail > 0) {
			assert_int_equal(answer.gate, GATE_SKIP);
			assert_string_equal(answer.reason, "not-in-group");
			break;
		}
		allocation_to_fail = k;
		assert_refused(&skipping, TOTPGROUP_EMEMORY);
		failed++;
	}
	/* Both lists, the list of groups again, the user's gids, two lookups. */
	assert_int_equal(failed, 2 + 1 + 1 + 2);
}

static void missing_facts_never_skip(void **state)
{
	struct gate_facts facts = bob;
	struct error error = ERROR_INIT;

	(void)state;
	facts.service = NULL;
	assert_int_equal(gate_judge(&skipping, &facts, NULL, &error).gate, GATE_ERROR);
	assert_int_equal(error.code, TOTPGROUP_EARGUMENT);
	facts = bob;
	facts.user = NULL;
	error = (struct error)ERROR_INIT;
	assert_int_equal(gate_judge(&skipping, &facts, NULL, &error).gate, GATE_ERROR);
	assert_int_equal(error.code, TOTPGROUP_EARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup(each_rule_alone_skips, begin),
		cmocka_unit_test_setup(malformed_lists_never_skip, begin),
		cmocka_unit_test_setup(groups_that_do_not_resolve_never_skip, begin),
		cmocka_unit_test_setup(failing_lookups_never_skip, begin),
		cmocka_unit_test_setup(failing_lists_of_groups_never_skip, begin),
		cmocka_unit_test_setup(a_gate_without_memory_never_skips, begin),
		cmocka_unit_test_setup(missing_facts_never_skip, begin)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
