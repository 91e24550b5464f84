/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "fake_groups.h"
#include "gate/gate.h"
#include "totpgroup.h"

#define USERS 100

static const struct fake_group some_groups[] = {{"users", USERS, NULL},
	{"otp", 10, (const char *const[]){"carol", NULL}}, {"staff", 20, NULL},
	{"robots", 30, NULL}, {"otp2", 10, NULL}, {NULL, 0, NULL}};
static const gid_t alices_gids[] = {10};

static const struct gate_facts alice = {.service = "sshd",
	.user = "alice",
	.user_known = true,
	.primary_gid = USERS,
	.rhost = "198.51.100.1",
	.ssh_connection = "192.0.2.7 50022 192.0.2.1 22",
	.ssh_auth_info = "publickey ssh-ed25519 AAAA\n"};

static int begin(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.groups = some_groups;
	fake.failing_gid = (gid_t)-1;
	fake.gids = alices_gids;
	fake.gid_count = COUNT(alices_gids);
	return 0;
}

/* The effect of a rule on alice. */
enum effect { NOT_GIVEN, GOES_ON, SKIPS, MALFORMED, UNRESOLVED, EFFECTS };

/* A value for each rule and effect. */
static const char *const values[4][EFFECTS] = {{NULL, "su,sshd", "su", "su,,sshd", NULL},
	{NULL, "otp", "staff", "otp,", "otp,nonesuch"},
	{NULL, "10.0.0.0/8,local", "192.0.2.0/24", "192.0.2.7/24", NULL},
	{NULL, "password", "password,publickey", "keyboard-interactive", NULL}};

/* The expected answer, by the description: first malformed rules, then the rules in
 * order. NULL for an error, "" for asked, otherwise the reason. */
static const char *expected_of(const enum effect *effects, bool known)
{
	static const char *const reasons[4] = {"service", "not-in-group", "network", "method"};

	for (size_t i = 0; i < 4; i++) {
		if (effects[i] == MALFORMED)
			return NULL;
	}
	for (size_t i = 0; i < 4; i++) {
		if (effects[i] == UNRESOLVED)
			return NULL;
		if (effects[i] == SKIPS && (known || i == 0))
			return reasons[i];
	}
	return "";
}

static void assert_combination(const enum effect *effects, bool known)
{
	struct gate_facts facts = alice;
	struct gate_rules rules = {.services = values[0][effects[0]],
		.group = values[1][effects[1]],
		.skip_net = values[2][effects[2]],
		.skip_after = values[3][effects[3]]};
	struct error error = ERROR_INIT;
	const char *expected = expected_of(effects, known);
	struct gate_answer answer;
	bool good;

	facts.user_known = known;
	answer = gate_judge(&rules, &facts, NULL, &error);
	if (expected == NULL)
		good = answer.gate == GATE_ERROR && answer.reason == NULL;
	else if (*expected == '\0')
		good = answer.gate == GATE_ASK && answer.reason == NULL;
	else
		good = answer.gate == GATE_SKIP && strcmp(answer.reason, expected) == 0;
	if (!good || (answer.gate == GATE_ERROR) != (error.code != 0))
		fail_msg("effects %d %d %d %d, known %d: %#x, %s", effects[0], effects[1],
			effects[2], effects[3], known, (unsigned)answer.gate, error.message);
}

static void the_first_rule_that_skips_decides(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < EFFECTS * EFFECTS * EFFECTS * EFFECTS; i++) {
		const enum effect effects[4] = {i % EFFECTS, i / EFFECTS % EFFECTS,
			i / EFFECTS / EFFECTS % EFFECTS, i / EFFECTS / EFFECTS / EFFECTS};

		/* Only entries of group can fail to resolve. */
		if (effects[0] == UNRESOLVED || effects[2] == UNRESOLVED ||
			effects[3] == UNRESOLVED)
			continue;
		assert_combination(effects, true);
		assert_combination(effects, false);
		count++;
	}
	assert_int_equal(count, 4 * 5 * 4 * 4);
}

static enum gate judge(struct gate_rules rules, struct gate_facts facts)
{
	struct error error = ERROR_INIT;

	return gate_judge(&rules, &facts, NULL, &error).gate;
}

static void missing_facts_refuse(void **state)
{
	const struct gate_rules services = {.services = "sshd"};
	const struct gate_rules group = {.group = "staff"};
	const struct gate_rules local = {.skip_net = "local"};
	const struct gate_rules after = {.skip_after = "publickey"};
	struct gate_facts facts = alice;

	(void)state;
	facts.service = NULL;
	assert_int_equal(judge(services, facts), GATE_ERROR);
	facts.service = "";
	assert_int_equal(judge(services, facts), GATE_ERROR);
	facts.user = NULL;
	assert_int_equal(judge(group, facts), GATE_ERROR);
	assert_int_equal(judge((struct gate_rules){0}, (struct gate_facts){0}), GATE_ASK);
	assert_int_equal(judge(after, (struct gate_facts){.user_known = true}), GATE_ASK);
	assert_int_equal(judge(local, (struct gate_facts){.user_known = true}), GATE_SKIP);
	assert_int_equal(judge(local, (struct gate_facts){.user_known = false}), GATE_ASK);
	assert_int_equal(judge(local, alice), GATE_ASK);
	facts = alice;
	facts.ssh_connection = "";
	assert_int_equal(judge((struct gate_rules){.skip_net = "0.0.0.0/0,::/0,local"}, facts),
		GATE_ASK);
	facts.ssh_connection = NULL;
	assert_int_equal(
		judge((struct gate_rules){.skip_net = "198.51.100.1"}, facts), GATE_SKIP);
}

/* Broken groups refuse an unknown user, too. */
static void unknown_users_are_skipped_by_services_alone(void **state)
{
	struct gate_facts mallory = alice;

	(void)state;
	mallory.user_known = false;
	mallory.primary_gid = 20;
	fake.gid_count = 0;
	assert_int_equal(judge((struct gate_rules){.group = "nonesuch"}, mallory), GATE_ERROR);
	assert_int_equal(judge((struct gate_rules){.group = "otp"}, mallory), GATE_ASK);
	assert_int_equal(judge((struct gate_rules){.group = "!staff"}, mallory), GATE_ASK);
	assert_true(fake.lookups >= 3);
}

/* It skips nobody here, but a malformed one refuses everybody, like the other lists. */
static void the_services_of_a_session_are_checked_too(void **state)
{
	(void)state;
	assert_int_equal(
		judge((struct gate_rules){.grace_services = "su,sudo"}, alice), GATE_ASK);
	assert_int_equal(
		judge((struct gate_rules){.grace_services = "su,,sudo"}, alice), GATE_ERROR);
	assert_int_equal(
		judge((struct gate_rules){.services = "su", .grace_services = "su,"}, alice),
		GATE_ERROR);
	assert_int_equal(
		judge((struct gate_rules){.services = "su,", .grace_services = "su"}, alice),
		GATE_ERROR);
	assert_int_equal(
		judge((struct gate_rules){.services = "su", .grace_services = "sudo"}, alice),
		GATE_SKIP);
}

struct notes {
	char text[2048];
};

static void note_line(void *context, const char *step, const char *line)
{
	struct notes *notes = context;
	size_t length = strlen(notes->text);

	snprintf(notes->text + length, sizeof notes->text - length, "%s: %s\n", step, line);
}

static void assert_notes(struct gate_rules rules, struct gate_facts facts, const char *expected)
{
	struct notes notes = {""};
	const struct gate_note note = {note_line, &notes};
	struct error error = ERROR_INIT;

	gate_judge(&rules, &facts, &note, &error);
	assert_string_equal(notes.text, expected);
}

static void each_step_is_told(void **state)
{
	struct gate_rules rules = {.services = "su,sshd",
		.group = "staff, otp",
		.skip_net = "10.0.0.0/8",
		.skip_after = "password"};

	(void)state;
	assert_notes(rules, alice,
		"services: services=su,sshd has sshd: goes on\n"
		"group: group=staff, otp: alice is in otp (gid 10, supplementary): asked\n"
		"skip_net: skip_net=10.0.0.0/8: 192.0.2.7 is not in it: goes on\n"
		"skip_after: skip_after=password: SSH_AUTH_INFO_0 has none of it: goes on\n");
	rules.services = "su";
	assert_notes(rules, alice, "services: services=su has no sshd: not asked\n");
	rules.services = "su,";
	assert_notes(rules, alice, "");
	assert_notes((struct gate_rules){0}, alice, "");
}

static void a_group_is_told_with_its_membership(void **state)
{
	static const struct {
		const char *user;
		const char *list;
		gid_t primary;
		int gid_count;
		const char *expected;
	} cases[] = {
		{"alice", "otp", 10, 1, "group=otp: alice is in otp (gid 10, primary): asked"},
		{"carol", "otp", USERS, 0,
			"group=otp: carol is in otp (gid 10, by the group's own list of "
			"members "
			"alone): asked"},
		{"alice", "staff,!otp", 20, 1,
			"group=staff,!otp: alice is in otp (gid 10, supplementary), which is "
			"exempt: not asked"},
		{"alice", "!staff,!robots", USERS, 1,
			"group=!staff,!robots: alice is in no exempt group: asked"},
		{"alice", "staff", USERS, 1, "group=staff: alice is in none of it: not asked"},
		{"a\nb", "staff", USERS, 1, "group=staff: a?b is in none of it: not asked"},
		{"carol", "otp,!10", 10, 0,
			"warning: group= asks nobody, because each group that it asks is "
			"exempt "
			"too; remove one of the two\n"
			"group: group=otp,!10: carol is in 10 (gid 10, primary), which is "
			"exempt: not asked"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct gate_facts facts = alice;
		char expected[512];

		facts.user = cases[i].user;
		facts.primary_gid = cases[i].primary;
		fake.gid_count = cases[i].gid_count;
		snprintf(expected, sizeof expected, "group: %s\n", cases[i].expected);
		assert_notes((struct gate_rules){.group = cases[i].list}, facts, expected);
	}
}

static void a_skip_is_told_with_its_entry(void **state)
{
	struct gate_facts facts = alice;

	(void)state;
	assert_notes((struct gate_rules){.skip_net = "local,192.0.2.0/24"}, alice,
		"skip_net: skip_net=local,192.0.2.0/24: 192.0.2.7 is in 192.0.2.0/24: "
		"not asked\n");
	assert_notes((struct gate_rules){.skip_after = "password,publickey"}, alice,
		"skip_after: skip_after=password,publickey: publickey is completed: not "
		"asked\n");
	facts.ssh_connection = NULL;
	facts.rhost = "host.example";
	assert_notes((struct gate_rules){.skip_net = "local"}, facts,
		"skip_net: skip_net=local: a remote host without a numeric address is not in "
		"it: "
		"goes on\n");
	facts.rhost = NULL;
	assert_notes((struct gate_rules){.skip_net = "local"}, facts,
		"skip_net: skip_net=local: a login without a remote host is in local: "
		"not asked\n");
}

/* People type passwords as names. */
static void names_of_unknown_users_are_not_told(void **state)
{
	struct gate_facts facts = alice;

	(void)state;
	facts.user = "my secret password";
	facts.user_known = false;
	facts.primary_gid = 10;
	fake.gid_count = 0;
	assert_notes(
		(struct gate_rules){
			.group = "otp", .skip_net = "192.0.2.7", .skip_after = "publickey"},
		facts,
		"group: group=otp: the user is in none of it: asked all the same, as the "
		"system "
		"does not know the user\n"
		"skip_net: skip_net=192.0.2.7: 192.0.2.7 is in 192.0.2.7: asked all the same, "
		"as "
		"the system does not know the user\n"
		"skip_after: skip_after=publickey: publickey is completed: asked all the same, "
		"as the system does not know the user\n");
}

/* The fact after a long value is still told. */
static void long_values_are_cut_in_notes(void **state)
{
	struct notes notes = {""};
	const struct gate_note note = {note_line, &notes};
	struct error error = ERROR_INIT;
	char list[1024];
	const struct gate_rules rules = {.services = list};

	(void)state;
	memset(list, 'a', sizeof list - 1);
	list[sizeof list - 1] = '\0';
	assert_int_equal(gate_judge(&rules, &alice, &note, &error).gate, GATE_SKIP);
	assert_non_null(strstr(notes.text, "aaa has no sshd: not asked\n"));
	assert_true(strlen(notes.text) < 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_rule_that_skips_decides, begin),
		cmocka_unit_test_setup(missing_facts_refuse, begin),
		cmocka_unit_test_setup(unknown_users_are_skipped_by_services_alone, begin),
		cmocka_unit_test_setup(the_services_of_a_session_are_checked_too, begin),
		cmocka_unit_test_setup(each_step_is_told, begin),
		cmocka_unit_test_setup(a_group_is_told_with_its_membership, begin),
		cmocka_unit_test_setup(a_skip_is_told_with_its_entry, begin),
		cmocka_unit_test_setup(names_of_unknown_users_are_not_told, begin),
		cmocka_unit_test_setup(long_values_are_cut_in_notes, begin)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
