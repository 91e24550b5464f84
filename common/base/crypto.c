/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/crypto.h"

#include <errno.h>
#include <gcrypt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/wipe.h"
#include "totpgroup.h"

/* Bytes of a block. */
#define AES_BLOCK 16

struct hmac {
	gcry_mac_hd_t handle;
	size_t length; /* of a digest */
};

static const struct {
	const char *name;
	int number; /* in libgcrypt */
} algorithms[] = {
	[HMAC_SHA1] = {"SHA1", GCRY_MAC_HMAC_SHA1},
	[HMAC_SHA256] = {"SHA256", GCRY_MAC_HMAC_SHA256},
	[HMAC_SHA512] = {"SHA512", GCRY_MAC_HMAC_SHA512},
};

static bool is_known(enum hmac_algorithm algorithm)
{
	return (size_t)algorithm < sizeof algorithms / sizeof algorithms[0];
}

static bool is_ready(void)
{
	return gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0;
}

/* Leaves the memory and random number settings alone where the program has
 * initialized libgcrypt itself. */
static void initialize(void)
{
	if (is_ready() || gcry_check_version(NULL) == NULL || is_ready())
		return;
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

/* libgcrypt takes no lock while it is being initialized, so one thread initializes it
 * and the others wait. */
static int initialize_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (pthread_once(&once, initialize) != 0 || !is_ready())
		return TOTPGROUP_ECRYPTO;
	return 0;
}

static int status_of(gcry_error_t failure)
{
	if (failure == 0)
		return 0;
	return gcry_err_code(failure) == GPG_ERR_ENOMEM ? TOTPGROUP_EMEMORY : TOTPGROUP_ECRYPTO;
}

static int prepare_key(struct hmac *hmac, int number, const void *key, size_t length)
{
	int status = status_of(gcry_mac_open(&hmac->handle, number, 0, NULL));

	if (status != 0)
		return status;
	hmac->length = gcry_mac_get_algo_maclen(number);
	if (hmac->length == 0 || hmac->length > HMAC_DIGEST_MAX)
		return TOTPGROUP_ECRYPTO;
	return status_of(gcry_mac_setkey(hmac->handle, key, length));
}

int hmac_open(struct hmac **hmac, enum hmac_algorithm algorithm, const void *key, size_t length)
{
	struct hmac *new_hmac;
	int status;

	*hmac = NULL;
	if (!is_known(algorithm) || length == 0)
		return TOTPGROUP_EARGUMENT;
	status = initialize_once();
	if (status != 0)
		return status;
	new_hmac = calloc(1, sizeof *new_hmac);
	if (new_hmac == NULL)
		return TOTPGROUP_EMEMORY;
	status = prepare_key(new_hmac, algorithms[algorithm].number, key, length);
	if (status != 0) {
		hmac_close(new_hmac);
		return status;
	}
	*hmac = new_hmac;
	return 0;
}

/* gcry_mac_reset() keeps the state after setkey, so that the two blocks of the key are
 * hashed once, not for each message. */
int hmac_digest(struct hmac *hmac, const void *message, size_t message_length,
	uint8_t digest[HMAC_DIGEST_MAX], size_t *length)
{
	size_t size = hmac->length;

	if (gcry_mac_reset(hmac->handle) != 0 ||
		gcry_mac_write(hmac->handle, message, message_length) != 0 ||
		gcry_mac_read(hmac->handle, digest, &size) != 0 || size != hmac->length) {
		explicit_bzero(digest, HMAC_DIGEST_MAX);
		return TOTPGROUP_ECRYPTO;
	}
	*length = size;
	return 0;
}

void hmac_close(struct hmac *hmac)
{
	if (hmac == NULL)
		return;
	gcry_mac_close(hmac->handle);
	wipe_free(hmac, sizeof *hmac);
}

const char *hmac_algorithm_name(enum hmac_algorithm algorithm)
{
	return is_known(algorithm) ? algorithms[algorithm].name : NULL;
}

int sha256_digest(const struct sha256_piece pieces[2], uint8_t digest[SHA256_LENGTH])
{
	gcry_buffer_t buffers[2] = {{0}};

	for (unsigned int i = 0; i < 2; i++) {
		/* libgcrypt does not write to it, and has no const there. */
		memcpy(&buffers[i].data, &pieces[i].bytes, sizeof buffers[i].data);
		buffers[i].len = pieces[i].length;
	}
	if (initialize_once() != 0)
		return TOTPGROUP_ECRYPTO;
	return gcry_md_hash_buffers(GCRY_MD_SHA256, 0, digest, buffers, 2) == 0
		       ? 0
		       : TOTPGROUP_ECRYPTO;
}

/* The kernel's own generator: libgcrypt's is seeded from it and takes longer, by system calls
 * for each draw. It waits where the host has only just started. */
int random_bytes(void *bytes, size_t length)
{
	size_t drawn = 0;

	while (drawn < length) {
		ssize_t count = getrandom((char *)bytes + drawn, length - drawn, 0);

		if (count > 0)
			drawn += (size_t)count;
		else if (count == 0 || errno != EINTR)
			return TOTPGROUP_ESYSTEM;
	}
	return 0;
}

int random_below(uint32_t limit, uint32_t *number)
{
	uint32_t draw;
	uint32_t rejected;
	int status;

	if (limit == 0)
		return TOTPGROUP_EARGUMENT;
	/* 2^32 modulo limit. Smaller draws are drawn again, so that each remainder comes
	 * from equally many draws. */
	rejected = (UINT32_MAX - limit + 1) % limit;
	do {
		status = random_bytes(&draw, sizeof draw);
		if (status != 0)
			return status;
	} while (draw < rejected);
	*number = draw % limit;
	WIPE_OBJECT(&draw);
	return 0;
}

/* 128 * SCRYPT_R * 2^LOG_N_MAX is SCRYPT_MEMORY_MAX. */
#define LOG_N_MAX 16

bool scrypt_cost_allowed(struct scrypt_cost cost)
{
	return cost.log_n >= 1 && cost.log_n <= LOG_N_MAX && cost.p >= 1 &&
	       cost.p <= 1U << (LOG_N_MAX - cost.log_n);
}

static int derive(const struct scrypt_input *input, uint8_t *key, size_t length)
{
	gcry_error_t failure;
	int status;

	if (!scrypt_cost_allowed(input->cost))
		return TOTPGROUP_EARGUMENT;
	status = initialize_once();
	if (status != 0)
		return status;
	failure = gcry_kdf_derive(input->password, input->password_length, GCRY_KDF_SCRYPT,
		1 << input->cost.log_n, input->salt, input->salt_length, input->cost.p, length,
		key);
	if (failure == 0)
		return 0;
	return gcry_err_code(failure) == GPG_ERR_ENOMEM ? TOTPGROUP_EMEMORY : TOTPGROUP_ECRYPTO;
}

int scrypt_derive(const struct scrypt_input *input, uint8_t *key, size_t length)
{
	int status = derive(input, key, length);

	if (status != 0)
		explicit_bzero(key, length);
	return status;
}

/* Decrypts in one piece. */
static int decrypt(enum aes_mode mode, const void *key, size_t key_length, const uint8_t *iv,
	const uint8_t *bytes, size_t length, uint8_t *plain, size_t plain_length)
{
	const int number = key_length == 16   ? GCRY_CIPHER_AES128
			   : key_length == 24 ? GCRY_CIPHER_AES192
					      : GCRY_CIPHER_AES256;
	gcry_cipher_hd_t handle = NULL;
	gcry_error_t failure = gcry_cipher_open(&handle, number,
		mode == AES_CBC ? GCRY_CIPHER_MODE_CBC : GCRY_CIPHER_MODE_AESWRAP, 0);

	if (failure == 0)
		failure = gcry_cipher_setkey(handle, key, key_length);
	if (failure == 0 && iv != NULL)
		failure = gcry_cipher_setiv(handle, iv, AES_BLOCK);
	if (failure == 0)
		failure = gcry_cipher_decrypt(handle, plain, plain_length, bytes, length);
	gcry_cipher_close(handle);
	return gcry_err_code(failure) == GPG_ERR_CHECKSUM ? TOTPGROUP_EFORMAT
							  : status_of(failure);
}

static int decrypt_cbc(const void *key, size_t key_length, const uint8_t *bytes, size_t length,
	uint8_t *plain, size_t *plain_length)
{
	uint8_t padding;
	int status;

	if (length < 2 * AES_BLOCK || length % AES_BLOCK != 0)
		return TOTPGROUP_EARGUMENT;
	length -= AES_BLOCK;
	status = decrypt(
		AES_CBC, key, key_length, bytes, bytes + AES_BLOCK, length, plain, length);
	if (status != 0)
		return status;
	padding = plain[length - 1];
	if (padding == 0 || padding > AES_BLOCK)
		return TOTPGROUP_EFORMAT;
	*plain_length = length - padding;
	return 0;
}

int aes_decrypt(enum aes_mode mode, const void *key, size_t key_length, const uint8_t *bytes,
	size_t length, uint8_t *plain, size_t *plain_length)
{
	int status = initialize_once();

	*plain_length = 0;
	if (key_length != 16 && key_length != 24 && key_length != 32)
		return TOTPGROUP_EARGUMENT;
	if (status == 0 && mode == AES_CBC) {
		status = decrypt_cbc(key, key_length, bytes, length, plain, plain_length);
	} else if (status == 0 && length >= 24 && length % 8 == 0) {
		status = decrypt(mode, key, key_length, NULL, bytes, length, plain, length - 8);
		*plain_length = status == 0 ? length - 8 : 0;
	} else if (status == 0) {
		status = TOTPGROUP_EARGUMENT;
	}
	if (status != 0)
		explicit_bzero(plain, length);
	return status;
}

int pbkdf2_derive(const struct pbkdf2_input *input, uint8_t *key, size_t length)
{
	static const int hashes[] = {
		[HMAC_SHA1] = GCRY_MD_SHA1,
		[HMAC_SHA256] = GCRY_MD_SHA256,
		[HMAC_SHA512] = GCRY_MD_SHA512,
	};
	int status = initialize_once();

	if (!is_known(input->algorithm) || input->iterations == 0 ||
		input->iterations > PBKDF2_ITERATIONS_MAX)
		return TOTPGROUP_EARGUMENT;
	if (status == 0)
		status = status_of(gcry_kdf_derive(input->password, input->password_length,
			GCRY_KDF_PBKDF2, hashes[input->algorithm], input->salt,
			input->salt_length, input->iterations, length, key));
	if (status != 0)
		explicit_bzero(key, length);
	return status;
}

/* Opens a cipher with everything of the input but the text. */
static int aead_open(const struct aead_input *input, gcry_cipher_hd_t *handle)
{
	int status = initialize_once();

	*handle = NULL;
	if (status == 0)
		status = status_of(
			gcry_cipher_open(handle, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, 0));
	if (status == 0)
		status = status_of(gcry_cipher_setkey(*handle, input->key, AEAD_KEY_SIZE));
	if (status == 0)
		status = status_of(gcry_cipher_setiv(*handle, input->nonce, AEAD_NONCE_SIZE));
	if (status == 0)
		status = status_of(
			gcry_cipher_authenticate(*handle, input->about, input->about_length));
	return status;
}

int aead_encrypt(const struct aead_input *input, uint8_t *text, size_t length,
	uint8_t tag[AEAD_TAG_SIZE])
{
	gcry_cipher_hd_t handle;
	int status = aead_open(input, &handle);

	if (status == 0)
		status = status_of(gcry_cipher_encrypt(handle, text, length, NULL, 0));
	if (status == 0)
		status = status_of(gcry_cipher_gettag(handle, tag, AEAD_TAG_SIZE));
	gcry_cipher_close(handle);
	return status;
}

int aead_decrypt(const struct aead_input *input, uint8_t *text, size_t length,
	const uint8_t tag[AEAD_TAG_SIZE])
{
	gcry_cipher_hd_t handle;
	int status = aead_open(input, &handle);

	if (status == 0)
		status = status_of(gcry_cipher_decrypt(handle, text, length, NULL, 0));
	if (status == 0) {
		gcry_error_t failure = gcry_cipher_checktag(handle, tag, AEAD_TAG_SIZE);

		status = gcry_err_code(failure) == GPG_ERR_CHECKSUM ? TOTPGROUP_EFORMAT
								    : status_of(failure);
	}
	if (status != 0)
		explicit_bzero(text, length);
	gcry_cipher_close(handle);
	return status;
}
