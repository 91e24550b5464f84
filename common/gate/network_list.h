/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of skip_net=, and whether a peer is in it. Pure. */
#ifndef TOTPGROUP_GATE_NETWORK_LIST_H
#define TOTPGROUP_GATE_NETWORK_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "gate/address.h"

/* One entry. A single address is a network with the longest prefix. */
struct network {
	bool local; /* the word `local`, without address and prefix */
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
 * Reads a list of networks and addresses, IPv4 and IPv6, and the word `local`. A
 * link-local network may have a scope (fe80::%eth0/10). IPv4 mapped into IPv6 is IPv4
 * (::ffff:192.0.2.0/120 is 192.0.2.0/24). The caller frees the list.
 *
 * TOTPGROUP_ECONFIG, with a message that says what to write, for an empty entry, a
 * name, bits set outside of the prefix, and a prefix that is missing after its '/', out
 * of range or begins with a zero; TOTPGROUP_EMEMORY. *list is NETWORK_LIST_INIT after
 * any error.
 */
int network_list_parse(struct network_list *list, const char *text, struct error *error);

void network_list_free(struct network_list *list);

/*
 * The first entry that the peer is in, or NULL. An IPv4 address is in no IPv6 network,
 * nor the reverse. An entry with a scope has only addresses with the same text as
 * scope; an entry without a scope has addresses of any. Only PEER_LOCAL is in `local`.
 * PEER_UNKNOWN is in nothing.
 */
const struct network *network_list_find(
	const struct network_list *list, const struct peer *peer);

/* Writes the network into text, which has NETWORK_TEXT_SIZE bytes. */
void network_format(const struct network *network, char *text);

#endif
