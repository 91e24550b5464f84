/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is at the other end of a login. Pure. */
#ifndef TOTPGROUP_GATE_PEER_H
#define TOTPGROUP_GATE_PEER_H

#include "gate/address.h"

enum peer_kind {
	PEER_UNKNOWN = 0, /* a remote host that no numeric address tells */
	PEER_LOCAL,	  /* no remote host at all */
	PEER_ADDRESS
};

/* All zero is PEER_UNKNOWN. */
struct peer {
	enum peer_kind kind;
	struct address address; /* of PEER_ADDRESS */
};

/*
 * Finds out who it is. ssh_connection is SSH_CONNECTION of the PAM
 * environment, "client-address client-port server-address server-port", and
 * rhost is PAM_RHOST; either may be NULL. SSH_CONNECTION, which sshd takes
 * from the socket, alone counts where it is there, and is PEER_UNKNOWN where
 * it is malformed. PAM_RHOST counts where it is a numeric address: a name
 * says what a name server says. PEER_LOCAL is a login without SSH_CONNECTION
 * whose PAM_RHOST is missing or empty; "localhost" and ":0" are PEER_UNKNOWN.
 */
struct peer peer_of(const char *ssh_connection, const char *rhost);

/* Writes the address, or words that say why there is none, into text, which
 * has ADDRESS_TEXT_SIZE bytes. */
void peer_format(const struct peer *peer, char *text);

#endif
