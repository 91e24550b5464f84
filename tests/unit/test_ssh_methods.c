/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "gate/ssh_methods.h"
#include "totpgroup.h"

/* Written by an sshd after a key and a password, and after all three methods. */
#define KEY	 "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIcBf6KKqP3r5H+7QCvxGIRTZoB7\n"
#define PASSWORD "password\n"
#define CODE	 "keyboard-interactive/pam\n"

static void a_completed_method_begins_a_line(void **state)
{
	static const struct {
		const char *auth_info;
		const char *method;
		bool expected;
	} cases[] = {{NULL, "publickey", false}, {"", "publickey", false}, {"", "", false},
		{KEY, "publickey", true}, {KEY, "password", false}, {KEY, "ssh-ed25519", false},
		{KEY PASSWORD, "publickey", true}, {KEY PASSWORD, "password", true},
		{KEY PASSWORD, "keyboard-interactive", false},
		{KEY PASSWORD CODE, "keyboard-interactive", true}, {CODE, "pam", false},
		{CODE, "keyboard-interactive/pam", false}, {CODE, "keyboard", false},
		{"publickey", "publickey", true}, {"publickey\n", "publickey", true},
		{"publickeys\n", "publickey", false}, {"publicke\n", "publickey", false},
		{"xpublickey\n", "publickey", false}, {" publickey\n", "publickey", false},
		{"Publickey\n", "publickey", false}, {"publickey\tx\n", "publickey", false},
		{"none publickey\n", "publickey", false},
		{"none/publickey\n", "publickey", false},
		{"hostbased a\npublickey b\n", "publickey", true},
		{"\n\npassword", "password", true},
		{"gssapi-with-mic alice@EXAMPLE.ORG\n", "gssapi-with-mic", true},
		{"gssapi-with-mic password\n", "password", false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (ssh_methods_completed(cases[i].auth_info, cases[i].method) !=
			cases[i].expected)
			fail_msg("case %zu", i);
	}
}

static void assert_skips(const char *list, const char *auth_info, const char *expected)
{
	struct error error = ERROR_INIT;
	unsigned int set = UINT32_MAX;
	const char *found;

	if (ssh_methods_parse(list, &set, &error) != 0)
		fail_msg("skip_after=%s: %s", list, error.message);
	found = ssh_methods_find(set, auth_info);
	if (expected == NULL)
		assert_null(found);
	else
		assert_string_equal(found, expected);
}

static void any_method_of_the_list_is_enough(void **state)
{
	(void)state;
	assert_skips("publickey", KEY, "publickey");
	assert_skips("publickey", PASSWORD, NULL);
	assert_skips("publickey", CODE, NULL);
	assert_skips("publickey", NULL, NULL);
	assert_skips("publickey", "", NULL);
	assert_skips(" password ,\tpublickey", KEY, "publickey");
	assert_skips("password,publickey", PASSWORD, "password");
	assert_skips("hostbased,gssapi-with-mic", KEY PASSWORD, NULL);
	assert_skips("hostbased,gssapi-with-mic", KEY "hostbased x\n", "hostbased");
	assert_skips("gssapi-with-mic", "gssapi-with-mic a@B\n", "gssapi-with-mic");
	assert_null(ssh_methods_find(0, KEY PASSWORD CODE));
}

static void bad_lists_are_refused_with_a_remedy(void **state)
{
	static const char *const cases[][2] = {{"", "entry 1 of skip_after="},
		{"publickey,", "entry 2 of skip_after="}, {",publickey", "entry 1 "},
		{"keyboard-interactive", "asks for the code itself; remove it"},
		{"publickey,keyboard-interactive", "asks for the code itself; remove it"},
		{"keyboard-interactive/pam",
			"holds keyboard-interactive/pam, which is no method"},
		{"pubkey", "holds pubkey, which is no method of sshd; it knows publickey, "
			   "password, hostbased and gssapi-with-mic"},
		{"publickey,none", "holds none, "}, {"PublicKey", "holds PublicKey, "},
		{"publickey password", "holds publickey password, "},
		{"publickey:ssh-ed25519", "no method"}, {"publickey\n", "holds publickey?, "},
		{"!password", "holds !password"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"aaa..., which is no method"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error = ERROR_INIT;
		unsigned int set = UINT32_MAX;

		if (ssh_methods_parse(cases[i][0], &set, &error) != TOTPGROUP_ECONFIG)
			fail_msg("skip_after=%s is taken", cases[i][0]);
		assert_int_equal(set, 0);
		if (strstr(error.message, cases[i][1]) == NULL)
			fail_msg("\"%s\": \"%s\" lacks \"%s\"", cases[i][0], error.message,
				cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_completed_method_begins_a_line),
		cmocka_unit_test(any_method_of_the_list_is_enough),
		cmocka_unit_test(bad_lists_are_refused_with_a_remedy)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
