/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sections that totp-verifyd reads, and that logins ignore. */

#include "config.h"

#include "configuration_support.h"

#include "config/verify_config.h"

static struct verify_config verify;

static int read_text(const char *text)
{
	assert_int_equal(load_text(text), 0);
	return verify_config_read(&configuration, &verify, &error);
}

static void an_empty_file_gives_the_defaults(void **state)
{
	(void)state;
	assert_int_equal(read_text(""), 0);
	assert_int_equal(verify.count, 0);
	assert_int_equal(verify.idle_exit, 60);
	assert_int_equal(verify.connections, 4096);
	assert_int_equal(verify.peer_connections, 1024);
	assert_true(verify.self);
	assert_false(verify.self_enroll);
	assert_int_equal(verify.self_attempts.attempts, 3);
	assert_int_equal(verify.self_attempts.seconds, 30);
	assert_int_equal(read_text("[verify web]\npeer=33\ngroups=staff\n"), 0);
	assert_int_equal(verify.count, 1);
	assert_false(verify.grants[0].root);
	assert_false(verify.grants[0].status);
	assert_null(verify.grants[0].peer_group);
	assert_int_equal(verify.grants[0].attempts.attempts, 3);
	assert_int_equal(verify.grants[0].peer_attempts.attempts, 6000);
}

static void every_key_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_text("group=totp\n"
				   "[verify web]\n"
				   "peer=www-data, 33\n"
				   "groups=staff,!guests\n"
				   "root=yes\n"
				   "status=yes\n"
				   "attempts=10 60\n"
				   "peer_attempts=no\n"
				   "[daemon]\n"
				   "idle_exit=5m\n"
				   "connections=100\n"
				   "peer_connections=7\n"
				   "self=no\n"
				   "self_attempts=no\n"
				   "self_enroll=yes\n"
				   "[verify vpn-2_b]\n"
				   "peer_group=openvpn\n"
				   "groups=all\n"
				   "[enroll]\n"
				   "digits=8\n"),
		0);
	assert_string_equal(configuration.options.group, "totp");
	assert_int_equal(configuration.enroll.digits, 8);
	assert_int_equal(verify.count, 2);
	assert_string_equal(verify.grants[0].name, "web");
	assert_string_equal(verify.grants[0].peer, "www-data, 33");
	assert_string_equal(verify.grants[0].groups, "staff,!guests");
	assert_true(verify.grants[0].root);
	assert_true(verify.grants[0].status);
	assert_int_equal(verify.grants[0].attempts.attempts, 10);
	assert_int_equal(verify.grants[0].attempts.seconds, 60);
	assert_int_equal(verify.grants[0].peer_attempts.attempts, 0);
	assert_string_equal(verify.grants[1].name, "vpn-2_b");
	assert_string_equal(verify.grants[1].peer_group, "openvpn");
	assert_null(verify.grants[1].peer);
	assert_int_equal(verify.idle_exit, 300);
	assert_int_equal(verify.connections, 100);
	assert_int_equal(verify.peer_connections, 7);
	assert_false(verify.self);
	assert_int_equal(verify.self_attempts.attempts, 0);
	assert_true(verify.self_enroll);
}

/* The order of the grants is the order in which they are first named. */
static void drop_ins_overrule_single_keys(void **state)
{
	(void)state;
	make_folder("host/t.conf.d", 0755);
	put_file("host/t.conf.d/1.conf",
		"[verify vpn]\npeer=7\ngroups=b\n[verify web]\ngroups=c\n[daemon]\nself=yes\n",
		0644);
	assert_int_equal(
		read_text("[daemon]\nself=no\n[verify web]\npeer=33\ngroups=a\nroot=yes\n"), 0);
	assert_int_equal(verify.count, 2);
	assert_string_equal(verify.grants[0].name, "web");
	assert_string_equal(verify.grants[0].groups, "c");
	assert_string_equal(verify.grants[0].peer, "33");
	assert_true(verify.grants[0].root);
	assert_string_equal(verify.grants[1].name, "vpn");
	assert_true(verify.self);
}

/* Logins ignore these mistakes. */
static void bad_sections_are_refused_with_file_and_line(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{"[verify web]\npeer=33\n", "[verify web] does not say about whom"},
		{"[verify web]\ngroups=a\n", "[verify web] grants nobody anything"},
		{"[verify web]\npeers=33\n",
			"t.conf:2: unknown key peers in [verify web]; did you mean peer?"},
		{"[verify web]\nconnections=33\n", "unknown key connections in [verify web]"},
		{"[daemon]\n\npeer=1\n", "t.conf:3: unknown key peer in [daemon]"},
		{"[daemon]\nidle_exit=soon\n", "idle_exit needs a number from 0 to 86400"},
		{"[daemon]\nconnections=15\n", "connections needs a number from 16"},
		{"[daemon]\nself=maybe\n", "t.conf:2: key self is yes or no"},
		{"[daemon]\nself=\n", "key self is yes or no"},
		{"[daemon]\nself_attempts=3\n", "self_attempts needs attempts"},
		{"[daemon]\nself_attempts=3 30 1\n", "self_attempts needs attempts"},
		{"[daemon]\nself_attempts=0 30\n", "self_attempts needs attempts"},
		{"[daemon]\nself_attempts=3 3601\n", "self_attempts needs attempts"},
		{"[verify web]\npeer=\n", "t.conf:2: key peer is empty"},
		{"[verify web]\npeer=1\ngroups=a,,b\n", "t.conf:3: "},
		{"[verify web]\npeer=1\ngroups=!\n", "t.conf:3: "},
		{"[verify root]\npeer=1\n", "t.conf:2: the name in [verify NAME]"},
		{"[verify self]\npeer=1\n", "the name in [verify NAME]"},
		{"[verify Web]\npeer=1\n", "the name in [verify NAME]"},
		{"[verify a23456789012345678901234567890123]\npeer=1\n", "the name in"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int status = read_text(rows[i].text);

		assert_failed(status, TOTPGROUP_ECONFIG, rows[i].message, "");
	}
}

static void more_than_32_grants_are_refused(void **state)
{
	char text[4000] = "";

	(void)state;
	for (int i = 0; i < VERIFY_GRANTS_MAX; i++)
		sprintf(text + strlen(text), "[verify n%d]\npeer=1\ngroups=g\n", i);
	assert_int_equal(read_text(text), 0);
	assert_int_equal(verify.count, VERIFY_GRANTS_MAX);
	strcat(text, "[verify more]\npeer=1\ngroups=g\n");
	assert_failed(read_text(text), TOTPGROUP_ECONFIG, "more than 32", ":98: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_file_gives_the_defaults,
			configuration_setup, configuration_teardown),
		cmocka_unit_test_setup_teardown(
			every_key_is_read, configuration_setup, configuration_teardown),
		cmocka_unit_test_setup_teardown(drop_ins_overrule_single_keys,
			configuration_setup, configuration_teardown),
		cmocka_unit_test_setup_teardown(bad_sections_are_refused_with_file_and_line,
			configuration_setup, configuration_teardown),
		cmocka_unit_test_setup_teardown(more_than_32_grants_are_refused,
			configuration_setup, configuration_teardown),
	};

	return cmocka_run_group_tests_name("verify_config", tests, NULL, NULL);
}
