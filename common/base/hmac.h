/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* HMAC (RFC 2104) from libgcrypt. */
#ifndef TOTPGROUP_BASE_HMAC_H
#define TOTPGROUP_BASE_HMAC_H

#include <stddef.h>
#include <stdint.h>

enum hmac_algorithm {
	HMAC_SHA1,
	HMAC_SHA256,
	HMAC_SHA512,
};

/* SHA1, SHA256 or SHA512, as in otpauth URIs; NULL for any other value. */
const char *hmac_algorithm_name(enum hmac_algorithm algorithm);

/* The longest digest, that of SHA-512. */
#define HMAC_DIGEST_MAX 64

/* A key, prepared once for many messages. */
struct hmac;

/*
 * Prepares a key of length bytes, at least 1; the caller calls hmac_close().
 * Returns 0, TOTPGROUP_EMEMORY, TOTPGROUP_EARGUMENT, or TOTPGROUP_ECRYPTO where
 * libgcrypt refuses, for example an algorithm that the host's policy forbids. *hmac
 * is NULL after an error. Thread-safe.
 */
int hmac_open(
	struct hmac **hmac, enum hmac_algorithm algorithm, const void *key, size_t length);

/*
 * Computes the digest of one message; *length becomes 20, 32 or 64. Returns 0
 * or TOTPGROUP_ECRYPTO. A handle must not be used by two threads at a time.
 */
int hmac_digest(struct hmac *hmac, const void *message, size_t message_length,
	uint8_t digest[HMAC_DIGEST_MAX], size_t *length);

/* Wipes and frees. NULL is allowed. */
void hmac_close(struct hmac *hmac);

/* Initializes libgcrypt unless the process has done so. Must be called before any
 * other use of libgcrypt. Returns 0 or TOTPGROUP_ECRYPTO. Thread-safe. */
int crypto_ready(void);

#endif
