/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numeric network addresses, and the peer of a login. Pure: no name is looked up. */
#ifndef TOTPGROUP_GATE_ADDRESS_H
#define TOTPGROUP_GATE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name or number of a network interface, and its NUL. */
#define ADDRESS_SCOPE_SIZE 16

/* Enough for any address with its scope, and for what peer_format() writes. */
#define ADDRESS_TEXT_SIZE 64

struct address {
	int family; /* AF_INET or AF_INET6 */
	/* In network order. IPv4 has the first four, and the rest are 0. */
	uint8_t bytes[16];
	/* The text after '%', as it was written; empty for none. Only IPv6 has one. */
	char scope[ADDRESS_SCOPE_SIZE];
};

/*
 * Reads one whole numeric address: IPv4 as four decimal numbers without leading zeros,
 * IPv6 as inet_pton(3) takes it, which may have a %scope. An IPv4 address mapped into
 * IPv6 becomes that IPv4 address, and has no scope. False for anything else.
 */
bool address_parse(const char *text, size_t length, struct address *address);

/* The bits of an address of that family: 32 or 128. */
unsigned int address_bits(int family);

/* Writes the address into text, which has ADDRESS_TEXT_SIZE bytes. */
void address_format(const struct address *address, char *text);

enum peer_kind {
	PEER_UNKNOWN = 0, /* a remote host without a numeric address */
	PEER_LOCAL,	  /* no remote host */
	PEER_ADDRESS
};

/* The other end of a login. All zero is PEER_UNKNOWN. */
struct peer {
	enum peer_kind kind;
	struct address address; /* of PEER_ADDRESS */
};

/*
 * Finds the peer. ssh_connection is SSH_CONNECTION of the PAM environment,
 * "client-address client-port server-address server-port", and rhost is PAM_RHOST;
 * either may be NULL.
 *
 * SSH_CONNECTION, which sshd takes from the socket, overrules PAM_RHOST; where it is
 * malformed the peer is PEER_UNKNOWN. PAM_RHOST counts only as a numeric address,
 * because a name server decides about names; "localhost" and ":0" are PEER_UNKNOWN.
 * Without SSH_CONNECTION, a missing or empty PAM_RHOST is PEER_LOCAL.
 */
struct peer peer_of(const char *ssh_connection, const char *rhost);

/* Writes the address, or the reason why there is none, into text, which has
 * ADDRESS_TEXT_SIZE bytes. */
void peer_format(const struct peer *peer, char *text);

#endif
