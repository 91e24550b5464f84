/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What administrators write: options on a module's line, one on each line of the input;
 * configuration files; and the lists of the gate, each list and what it is compared with on a
 * line of its own.
 */

#include "config.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "config/configuration.h"
#include "config/verify_config.h"
#include "gate/group_list.h"
#include "gate/network_list.h"
#include "gate/service_list.h"
#include "gate/ssh_methods.h"

#define ARGUMENTS_MAX 40
#define ARGUMENT_SIZE 256

void fuzz_options(struct fuzz_input input)
{
	static char lines[ARGUMENTS_MAX][ARGUMENT_SIZE];
	const char *arguments[ARGUMENTS_MAX];
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	int count = 0;

	while (input.length > 0 && count < ARGUMENTS_MAX) {
		fuzz_take_line(&input, lines[count], sizeof lines[count]);
		arguments[count] = lines[count];
		count++;
	}
	if (options_read_all(&options, count, arguments, &error) != 0) {
		fuzz_check_error(&error);
		return;
	}
	FUZZ_CHECK(options.allowed_perm != 0 && (options.allowed_perm & ~07777u) == 0);
	FUZZ_CHECK(options.grace_period >= 0 && options.nullok_for >= 0);
	options_leave_to_daemon(&options);
}

void fuzz_configuration(struct fuzz_input input)
{
	struct configuration configuration = CONFIGURATION_INIT;
	struct verify_config verify = VERIFY_CONFIG_INIT;
	struct error error = ERROR_INIT;

	fuzz_put_file("fuzz.conf", input);
	if (configuration_add_file(
		    &configuration, fuzz_folder(), "fuzz.conf", "/fuzz.conf", &error) != 0)
		fuzz_check_error(&error);
	else if (verify_config_read(&configuration, &verify, &error) != 0)
		fuzz_check_error(&error);
	configuration_free(&configuration);
}

static void check_networks(const char *list, const char *rhost, const char *connection)
{
	struct network_list networks;
	struct peer peer = peer_of(*connection != '\0' ? connection : NULL, rhost);
	struct error error = ERROR_INIT;
	char text[ADDRESS_TEXT_SIZE], network[NETWORK_TEXT_SIZE];
	const struct network *found;

	peer_format(&peer, text);
	FUZZ_CHECK(strlen(text) < sizeof text);
	if (network_list_parse(&networks, list, &error) != 0) {
		fuzz_check_error(&error);
		FUZZ_CHECK(networks.networks == NULL && networks.count == 0);
		return;
	}
	found = network_list_find(&networks, &peer);
	FUZZ_CHECK(found == NULL || peer.kind != PEER_UNKNOWN);
	for (size_t i = 0; i < networks.count; i++)
		network_format(&networks.networks[i], network);
	network_list_free(&networks);
}

static void check_groups(const char *list)
{
	static const gid_t gids[] = {100, 30002};
	struct group_list groups;
	struct group_decision decision;
	struct error error = ERROR_INIT;
	bool unresolved = false;
	enum group_gate answer;

	if (group_list_parse(&groups, list, &error) != 0) {
		fuzz_check_error(&error);
		FUZZ_CHECK(groups.entries == NULL && groups.count == 0);
		return;
	}
	(void)group_list_warning(&groups);
	for (size_t i = 0; i < groups.count; i++) {
		groups.entries[i].resolved = groups.entries[i].numeric || i % 4 != 3;
		unresolved |= !groups.entries[i].resolved;
	}
	answer = group_list_judge(&groups, 100, gids, 2, &decision, &error);
	if (unresolved)
		FUZZ_CHECK(answer == GROUP_GATE_ERROR);
	group_list_free(&groups);
}

void fuzz_gate(struct fuzz_input input)
{
	char list[512], rhost[256], connection[256], information[512];
	struct error error = ERROR_INIT;
	unsigned int set;

	fuzz_take_line(&input, list, sizeof list);
	fuzz_take_line(&input, rhost, sizeof rhost);
	fuzz_take_line(&input, connection, sizeof connection);
	check_networks(list, rhost, connection);
	check_groups(list);
	if (service_list_check("services", list, &error) == 0)
		(void)service_list_has(list, rhost);
	else
		fuzz_check_error(&error);
	if (input.length >= sizeof information)
		input.length = sizeof information - 1;
	if (input.length > 0)
		memcpy(information, input.data, input.length);
	information[input.length] = '\0';
	error = (struct error)ERROR_INIT;
	if (ssh_methods_parse(list, &set, &error) != 0)
		fuzz_check_error(&error);
	else if (ssh_methods_find(set, information) != NULL)
		FUZZ_CHECK(strstr(information, ssh_methods_find(set, information)) != NULL);
}
