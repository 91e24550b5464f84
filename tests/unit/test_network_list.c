/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include <sys/socket.h>

#include "allocation.h"
#include "gate/network_list.h"
#include "totpgroup.h"

static void parse(struct network_list *list, const char *text)
{
	struct error error = ERROR_INIT;

	if (network_list_parse(list, text, &error) != 0)
		fail_msg("skip_net=%s: %s", text, error.message);
}

static bool holds(const char *text, const char *rhost)
{
	struct network_list list = NETWORK_LIST_INIT;
	struct peer peer = peer_of(NULL, rhost);
	bool found;

	parse(&list, text);
	found = network_list_find(&list, &peer) != NULL;
	network_list_free(&list);
	assert_null(list.networks);
	return found;
}

static void good_lists_are_read(void **state)
{
	static const char *const cases[][2] = {{"192.0.2.0/24", "192.0.2.0/24"},
		{"192.0.2.7", "192.0.2.7"}, {"192.0.2.7/32", "192.0.2.7"},
		{"0.0.0.0/0", "0.0.0.0/0"}, {"::/0", "::/0"}, {"128.0.0.0/1", "128.0.0.0/1"},
		{"2001:db8::/32", "2001:db8::/32"}, {"2001:0DB8::/32", "2001:db8::/32"},
		{"2001:db8::1/128", "2001:db8::1"}, {"fe80::/10", "fe80::/10"},
		{"fe80::%eth0/10", "fe80::%eth0/10"}, {"fe80::1%eth0", "fe80::1%eth0"},
		{"febf::%2/16", "febf::%2/16"}, {"::ffff:192.0.2.0/120", "192.0.2.0/24"},
		{"::ffff:192.0.2.7", "192.0.2.7"}, {"::ffff:0:0/96", "0.0.0.0/0"},
		{"local", "local"}, {" local\t,\t10.0.0.0/8 ", "local,10.0.0.0/8"},
		{"10.0.0.0/8,10.0.0.0/8", "10.0.0.0/8,10.0.0.0/8"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct network_list list = NETWORK_LIST_INIT;
		char seen[256] = "";

		parse(&list, cases[i][0]);
		for (size_t j = 0; j < list.count; j++) {
			char text[NETWORK_TEXT_SIZE];

			network_format(&list.networks[j], text);
			snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s%s",
				j > 0 ? "," : "", text);
		}
		assert_string_equal(seen, cases[i][1]);
		network_list_free(&list);
	}
}

static void bad_lists_are_refused_with_a_remedy(void **state)
{
	static const char *const cases[][2] = {{"", "entry 1 "}, {" ", "entry 1 "},
		{",", "entry 1 "}, {"local,", "entry 2 "}, {",local", "entry 1 "},
		{"10.0.0.0/8,,local", "entry 2 "},
		{"192.0.2.7/24", "skip_net= holds 192.0.2.7/24, which has bits set outside of "
				 "its prefix; write 192.0.2.0/24"},
		{"local,10.0.0.1/31", "write 10.0.0.0/31"}, {"128.0.0.0/0", "write 0.0.0.0/0"},
		{"2001:db8::1/64", "write 2001:db8::/64"},
		{"2001:db8::/28", "write 2001:db0::/28"},
		{"fe80::1%eth0/64", "write fe80::%eth0/64"},
		{"::ffff:192.0.2.7/120", "write 192.0.2.0/24"},
		{"192.0.2.0/", "from /0 to /32"}, {"192.0.2.0/33", "from /0 to /32"},
		{"192.0.2.0/024", "from /0 to /32"}, {"0.0.0.0/00", "from /0 to /32"},
		{"192.0.2.0/-1", "from /0 to /32"}, {"192.0.2.0/+24", "from /0 to /32"},
		{"192.0.2.0/24/24", "from /0 to /32"}, {"192.0.2.0/ 24", "from /0 to /32"},
		{"192.0.2.0/255.255.255.0", "from /0 to /32"},
		{"192.0.2.0/99999999999999999999", "from /0 to /32"},
		{"2001:db8::/129", "from /0 to /128"}, {"2001:db8::/", "from /0 to /128"},
		{"2001:db8::/032", "from /0 to /128"}, {"::ffff:0:0/95", "from /96 to /128"},
		{"::ffff:192.0.2.0/24", "from /96 to /128"},
		{"::ffff:192.0.2.0/129", "from /96 to /128"},
		{"/24", "no numeric address; write a network such as"},
		{"localhost", "holds localhost, which is no numeric address"},
		{"intranet.example", "no numeric address"}, {"Local", "no numeric address"},
		{"locals", "no numeric address"}, {"local/8", "no numeric address"},
		{"!10.0.0.0/8", "no numeric address"}, {"10.0.0.0/8 local", "wrong"},
		{"10", "no numeric address"}, {"10.0/16", "no numeric address"},
		{"10.*", "no numeric address"}, {"010.0.0.0/8", "no numeric address"},
		{"10.0.0.0-10.0.0.9", "no numeric address"},
		{"192.0.2.7%eth0", "no numeric address"},
		{"::ffff:192.0.2.7%eth0", "no numeric address"},
		{"fe80::%/10", "no numeric address"}, {"fe80::/10%eth0", "from /0 to /128"},
		{"2001:db8::%eth0/32", "only fe80::/10"}, {"::1%lo", "only fe80::/10"},
		{"fe80::%eth0/9", "only fe80::/10"}, {"fec0::%eth0/10", "only fe80::/10"},
		{"192.0.2.0\n/24", "192.0.2.0?/24"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct network_list list = NETWORK_LIST_INIT;
		struct error error = ERROR_INIT;

		if (network_list_parse(&list, cases[i][0], &error) != TOTPGROUP_ECONFIG)
			fail_msg("skip_net=%s is taken", cases[i][0]);
		assert_int_equal(error.code, TOTPGROUP_ECONFIG);
		assert_null(list.networks);
		assert_int_equal(list.count, 0);
		if (strstr(error.message, cases[i][1]) == NULL)
			fail_msg("\"%s\": \"%s\" lacks \"%s\"", cases[i][0], error.message,
				cases[i][1]);
	}
}

static void long_entries_are_cut_in_messages(void **state)
{
	char text[1000];
	struct network_list list = NETWORK_LIST_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(network_list_parse(&list, text, &error), TOTPGROUP_ECONFIG);
	assert_non_null(strstr(error.message, "aaa..., which is no numeric address; write"));
	assert_non_null(strstr(error.message, "or local"));
}

static void a_network_has_the_addresses_with_its_prefix(void **state)
{
	static const struct {
		const char *list;
		const char *inside; /* separated by blanks */
		const char *outside;
	} cases[] = {{"192.0.2.0/24", "192.0.2.0 192.0.2.255 ::ffff:192.0.2.7",
			     "192.0.1.255 192.0.3.0 ::192.0.2.7 2001:db8::1 c000:200::"},
		{"192.0.2.7", "192.0.2.7 ::ffff:192.0.2.7", "192.0.2.6 192.0.2.8"},
		{"::ffff:192.0.2.0/120", "192.0.2.9 ::ffff:192.0.2.9", "192.0.3.9 ::c000:209"},
		{"::ffff:0:0/96", "192.0.2.9 ::ffff:1.2.3.4", "::1 ::102:304"},
		{"0.0.0.0/0", "0.0.0.0 255.255.255.255 ::ffff:1.2.3.4", ":: ::1 ::1.2.3.4"},
		{"::/0", ":: ::1 ffff:: fe80::1%eth0", "0.0.0.0 1.2.3.4 ::ffff:1.2.3.4"},
		{"::/64", "::1 ::1.2.3.4", "1.2.3.4 ::ffff:1.2.3.4 0:0:0:1::"},
		{"10.128.0.0/9", "10.128.0.0 10.255.255.255", "10.127.255.255 11.128.0.0"},
		{"192.0.2.8/29", "192.0.2.8 192.0.2.15", "192.0.2.7 192.0.2.16"},
		{"2001:db8::/33", "2001:db8:: 2001:db8:7fff::", "2001:db8:8000:: 2001:db9::"},
		{"fe80::/10", "fe80::1 fe80::1%eth0 fe80::1%2 febf::1", "fec0::1 fe40::1"},
		{"fe80::%eth0/10", "fe80::1%eth0",
			"fe80::1 fe80::1%eth1 fe80::1%eth fe80::1%2"},
		{"fe80::1%2", "fe80::1%2", "fe80::2%2 fe80::1%eth0 fe80::1"},
		{"192.0.2.0/24,2001:db8::/32", "192.0.2.7 2001:db8::7", "10.0.0.1 ::1"},
		{"local", "", "127.0.0.1 ::1 0.0.0.0 ::"},
		{"local,10.0.0.0/8", "10.1.2.3", "127.0.0.1 ::"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int wanted = 0; wanted <= 1; wanted++) {
			char words[160];
			char *rest = words;

			strcpy(words, wanted ? cases[i].inside : cases[i].outside);
			for (char *word = strtok_r(words, " ", &rest); word != NULL;
				word = strtok_r(NULL, " ", &rest)) {
				assert_int_equal(peer_of(NULL, word).kind, PEER_ADDRESS);
				if (holds(cases[i].list, word) != wanted)
					fail_msg("skip_net=%s and %s", cases[i].list, word);
			}
		}
	}
}

static void only_a_local_login_is_in_local(void **state)
{
	struct network local = {.local = true, .address.family = AF_INET};
	const struct network_list list = {&local, 1};
	const struct peer peer = peer_of(NULL, "192.0.2.7");

	(void)state;
	assert_null(network_list_find(&list, &peer));
	assert_true(holds("local", NULL));
	assert_true(holds("10.0.0.0/8,local", ""));
	assert_false(holds("0.0.0.0/0,::/0", NULL));
	assert_false(holds("0.0.0.0/0,::/0,127.0.0.1,::1", ""));
}

static void an_unknown_peer_is_in_no_network(void **state)
{
	static const char *const names[] = {
		"localhost", ":0", "tty1", "local", " ", "10.0.0.1.example"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_false(holds("local,0.0.0.0/0,::/0", names[i]));
}

static void the_first_matching_entry_is_found(void **state)
{
	struct network_list list = NETWORK_LIST_INIT;
	struct peer peer = peer_of("10.1.2.3 1 10.0.0.1 22", NULL);
	char text[NETWORK_TEXT_SIZE];

	(void)state;
	parse(&list, "local,10.1.0.0/16,10.0.0.0/8");
	network_format(network_list_find(&list, &peer), text);
	assert_string_equal(text, "10.1.0.0/16");
	network_list_free(&list);
}

static bool bit(const uint8_t *bytes, unsigned int at)
{
	return ((unsigned)bytes[at / 8] >> (7 - at % 8) & 1U) != 0;
}

/* Every prefix length, with addresses that share a random number of first bits with the
 * network; compared with a bit-by-bit model. */
static void random_networks_match_by_their_prefix(void **state)
{
	struct test_random random = test_random_begin();
	unsigned seen[2] = {0, 0};

	(void)state;
	for (unsigned int round = 0; round < test_rounds(100000); round++) {
		bool six = test_random_below(&random, 2) == 0;
		unsigned int bits = six ? 128 : 32;
		struct network network = {.address.family = six ? AF_INET6 : AF_INET,
			.prefix = (unsigned)test_random_below(&random, bits + 1)};
		const struct network_list list = {&network, 1};
		struct peer peer = {
			.kind = PEER_ADDRESS, .address.family = network.address.family};
		unsigned int shared = (unsigned)test_random_below(&random, bits + 1);
		bool expected = true;

		test_random_fill(&random, peer.address.bytes, bits / 8);
		for (unsigned int i = 0; i < network.prefix; i++) {
			bool same = i < shared || test_random_below(&random, 2) == 0;

			if (bit(peer.address.bytes, i) == same)
				network.address.bytes[i / 8] |= (uint8_t)(0x80U >> i % 8);
			expected = expected && same;
		}
		assert_int_equal(network_list_find(&list, &peer) != NULL, expected);
		seen[expected]++;
	}
	assert_true(seen[0] > 1000 && seen[1] > 1000);
}

/* Random bytes are refused, or are networks whose text reads the same again. */
static void random_lists_are_read_or_refused(void **state)
{
	static const char bytes[] = "0012489..::::///,ff%e \xff";
	struct test_random random = test_random_begin();
	unsigned taken = 0;

	(void)state;
	for (unsigned int round = 0; round < test_rounds(200000); round++) {
		char text[12];
		unsigned length = (unsigned)test_random_below(&random, sizeof text);
		struct network_list list = NETWORK_LIST_INIT;
		struct error error = ERROR_INIT;

		for (unsigned i = 0; i < length; i++)
			text[i] = bytes[test_random_below(&random, sizeof bytes - 1)];
		text[length] = '\0';
		if (network_list_parse(&list, text, &error) != 0) {
			assert_int_equal(error.code, TOTPGROUP_ECONFIG);
			assert_null(list.networks);
			continue;
		}
		for (size_t i = 0; i < list.count; i++) {
			struct network_list again = NETWORK_LIST_INIT;
			char network[NETWORK_TEXT_SIZE];

			network_format(&list.networks[i], network);
			parse(&again, network);
			assert_int_equal(again.count, 1);
			assert_memory_equal(&again.networks[0].address,
				&list.networks[i].address, sizeof list.networks[i].address);
			assert_int_equal(again.networks[0].prefix, list.networks[i].prefix);
			network_list_free(&again);
		}
		taken++;
		network_list_free(&list);
	}
	assert_true(taken > 100);
}

static void a_list_without_memory_is_refused(void **state)
{
	struct network_list list = NETWORK_LIST_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	allocation_to_fail = 1;
	assert_int_equal(network_list_parse(&list, "local", &error), TOTPGROUP_EMEMORY);
	assert_null(list.networks);
	assert_int_equal(allocation_to_fail, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good_lists_are_read),
		cmocka_unit_test(bad_lists_are_refused_with_a_remedy),
		cmocka_unit_test(long_entries_are_cut_in_messages),
		cmocka_unit_test(a_network_has_the_addresses_with_its_prefix),
		cmocka_unit_test(only_a_local_login_is_in_local),
		cmocka_unit_test(an_unknown_peer_is_in_no_network),
		cmocka_unit_test(the_first_matching_entry_is_found),
		cmocka_unit_test(random_networks_match_by_their_prefix),
		cmocka_unit_test(random_lists_are_read_or_refused),
		cmocka_unit_test(a_list_without_memory_is_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
