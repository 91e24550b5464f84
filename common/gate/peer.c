/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/peer.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define PORT_MAXIMUM 65535

/* Takes a word off the front, and the one blank after it. */
static size_t take_word(const char **text, const char **word)
{
	size_t length = strcspn(*text, " ");

	*word = *text;
	*text += length;
	if (**text == ' ')
		*text += 1;
	return length;
}

static bool take_address(const char **text, struct address *address)
{
	const char *word;
	size_t length = take_word(text, &word);

	return address_parse(word, length, address);
}

static bool take_port(const char **text)
{
	const char *word;
	size_t length = take_word(text, &word);
	int64_t port;

	return number_parse(word, length, 0, PORT_MAXIMUM, &port);
}

/* The last word ends the text: a blank after it would be a word too many. */
static bool parse_connection(const char *text, struct address *client)
{
	struct address server;
	size_t length = strlen(text);

	return length > 0 && text[length - 1] != ' ' && take_address(&text, client) &&
	       take_port(&text) && take_address(&text, &server) && take_port(&text) &&
	       *text == '\0';
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
