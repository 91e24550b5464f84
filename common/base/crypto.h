/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cryptography: HMAC, SHA-256, scrypt, PBKDF2 and AES of libgcrypt, which only base/crypto.c
 * uses, and random numbers of the kernel. All functions are thread-safe. */
#ifndef TOTPGROUP_BASE_CRYPTO_H
#define TOTPGROUP_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * HMAC (RFC 2104).
 */

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
 * is NULL after an error.
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

/*
 * SHA-256 (FIPS 180-4).
 */

#define SHA256_LENGTH 32

/* A part of the message. */
struct sha256_piece {
	const void *bytes;
	size_t length;
};

/* Computes the digest of two pieces, one behind the other. Returns 0 or TOTPGROUP_ECRYPTO. */
int sha256_digest(const struct sha256_piece pieces[2], uint8_t digest[SHA256_LENGTH]);

/*
 * Random numbers.
 */

/* Fills bytes with random numbers that are good enough for keys. Returns 0, or
 * TOTPGROUP_ESYSTEM where the kernel gives none. */
int random_bytes(void *bytes, size_t length);

/* Draws a number from 0 to limit - 1, all equally likely. limit must be at least 1.
 * Returns as random_bytes(). */
int random_below(uint32_t limit, uint32_t *number);

/*
 * scrypt (RFC 7914): a hash that is expensive in time and memory.
 */

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
 * is wiped after an error. */
int scrypt_derive(const struct scrypt_input *input, uint8_t *key, size_t length);

/*
 * Keys that are encrypted, with a key or with a password.
 */

enum aes_mode {
	AES_CBC,      /* XML Encryption, section 5.2: the first block is the IV, and the last
			 byte tells how many are padding. It does not tell a wrong key. */
	AES_KEY_WRAP, /* RFC 3394 */
};

/*
 * Decrypts length bytes with a key of 16, 24 or 32 bytes. plain has room for length bytes, and is
 * wiped after an error. Returns 0 with *plain_length; TOTPGROUP_EARGUMENT for an impossible length;
 * TOTPGROUP_EFORMAT where the key is seen to be wrong; TOTPGROUP_EMEMORY; TOTPGROUP_ECRYPTO.
 */
int aes_decrypt(enum aes_mode mode, const void *key, size_t key_length, const uint8_t *bytes,
	size_t length, uint8_t *plain, size_t *plain_length);

/* The most iterations: more would take minutes. */
#define PBKDF2_ITERATIONS_MAX 10000000

/* One input of PBKDF2 (RFC 8018); none of the lengths is 0. */
struct pbkdf2_input {
	enum hmac_algorithm algorithm;
	const void *password;
	size_t password_length;
	const void *salt;
	size_t salt_length;
	unsigned int iterations; /* 1 to PBKDF2_ITERATIONS_MAX */
};

/* Derives length bytes. Returns as scrypt_derive(). */
int pbkdf2_derive(const struct pbkdf2_input *input, uint8_t *key, size_t length);

/*
 * AES-256-GCM (NIST SP 800-38D): authenticated encryption. A key must never meet the same nonce
 * twice.
 */

#define AEAD_KEY_SIZE	32
#define AEAD_NONCE_SIZE 12
#define AEAD_TAG_SIZE	16

/* What a text is sealed with. `about` is not encrypted, but has to be the same at both ends. */
struct aead_input {
	const uint8_t *key;
	const uint8_t *nonce;
	const void *about;
	size_t about_length;
};

/* Encrypts length bytes in place, and writes the tag. Returns 0, TOTPGROUP_EMEMORY or
 * TOTPGROUP_ECRYPTO. */
int aead_encrypt(const struct aead_input *input, uint8_t *text, size_t length,
	uint8_t tag[AEAD_TAG_SIZE]);

/* Decrypts length bytes in place, and wipes them after an error. Returns as above, and
 * TOTPGROUP_EFORMAT where the tag is not that of this text with this input. */
int aead_decrypt(const struct aead_input *input, uint8_t *text, size_t length,
	const uint8_t tag[AEAD_TAG_SIZE]);

#endif
