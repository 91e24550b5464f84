/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include "exchange/account_name.h"

static void assert_word(struct word word, const char *expected)
{
	assert_int_equal(word.length, strlen(expected));
	assert_memory_equal(word.start, expected, word.length);
}

static void a_name_has_a_user_a_host_and_a_device(void **state)
{
	static const struct {
		const char *name;
		const char *whole;
		const char *user;
		const char *host;
		const char *device;
	} cases[] = {
		{"", "", "", "", ""},
		{"alice", "alice", "alice", "", ""},
		{"alice@h", "alice@h", "alice", "h", ""},
		{"alice@", "alice@", "alice", "", ""},
		{"@h", "@h", "", "h", ""},
		{"a@b@c", "a@b@c", "a@b", "c", ""},
		{"alice (phone)", "alice", "alice", "", "phone"},
		{"alice@h (phone)", "alice@h", "alice", "h", "phone"},
		{"alice@h (me@home)", "alice@h", "alice", "h", "me@home"},
		{"a@b@c (x (y) z)", "a@b@c", "a@b", "c", "x (y) z"},
		{"alice@h ()", "alice@h", "alice", "h", ""},
		{"alice@h (phone", "alice@h (phone", "alice", "h (phone", ""},
		{" (phone)", " (phone)", " (phone)", "", ""},
		{"(phone)", "(phone)", "(phone)", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account_name parts = account_name_split(cases[i].name);

		assert_word(parts.whole, cases[i].whole);
		assert_word(parts.user, cases[i].user);
		assert_word(parts.host, cases[i].host);
		assert_word(parts.device, cases[i].device);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_a_user_a_host_and_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
