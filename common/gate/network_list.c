/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/network_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/number.h"
#include "gate/comma_list.h"
#include "totpgroup.h"

#define MAPPED_PREFIX_BITS 96
#define LINK_LOCAL_BITS	   10

/* An entry as it is written. */
struct written {
	const char *text;
	size_t length;
};

/* problem ends with its remedy. */
static int refuse_entry(const struct written *entry, const char *problem, struct error *error)
{
	return comma_list_refuse("skip_net", entry->text, entry->length, problem, error);
}

static uint8_t mask_of_byte(unsigned int prefix, unsigned int byte)
{
	if (prefix >= (byte + 1) * 8)
		return 0xff;
	if (prefix <= byte * 8)
		return 0;
	return (uint8_t)(0xff << ((byte + 1) * 8 - prefix));
}

/* An address with bits outside of its prefix is probably a mistake in the prefix. */
static int check_bits(
	const struct written *entry, const struct network *network, struct error *error)
{
	struct network clean = *network;
	char text[NETWORK_TEXT_SIZE], problem[NETWORK_TEXT_SIZE + 64];

	for (unsigned int i = 0; i < sizeof clean.address.bytes; i++)
		clean.address.bytes[i] &= mask_of_byte(clean.prefix, i);
	if (memcmp(clean.address.bytes, network->address.bytes, sizeof clean.address.bytes) ==
		0)
		return 0;
	network_format(&clean, text);
	snprintf(problem, sizeof problem, "which has bits set outside of its prefix; write %s",
		text);
	return refuse_entry(entry, problem, error);
}

/* A scope names a link, and only link-local addresses belong to one link. */
static bool scope_makes_sense(const struct network *network)
{
	return network->address.scope[0] == '\0' ||
	       (network->prefix >= LINK_LOCAL_BITS && network->address.bytes[0] == 0xfe &&
		       (network->address.bytes[1] & 0xc0) == 0x80);
}

static bool parse_prefix(const struct written *entry, size_t start, unsigned int lowest,
	unsigned int highest, unsigned int *prefix)
{
	const char *digits = entry->text + start;
	size_t length = entry->length - start;
	int64_t number;

	if ((length > 1 && digits[0] == '0') ||
		!number_parse(digits, length, lowest, highest, &number))
		return false;
	*prefix = (unsigned int)number;
	return true;
}

/* slash is the position of the '/'. */
static int read_prefix(
	const struct written *entry, size_t slash, struct network *network, struct error *error)
{
	bool mapped =
		network->address.family == AF_INET && memchr(entry->text, ':', slash) != NULL;

	if (mapped) {
		if (!parse_prefix(entry, slash + 1, MAPPED_PREFIX_BITS, 128, &network->prefix))
			return refuse_entry(entry,
				"whose prefix is wrong; write one from /96 to /128, "
				"or the IPv4 network",
				error);
		network->prefix -= MAPPED_PREFIX_BITS;
		return 0;
	}
	if (parse_prefix(entry, slash + 1, 0, address_bits(network->address.family),
		    &network->prefix))
		return 0;
	return refuse_entry(entry,
		network->address.family == AF_INET
			? "whose prefix is wrong; write one from /0 to /32"
			: "whose prefix is wrong; write one from /0 to /128",
		error);
}

static int parse_network(
	const struct written *entry, struct network *network, struct error *error)
{
	const char *slash = memchr(entry->text, '/', entry->length);
	size_t length = slash != NULL ? (size_t)(slash - entry->text) : entry->length;

	network->local = entry->length == strlen("local") &&
			 memcmp(entry->text, "local", entry->length) == 0;
	if (network->local)
		return 0;
	if (!address_parse(entry->text, length, &network->address))
		return refuse_entry(entry,
			"which is no numeric address; write a network such as 192.0.2.0/24 or "
			"2001:db8::/32, one address, or local",
			error);
	network->prefix = address_bits(network->address.family);
	if (slash != NULL && read_prefix(entry, length, network, error) != 0)
		return error->code;
	if (!scope_makes_sense(network))
		return refuse_entry(entry,
			"whose scope says nothing, because only fe80::/10 is told apart by "
			"scopes; write it without",
			error);
	return check_bits(entry, network, error);
}

static int parse_entries(struct network_list *list, const char *text, struct error *error)
{
	struct comma_list entries = {.rest = text};
	struct written entry;
	int code = 0;

	while (code == 0 && comma_list_next(&entries, &entry.text, &entry.length)) {
		if (entry.length == 0)
			return error_set(error, TOTPGROUP_ECONFIG,
				"entry %zu of skip_net= is empty; write a network or remove it",
				entries.number);
		code = parse_network(&entry, &list->networks[list->count++], error);
	}
	return code;
}

int network_list_parse(struct network_list *list, const char *text, struct error *error)
{
	int code;

	list->count = 0;
	list->networks = calloc(comma_list_count(text), sizeof *list->networks);
	if (list->networks == NULL)
		return error_set(
			error, TOTPGROUP_EMEMORY, "skip_net= cannot be read: out of memory");
	code = parse_entries(list, text, error);
	if (code != 0)
		network_list_free(list);
	return code;
}

void network_list_free(struct network_list *list)
{
	free(list->networks);
	list->networks = NULL;
	list->count = 0;
}

static bool holds_address(const struct network *network, const struct address *address)
{
	if (network->local || network->address.family != address->family)
		return false;
	if (network->address.scope[0] != '\0' &&
		strcmp(network->address.scope, address->scope) != 0)
		return false;
	for (unsigned int i = 0; i < sizeof address->bytes; i++)
		if ((address->bytes[i] & mask_of_byte(network->prefix, i)) !=
			network->address.bytes[i])
			return false;
	return true;
}

static bool holds_peer(const struct network *network, const struct peer *peer)
{
	switch (peer->kind) {
	case PEER_LOCAL:
		return network->local;
	case PEER_ADDRESS:
		return holds_address(network, &peer->address);
	default:
		return false;
	}
}

const struct network *network_list_find(
	const struct network_list *list, const struct peer *peer)
{
	for (size_t i = 0; i < list->count; i++)
		if (holds_peer(&list->networks[i], peer))
			return &list->networks[i];
	return NULL;
}

void network_format(const struct network *network, char *text)
{
	char address[ADDRESS_TEXT_SIZE];

	address_format(&network->address, address);
	if (network->local)
		snprintf(text, NETWORK_TEXT_SIZE, "local");
	else if (network->prefix == address_bits(network->address.family))
		snprintf(text, NETWORK_TEXT_SIZE, "%s", address);
	else
		snprintf(text, NETWORK_TEXT_SIZE, "%s/%u", address, network->prefix);
}
