/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numeric network addresses. Pure: nothing is ever looked up by name. */
#ifndef TOTPGROUP_GATE_ADDRESS_H
#define TOTPGROUP_GATE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An interface's name or number, and its NUL. */
#define ADDRESS_SCOPE_SIZE 16

struct address {
	int family; /* AF_INET or AF_INET6 */
	/* In network order; IPv4 has the first four, and the rest are 0. */
	uint8_t bytes[16];
	/* What stood after '%', as it was written; empty for none. Only IPv6
	 * has one. */
	char scope[ADDRESS_SCOPE_SIZE];
};

/* Enough for any address with its scope. */
#define ADDRESS_TEXT_SIZE 64

/*
 * Reads one whole numeric address: IPv4 as four decimal numbers without
 * leading zeros, IPv6 as inet_pton(3) takes it and perhaps with a %scope. An
 * IPv4 address mapped into IPv6 (::ffff:192.0.2.7) is that IPv4 address, and
 * has no scope. False for anything else.
 */
bool address_parse(const char *text, size_t length, struct address *address);

/* Whether it was written as an IPv4 address that is mapped into IPv6. */
bool address_is_written_mapped(const char *text, size_t length);

/* Bits of an address of that family: 32 or 128. */
unsigned int address_bits(int family);

/* Writes the address into text, which has ADDRESS_TEXT_SIZE bytes. */
void address_format(const struct address *address, char *text);

#endif
