/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* scrypt (RFC 7914) from libgcrypt: a hash that is expensive in time and memory. */
#ifndef TOTPGROUP_BASE_SCRYPT_H
#define TOTPGROUP_BASE_SCRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The only block size that libgcrypt offers. */
#define SCRYPT_R 8

/* The most memory for one derivation, in bytes. */
#define SCRYPT_MEMORY_MAX (64 * 1024 * 1024)

/* The cost of a derivation: time grows with 2^log_n * p, memory with 2^log_n. */
struct scrypt_cost {
	unsigned int log_n;
	unsigned int p;
};

/*
 * Whether both are at least 1 and 128 * 2^log_n * SCRYPT_R * p is at most
 * SCRYPT_MEMORY_MAX. p does not increase the memory, but the bound limits the time
 * too.
 */
bool scrypt_cost_allowed(struct scrypt_cost cost);

/* One input; none of the lengths is 0. */
struct scrypt_input {
	const void *password;
	size_t password_length;
	const void *salt;
	size_t salt_length;
	struct scrypt_cost cost;
};

/* Derives length bytes. Returns 0, TOTPGROUP_EARGUMENT where the cost is not
 * allowed, TOTPGROUP_EMEMORY, or TOTPGROUP_ECRYPTO where libgcrypt refuses; key
 * is wiped after an error. Thread-safe. */
int scrypt_derive(const struct scrypt_input *input, uint8_t *key, size_t length);

#endif
