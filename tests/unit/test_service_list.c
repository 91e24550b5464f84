/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "gate/service_list.h"
#include "totpgroup.h"

static void a_list_has_its_services_exactly(void **state)
{
	static const struct {
		const char *list;
		const char *service;
		bool expected;
	} cases[] = {{"sshd", "sshd", true}, {"sshd", "ssh", false}, {"ssh", "sshd", false},
		{"sshd", "SSHD", false}, {"sshd,su", "su", true}, {"sshd,su", "sudo", false},
		{"sshd,su", "sshd,su", false}, {" sshd ,\tsu-l", "su-l", true},
		{"sshd", "", false}, {"sshd", " sshd", false},
		{"common-auth", "common-auth", true},
		{"sshd,gdm-password,a.b_c@d", "a.b_c@d", true}, {"su,su", "su", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error = ERROR_INIT;

		if (service_list_check("services", cases[i].list, &error) != 0)
			fail_msg("services=%s: %s", cases[i].list, error.message);
		if (service_list_has(cases[i].list, cases[i].service) != cases[i].expected)
			fail_msg("services=%s and %s", cases[i].list, cases[i].service);
	}
}

static void bad_lists_are_refused_with_a_remedy(void **state)
{
	static const char *const cases[][2] = {{"", "entry 1 of services="}, {" ", "entry 1 "},
		{"sshd,", "entry 2 "}, {",sshd", "entry 1 "}, {"a,,b", "entry 2 "},
		{"/etc/pam.d/sshd", "holds /etc/pam.d/sshd, which is a path"},
		{"sshd,a/b", "holds a/b, which is a path"},
		{"sshd su", "holds sshd su, which is no name; separate names with commas"},
		{"sshd\nsu", "holds sshd?su, which is no name"}, {"\x7f", "no name"},
		{"\xc3\xa9", "no name"}, {"sshd,SU", "holds SU, which matches nothing"},
		{"sshD", "small letters"}, {"Zz", "small letters"}, {"aA", "small letters"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/",
			"aaa..., which is a path"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error = ERROR_INIT;

		if (service_list_check("services", cases[i][0], &error) != TOTPGROUP_ECONFIG)
			fail_msg("services=%s is taken", cases[i][0]);
		if (strstr(error.message, cases[i][1]) == NULL)
			fail_msg("\"%s\": \"%s\" lacks \"%s\"", cases[i][0], error.message,
				cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_list_has_its_services_exactly),
		cmocka_unit_test(bad_lists_are_refused_with_a_remedy)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
