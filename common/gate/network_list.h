/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of skip_net= taken apart, and whether a peer is in it. Pure. */
#ifndef TOTPGROUP_GATE_NETWORK_LIST_H
#define TOTPGROUP_GATE_NETWORK_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "gate/address.h"
#include "gate/peer.h"

/* One entry. An address alone is a network whose prefix is all of it. */
struct network {
	bool local; /* the word `local`; address and prefix mean nothing then */
	struct address address;
	unsigned int prefix; /* bits */
};

/* Begins as NETWORK_LIST_INIT. */
struct network_list {
	struct network *networks;
	size_t count;
};

#define NETWORK_LIST_INIT                                                                      \
	{                                                                                      \
		NULL, 0                                                                        \
	}

/* Enough for any network. */
#define NETWORK_TEXT_SIZE (ADDRESS_TEXT_SIZE + 4)

/*
 * Takes a list apart: networks and addresses, IPv4 and IPv6, and the word
 * `local`, separated by commas; blanks and tabs around an entry do not count.
 * A link-local network may have a scope (fe80::%eth0/10). IPv4 mapped into
 * IPv6 is IPv4 (::ffff:192.0.2.0/120 is 192.0.2.0/24). TOTPGROUP_ECONFIG, with
 * a message that says what to write, for an empty entry, a name, bits set
 * outside of the prefix, and a prefix that is missing after its '/', out of
 * range or has a leading zero; *list is NETWORK_LIST_INIT after any error. The
 * caller frees it.
 */
int network_list_parse(struct network_list *list, const char *text, struct error *error);

void network_list_free(struct network_list *list);

/*
 * The first entry that holds the peer, or NULL for none. IPv4 and IPv6 never
 * hold each other. An entry with a scope holds only addresses of the scope
 * that is written the same; one without holds those of any. `local` holds
 * PEER_LOCAL alone, and nothing holds PEER_UNKNOWN.
 */
const struct network *network_list_find(
	const struct network_list *list, const struct peer *peer);

/* Writes the network into text, which has NETWORK_TEXT_SIZE bytes. */
void network_format(const struct network *network, char *text);

#endif
