/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/hmac.h"

#include <gcrypt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/wipe.h"
#include "totpgroup.h"

struct hmac {
	gcry_mac_hd_t handle;
	size_t length; /* of a digest */
};

static bool is_ready(void)
{
	return gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0;
}

/* Whoever initialised libgcrypt first has chosen its memory and random
 * number settings: those are left alone. */
static void initialise(void)
{
	if (is_ready() || gcry_check_version(NULL) == NULL || is_ready())
		return;
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

/* libgcrypt takes no lock while it is being initialised, so threads that
 * arrive together would use it half made: one does it, the others wait. */
int crypto_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (pthread_once(&once, initialise) != 0 || !is_ready())
		return TOTPGROUP_ECRYPTO;
	return 0;
}

static int algorithm_number(enum hmac_algorithm algorithm)
{
	switch (algorithm) {
	case HMAC_SHA1:
		return GCRY_MAC_HMAC_SHA1;
	case HMAC_SHA256:
		return GCRY_MAC_HMAC_SHA256;
	case HMAC_SHA512:
		return GCRY_MAC_HMAC_SHA512;
	}
	return GCRY_MAC_NONE;
}

static int status_of(gcry_error_t failure)
{
	if (failure == 0)
		return 0;
	return gcry_err_code(failure) == GPG_ERR_ENOMEM ? TOTPGROUP_EMEMORY : TOTPGROUP_ECRYPTO;
}

static int set_up(struct hmac *hmac, int number, const void *key, size_t length)
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
	int number = algorithm_number(algorithm);
	struct hmac *new_hmac;
	int status;

	*hmac = NULL;
	if (number == GCRY_MAC_NONE || length == 0)
		return TOTPGROUP_EARGUMENT;
	status = crypto_ready();
	if (status != 0)
		return status;
	new_hmac = calloc(1, sizeof *new_hmac);
	if (new_hmac == NULL)
		return TOTPGROUP_EMEMORY;
	status = set_up(new_hmac, number, key, length);
	if (status != 0) {
		hmac_close(new_hmac);
		return status;
	}
	*hmac = new_hmac;
	return 0;
}

/* A reset goes back to the state after the key was set, which libgcrypt keeps:
 * the key's own two blocks are hashed once, not once for each message. */
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
	switch (algorithm) {
	case HMAC_SHA1:
		return "SHA1";
	case HMAC_SHA256:
		return "SHA256";
	case HMAC_SHA512:
		return "SHA512";
	}
	return NULL;
}
