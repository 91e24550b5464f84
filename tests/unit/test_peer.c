/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "gate/address.h"

#define LOCAL	"a login without a remote host"
#define UNKNOWN "a remote host without a numeric address"

static void assert_peer(const char *ssh_connection, const char *rhost, const char *expected)
{
	struct peer peer = peer_of(ssh_connection, rhost);
	char text[ADDRESS_TEXT_SIZE];

	peer_format(&peer, text);
	if (strcmp(text, expected) != 0)
		fail_msg("SSH_CONNECTION=%s PAM_RHOST=%s: \"%s\" and not \"%s\"",
			ssh_connection != NULL ? ssh_connection : "(none)",
			rhost != NULL ? rhost : "(none)", text, expected);
	assert_int_equal(peer.kind == PEER_LOCAL, strcmp(expected, LOCAL) == 0);
	assert_int_equal(peer.kind == PEER_UNKNOWN, strcmp(expected, UNKNOWN) == 0);
}

static void a_login_without_a_remote_host_is_local(void **state)
{
	(void)state;
	assert_peer(NULL, NULL, LOCAL);
	assert_peer(NULL, "", LOCAL);
	assert_int_equal(((struct peer){0}).kind, PEER_UNKNOWN);
}

static void numeric_addresses_are_peers(void **state)
{
	static const char *const cases[][2] = {{"192.0.2.7", "192.0.2.7"},
		{"0.0.0.0", "0.0.0.0"}, {"255.255.255.255", "255.255.255.255"},
		{"2001:db8::7", "2001:db8::7"}, {"2001:DB8:0:0::0007", "2001:db8::7"},
		{"::", "::"}, {"::1", "::1"}, {"fe80::1%eth0", "fe80::1%eth0"},
		{"fe80::1%2", "fe80::1%2"},
		{"fe80::1%abcdefghijklmno", "fe80::1%abcdefghijklmno"},
		{"::ffff:192.0.2.7", "192.0.2.7"}, {"::FFFF:c000:207", "192.0.2.7"},
		{"0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"}, {"::192.0.2.7", "::192.0.2.7"},
		{"64:ff9b::192.0.2.7", "64:ff9b::c000:207"},
		{"::fffe:192.0.2.7", "::fffe:c000:207"}};
	char connection[160];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_peer(NULL, cases[i][0], cases[i][1]);
		snprintf(connection, sizeof connection, "%s 50022 %s 22", cases[i][0], "::1");
		assert_peer(connection, NULL, cases[i][1]);
		assert_peer(connection, "198.51.100.1", cases[i][1]);
		assert_peer(connection, "", cases[i][1]);
	}
}

static const char *const no_addresses[] = {" ", "localhost", ":0", ":0.0", "host.example",
	"tty1", "UNKNOWN", "192.0.2", "192.0.2.7.1", "192.0.2.256", "192.0.2.07", "192.0.2.007",
	"0300.0.2.7", "0x7f.0.0.1", "127.1", "1", "2130706433", "192.0.2.7 ", " 192.0.2.7",
	"192.0.2.7\n", "192.0.2.7,10.0.0.1", "192.0.2.7:22", "192.0.2.7%eth0", "192.0.2.0/24",
	"[2001:db8::7]", "2001:db8::7::", "2001:db8::12345", "fe80::1%", "fe80::1%%eth0",
	"fe80::1%abcdefghijklmnop", "fe80::1%e th", "fe80::1%e/th", "fe80::1%\xc3\xa9",
	"fe80::1%\x7f", "1111:2222:3333:4444:5555:6666:7777:8888:9999:0",
	"111111111111111111111111111111111111111111111111", "%eth0", "::ffff:192.0.2.7%eth0",
	"::ffff:192.0.2.07", "2001:db8::7/64", "-", "local"};

static void names_are_never_addresses(void **state)
{
	char connection[160];

	(void)state;
	for (size_t i = 0; i < COUNT(no_addresses); i++) {
		assert_peer(NULL, no_addresses[i], UNKNOWN);
		snprintf(connection, sizeof connection, "%s 50022 192.0.2.1 22",
			no_addresses[i]);
		assert_peer(connection, "192.0.2.7", UNKNOWN);
	}
}

/* PAM_RHOST does not change that. */
static void malformed_connections_are_unknown(void **state)
{
	static const char *const connections[] = {"", " ", "192.0.2.7", "192.0.2.7 50022",
		"192.0.2.7 50022 192.0.2.1", "192.0.2.7 50022 192.0.2.1 ",
		"192.0.2.7 50022 192.0.2.1 22 ", "192.0.2.7 50022 192.0.2.1 22 x",
		" 192.0.2.7 50022 192.0.2.1 22", "192.0.2.7  50022 192.0.2.1 22",
		"192.0.2.7\t50022\t192.0.2.1\t22", "192.0.2.7 65536 192.0.2.1 22",
		"192.0.2.7 -1 192.0.2.1 22", "192.0.2.7 50022 192.0.2.1 65536",
		"192.0.2.7 ssh 192.0.2.1 22", "192.0.2.7 50022 192.0.2.1 22\n",
		"192.0.2.7 50022 server 22", "UNKNOWN 65535 UNKNOWN 65535",
		"192.0.2.7 50022 192.0.2.1 22,"};
	static const char *const rhosts[] = {NULL, "", "192.0.2.7", "localhost"};

	(void)state;
	for (size_t i = 0; i < COUNT(connections); i++) {
		for (size_t j = 0; j < COUNT(rhosts); j++)
			assert_peer(connections[i], rhosts[j], UNKNOWN);
	}
	assert_peer("192.0.2.7 0 192.0.2.1 65535", "localhost", "192.0.2.7");
}

/* Random bytes of addresses, compared with inet_pton(). */
static void an_address_leaves_nothing_of_an_earlier_one(void **state)
{
	static const char *const texts[] = {
		"192.0.2.7", "::ffff:192.0.2.7", "fe80::1%a", "::1"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct address clean, used;

		memset(&clean, 0, sizeof clean);
		memset(&used, 0xff, sizeof used);
		assert_true(address_parse(texts[i], strlen(texts[i]), &clean));
		assert_true(address_parse(texts[i], strlen(texts[i]), &used));
		assert_memory_equal(&clean, &used, sizeof clean);
	}
}

static void what_is_no_address_is_told_so(void **state)
{
	const struct address none = {.family = 0};
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	address_format(&none, text);
	assert_string_equal(text, "(no address)");
}

static void random_texts_are_addresses_or_unknown(void **state)
{
	static const char bytes[] = "0012579.:.:afFe ";
	struct test_random random = test_random_begin();
	unsigned found = 0;

	(void)state;
	for (unsigned int round = 0; round < test_rounds(200000); round++) {
		char text[12];
		unsigned length = 1 + (unsigned)test_random_below(&random, sizeof text - 1);
		uint8_t address[16];
		struct peer peer;
		bool good;

		for (unsigned i = 0; i < length; i++)
			text[i] = bytes[test_random_below(&random, sizeof bytes - 1)];
		text[length] = '\0';
		peer = peer_of(NULL, text);
		good = inet_pton(AF_INET, text, address) == 1 ||
		       inet_pton(AF_INET6, text, address) == 1;
		if (good != (peer.kind == PEER_ADDRESS) || peer.kind == PEER_LOCAL)
			fail_msg("\"%s\"", text);
		found += good;
	}
	assert_true(found > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_without_a_remote_host_is_local),
		cmocka_unit_test(numeric_addresses_are_peers),
		cmocka_unit_test(names_are_never_addresses),
		cmocka_unit_test(malformed_connections_are_unknown),
		cmocka_unit_test(an_address_leaves_nothing_of_an_earlier_one),
		cmocka_unit_test(what_is_no_address_is_told_so),
		cmocka_unit_test(random_texts_are_addresses_or_unknown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
