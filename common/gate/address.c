/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/number.h"

_Static_assert(ADDRESS_SCOPE_SIZE >= IF_NAMESIZE, "a scope is an interface's name");
_Static_assert(ADDRESS_TEXT_SIZE >= INET6_ADDRSTRLEN + ADDRESS_SCOPE_SIZE, "room for a text");

#define MAPPED_PREFIX_LENGTH 12
#define IPV4_LENGTH	     4
#define PORT_MAXIMUM	     65535

static bool parse_scope(const char *text, size_t length, char *scope)
{
	if (length == 0 || length >= ADDRESS_SCOPE_SIZE)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] <= ' ' || text[i] >= 0x7f || strchr("%/,", text[i]) != NULL)
			return false;
	}
	memcpy(scope, text, length);
	scope[length] = '\0';
	return true;
}

static bool is_mapped(const uint8_t *bytes)
{
	static const uint8_t prefix[MAPPED_PREFIX_LENGTH] = {[10] = 0xff, [11] = 0xff};

	return memcmp(bytes, prefix, sizeof prefix) == 0;
}

/* Without a scope. */
static bool parse_digits(const char *text, size_t length, struct address *address)
{
	char digits[INET6_ADDRSTRLEN];

	memset(address, 0, sizeof *address);
	if (length >= sizeof digits || memchr(text, '\0', length) != NULL)
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	address->family = memchr(text, ':', length) != NULL ? AF_INET6 : AF_INET;
	return inet_pton(address->family, digits, address->bytes) == 1;
}

static void undo_mapping(struct address *address)
{
	address->family = AF_INET;
	memmove(address->bytes, address->bytes + MAPPED_PREFIX_LENGTH, IPV4_LENGTH);
	memset(address->bytes + IPV4_LENGTH, 0, sizeof address->bytes - IPV4_LENGTH);
}

bool address_parse(const char *text, size_t length, struct address *address)
{
	const char *percent = memchr(text, '%', length);
	size_t digits = percent != NULL ? (size_t)(percent - text) : length;

	if (!parse_digits(text, digits, address))
		return false;
	if (address->family == AF_INET6 && is_mapped(address->bytes))
		undo_mapping(address);
	if (percent == NULL)
		return true;
	return address->family == AF_INET6 &&
	       parse_scope(percent + 1, length - digits - 1, address->scope);
}

unsigned int address_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

void address_format(const struct address *address, char *text)
{
	char digits[INET6_ADDRSTRLEN] = "";

	if (inet_ntop(address->family, address->bytes, digits, sizeof digits) == NULL)
		snprintf(digits, sizeof digits, "(no address)");
	snprintf(text, ADDRESS_TEXT_SIZE, "%s%s%s", digits,
		address->scope[0] != '\0' ? "%" : "", address->scope);
}

/* Four words with one blank between them. */
static bool parse_connection(const char *text, struct address *client)
{
	struct address server;
	int64_t port;

	for (unsigned int word = 0; word < 4; word++) {
		size_t length = strcspn(text, " ");

		if (word % 2 == 0 ? !address_parse(text, length, word == 0 ? client : &server)
				  : !number_parse(text, length, 0, PORT_MAXIMUM, &port))
			return false;
		text += length;
		if (*text != (word < 3 ? ' ' : '\0'))
			return false;
		text += word < 3;
	}
	return true;
}

struct peer peer_of(const char *ssh_connection, const char *rhost)
{
	struct peer peer = {.kind = PEER_UNKNOWN};
	bool found;

	if (ssh_connection != NULL) {
		found = parse_connection(ssh_connection, &peer.address);
	} else if (rhost == NULL || *rhost == '\0') {
		peer.kind = PEER_LOCAL;
		return peer;
	} else {
		found = address_parse(rhost, strlen(rhost), &peer.address);
	}
	if (!found)
		return (struct peer){.kind = PEER_UNKNOWN};
	peer.kind = PEER_ADDRESS;
	return peer;
}

void peer_format(const struct peer *peer, char *text)
{
	if (peer->kind == PEER_ADDRESS)
		address_format(&peer->address, text);
	else
		snprintf(text, ADDRESS_TEXT_SIZE, "%s",
			peer->kind == PEER_LOCAL ? "a login without a remote host"
						 : "a remote host without a numeric address");
}
