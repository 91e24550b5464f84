/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "gate/group_list.h"
#include "totpgroup.h"

/* Writes the parsed entries, one word each: -name exempts, #7 is a gid. */
static void describe(const struct group_list *groups, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < groups->count; i++) {
		const struct group_entry *entry = &groups->entries[i];
		const char *sign = entry->exempt ? "-" : "+";

		assert_false(entry->resolved || entry->lists_user);
		if (entry->numeric)
			length += (size_t)snprintf(text + length, size - length, "%s#%u|", sign,
				(unsigned)entry->gid);
		else
			length += (size_t)snprintf(
				text + length, size - length, "%s%s|", sign, entry->name);
	}
}

static void good_lists(void **state)
{
	static const struct {
		const char *list;
		const char *understood;
	} cases[] = {{"otp", "+otp|"}, {"otp,staff", "+otp|+staff|"}, {"!otp", "-otp|"},
		{"otp,!robots", "+otp|-robots|"}, {"100", "+#100|"}, {"!0", "-#0|"},
		{"007", "+#7|"}, {"4294967294", "+#4294967294|"},
		{"otp, staff", "+otp|+staff|"}, {" otp\t,\t!staff ", "+otp|-staff|"},
		{"! otp", "-otp|"}, {"7up", "+7up|"}, {"-1", "+-1|"}, {"+1", "++1|"},
		{"0x10", "+0x10|"}, {"1 2", "+1 2|"}, {"domain users", "+domain users|"},
		{"EXAMPLE\\otp", "+EXAMPLE\\otp|"}, {"a!", "+a!|"}, {"a,a,!a", "+a|+a|-a|"},
		{"\xc3\xa9t\xc3\xa9", "+\xc3\xa9t\xc3\xa9|"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct group_list groups = GROUP_LIST_INIT;
		struct error error = ERROR_INIT;
		char text[256];

		if (group_list_parse(&groups, cases[i].list, &error) != 0)
			fail_msg("\"%s\": %s", cases[i].list, error.message);
		describe(&groups, text, sizeof text);
		assert_string_equal(text, cases[i].understood);
		group_list_free(&groups);
		assert_null(groups.entries);
	}
}

static void bad_lists(void **state)
{
	static const struct {
		const char *list;
		const char *words;
	} cases[] = {{"", "entry 1 "}, {" ", "entry 1 "}, {",", "entry 1 "}, {"a,", "entry 2 "},
		{",a", "entry 1 "}, {"a,,b", "entry 2 "}, {"a, ,b", "entry 2 "},
		{"!", "entry 1 "}, {"a,!", "entry 2 "}, {"a,! \t", "entry 2 "},
		{"!!a", "more than one '!'"}, {"! !a", "more than one '!'"},
		{"4294967295", "4294967295, which is no gid"}, {"4294967296", "no gid"},
		{"a,99999999999999999999", "no gid"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct group_list groups = GROUP_LIST_INIT;
		struct error error = ERROR_INIT;

		assert_int_equal(
			group_list_parse(&groups, cases[i].list, &error), TOTPGROUP_ECONFIG);
		assert_null(groups.entries);
		assert_int_equal(groups.count, 0);
		if (strstr(error.message, cases[i].words) == NULL)
			fail_msg("\"%s\": \"%s\" lacks \"%s\"", cases[i].list, error.message,
				cases[i].words);
	}
}

static void long_names(void **state)
{
	char list[600];
	struct group_list groups = GROUP_LIST_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	memset(list, 'a', sizeof list);
	list[0] = '!';
	list[256] = '\0';
	assert_int_equal(group_list_parse(&groups, list, &error), 0);
	assert_string_equal(groups.entries[0].name, list + 1);
	group_list_free(&groups);
	list[256] = 'a';
	list[257] = '\0';
	assert_int_equal(group_list_parse(&groups, list, &error), TOTPGROUP_ECONFIG);
	assert_non_null(strstr(error.message, "longer than 255 bytes"));
	memset(list, '9', 300);
	list[300] = '\0';
	assert_int_equal(group_list_parse(&groups, list, &error), TOTPGROUP_ECONFIG);
	assert_null(groups.entries);
}

static struct group_entry entry_of(const char *name, bool exempt, gid_t gid, bool lists_user)
{
	struct group_entry entry = {
		.exempt = exempt, .gid = gid, .resolved = true, .lists_user = lists_user};

	strcpy(entry.name, name);
	return entry;
}

static enum group_gate judge(struct group_entry *entries, size_t count, gid_t primary,
	const gid_t *gids, size_t held)
{
	const struct group_list groups = {entries, count};
	struct error error = ERROR_INIT;
	enum group_gate result = group_list_judge(&groups, primary, gids, held, NULL, &error);

	assert_int_equal(result == GROUP_GATE_ERROR, error.message[0] != '\0');
	return result;
}

static void no_evidence_no_judgement(void **state)
{
	struct group_entry entries[2] = {
		entry_of("otp", false, 10, true), entry_of("staff", false, 20, true)};

	(void)state;
	assert_int_equal(judge(entries, 0, 10, NULL, 0), GROUP_GATE_ERROR);
	entries[1].resolved = false;
	assert_int_equal(judge(entries, 2, 10, NULL, 0), GROUP_GATE_ERROR);
	entries[1].exempt = true;
	assert_int_equal(judge(entries, 2, 20, NULL, 0), GROUP_GATE_ERROR);
	entries[1].resolved = true;
	assert_int_equal(judge(entries, 2, 20, NULL, 0), GROUP_GATE_OUTSIDE);
}

static void gids_count_wherever_they_stand(void **state)
{
	static const gid_t gids[] = {1, 2, 10};
	struct group_entry entry = entry_of("otp", false, 10, false);

	(void)state;
	assert_int_equal(judge(&entry, 1, 10, NULL, 0), GROUP_GATE_INSIDE);
	assert_int_equal(judge(&entry, 1, 7, gids, 3), GROUP_GATE_INSIDE);
	assert_int_equal(judge(&entry, 1, 7, gids, 2), GROUP_GATE_OUTSIDE);
	assert_int_equal(judge(&entry, 1, 7, NULL, 0), GROUP_GATE_OUTSIDE);
}

static void decisions(void **state)
{
	static const gid_t gids[] = {10, 30};
	struct group_entry entries[] = {entry_of("staff", false, 20, false),
		entry_of("otp", false, 10, false), entry_of("seven", false, 7, true),
		entry_of("robots", true, 30, false)};
	struct group_list groups = {entries, 3};
	struct group_decision decision;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(
		group_list_judge(&groups, 99, gids, 1, &decision, &error), GROUP_GATE_INSIDE);
	assert_string_equal(decision.name, "otp");
	assert_int_equal(decision.gid, 10);
	assert_int_equal(decision.membership, GROUP_MEMBERSHIP_SUPPLEMENTARY);
	assert_false(decision.exempt);
	assert_null(decision.warning);
	group_list_judge(&groups, 20, gids, 1, &decision, &error);
	assert_string_equal(decision.name, "staff");
	assert_int_equal(decision.membership, GROUP_MEMBERSHIP_PRIMARY);
	group_list_judge(&groups, 99, NULL, 0, &decision, &error);
	assert_string_equal(decision.name, "seven");
	assert_int_equal(decision.membership, GROUP_MEMBERSHIP_LISTED);
	entries[2].lists_user = false;
	group_list_judge(&groups, 99, NULL, 0, &decision, &error);
	assert_string_equal(decision.name, "");
	assert_int_equal(decision.membership, GROUP_MEMBERSHIP_NONE);
	groups.count = 4;
	entries[3].lists_user = true;
	group_list_judge(&groups, 99, gids, 1, &decision, &error);
	assert_string_equal(decision.name, "otp");
	assert_int_equal(
		group_list_judge(&groups, 99, gids, 2, &decision, &error), GROUP_GATE_OUTSIDE);
	assert_string_equal(decision.name, "robots");
	assert_true(decision.exempt);
}

static void lists_that_ask_nobody(void **state)
{
	static const struct {
		const char *list;
		bool warned;
	} cases[] = {{"otp", false}, {"!otp", false}, {"otp,!otp", true}, {"!otp,otp", true},
		{"otp,staff,!otp", false}, {"otp,staff,!otp,!staff", true}, {"10,!010", true},
		{"10,!otp", false}, {"otp,!OTP", false}, {"!a,!b", false},
		{"otp,otp,!otp", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct group_list groups = GROUP_LIST_INIT;
		struct error error = ERROR_INIT;

		assert_int_equal(group_list_parse(&groups, cases[i].list, &error), 0);
		if ((group_list_warning(&groups) != NULL) != cases[i].warned)
			fail_msg("group=%s", cases[i].list);
		group_list_free(&groups);
	}
}

/* Two names of the same group. */
static void resolved_groups_are_compared_by_gid(void **state)
{
	struct group_entry entries[] = {
		entry_of("otp", false, 10, false), entry_of("otp2", true, 10, false)};
	const struct group_list groups = {entries, 2};

	(void)state;
	assert_non_null(group_list_warning(&groups));
	entries[1].gid = 11;
	assert_null(group_list_warning(&groups));
	entries[1].gid = 10;
	entries[1].resolved = false;
	assert_null(group_list_warning(&groups));
}

/* Properties of an entry. */
enum { EXEMPT = 1, HELD = 2, LISTED = 4, RESOLVED = 8, ALL = 16 };

/* The expected answer, by the description. */
static enum group_gate expected_of(const unsigned *kinds, size_t count)
{
	unsigned exemptions = 0;

	for (size_t i = 0; i < count; i++) {
		if ((kinds[i] & RESOLVED) == 0)
			return GROUP_GATE_ERROR;
	}
	for (size_t i = 0; i < count; i++) {
		exemptions += (kinds[i] & EXEMPT) != 0;
		if ((kinds[i] & EXEMPT) != 0 && (kinds[i] & HELD) != 0)
			return GROUP_GATE_OUTSIDE;
	}
	if (exemptions == count)
		return GROUP_GATE_INSIDE;
	for (size_t i = 0; i < count; i++) {
		if ((kinds[i] & EXEMPT) == 0 && (kinds[i] & (HELD | LISTED)) != 0)
			return GROUP_GATE_INSIDE;
	}
	return GROUP_GATE_OUTSIDE;
}

static void assert_judged(const unsigned *kinds, size_t count)
{
	struct group_entry entries[3];
	gid_t gids[3] = {0};
	size_t held = 0;

	for (size_t i = 0; i < count; i++) {
		entries[i] = entry_of("g", (kinds[i] & EXEMPT) != 0, (gid_t)(100 + i),
			(kinds[i] & LISTED) != 0);
		entries[i].resolved = (kinds[i] & RESOLVED) != 0;
		if ((kinds[i] & HELD) != 0)
			gids[held++] = entries[i].gid;
	}
	if (judge(entries, count, 7, gids, held) != expected_of(kinds, count))
		fail_msg("%zu entries of the kinds %u %u %u", count, kinds[0], kinds[1],
			kinds[2]);
}

/* All 4368 lists of up to three entries of every kind. */
static void every_short_list(void **state)
{
	(void)state;
	for (size_t count = 1; count <= 3; count++) {
		unsigned lists = count == 1 ? ALL : count == 2 ? ALL * ALL : ALL * ALL * ALL;

		for (unsigned i = 0; i < lists; i++) {
			const unsigned kinds[3] = {i % ALL, i / ALL % ALL, i / ALL / ALL};

			assert_judged(kinds, count);
		}
	}
}

/* Random bytes are a list of entries that are not empty, or are refused. */
static void random_lists(void **state)
{
	static const char bytes[] = ",,,,!! \taZ09_\n\xff";
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int round = 0; round < test_rounds(50000); round++) {
		char list[32];
		unsigned length = test_random_below(&random, sizeof list);
		struct group_list groups = GROUP_LIST_INIT;
		struct error error = ERROR_INIT;

		for (unsigned i = 0; i < length; i++)
			list[i] = bytes[test_random_below(&random, sizeof bytes - 1)];
		list[length] = '\0';
		if (group_list_parse(&groups, list, &error) != 0) {
			assert_int_equal(error.code, TOTPGROUP_ECONFIG);
			assert_null(groups.entries);
			continue;
		}
		assert_true(groups.count > 0);
		for (size_t i = 0; i < groups.count; i++) {
			const char *name = groups.entries[i].name;

			assert_null(strchr(name, ','));
			assert_null(strchr("! \t", name[0]));
			assert_non_null(strstr(list, name));
		}
		group_list_free(&groups);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good_lists),
		cmocka_unit_test(bad_lists), cmocka_unit_test(long_names),
		cmocka_unit_test(no_evidence_no_judgement),
		cmocka_unit_test(gids_count_wherever_they_stand), cmocka_unit_test(decisions),
		cmocka_unit_test(lists_that_ask_nobody),
		cmocka_unit_test(resolved_groups_are_compared_by_gid),
		cmocka_unit_test(every_short_list), cmocka_unit_test(random_lists)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
