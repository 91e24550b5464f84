/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys from the secrets of a credential, as credential.h describes them. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base32.h"
#include "base/wipe.h"
#include "core/credential.h"

/* The algorithm of the " ALGORITHM line. */
static int read_algorithm(const totpgroup_credential *credential,
	enum hmac_algorithm *algorithm, struct error *error)
{
	static const struct {
		const char *name;
		enum hmac_algorithm algorithm;
	} known[] = {
		{"SHA1", HMAC_SHA1},
		{"SHA256", HMAC_SHA256},
		{"SHA512", HMAC_SHA512},
	};
	struct credential_option option;

	*algorithm = HMAC_SHA1;
	if (!credential_find(credential, "ALGORITHM", &option))
		return 0;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (option.length == strlen(known[i].name) &&
			memcmp(option.value, known[i].name, option.length) == 0) {
			*algorithm = known[i].algorithm;
			return 0;
		}
	return error_set(error, TOTPGROUP_EFORMAT,
		"line %u: ALGORITHM must be SHA1, SHA256 or SHA512", option.line);
}

/* A secret that was decoded. Holds it: ends with wipe_free(). */
struct key {
	uint8_t *bytes;
	size_t size;
	size_t length;
};

static int decode(const struct credential_option *secret, struct key *key, struct error *error)
{
	key->size = secret->length * 5 / 8 + 1;
	key->bytes = malloc(key->size);
	if (key->bytes == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (base32_decode(secret->value, secret->length, key->bytes, &key->length) != 0 ||
		key->length == 0)
		return error_set(
			error, TOTPGROUP_EFORMAT, "line %u: not a base32 secret", secret->line);
	return 0;
}

/* Opens a handle, once the algorithm is known. */
static int open_handle(const struct key *key, enum hmac_algorithm algorithm, struct hmac **hmac,
	struct error *error)
{
	int status = hmac_open(hmac, algorithm, key->bytes, key->length);

	if (status == TOTPGROUP_EMEMORY)
		error_set(error, status, "out of memory");
	else if (status != 0)
		error_set(error, status, "libgcrypt does not compute this HMAC on this host");
	return status;
}

int credential_open_hmac_for(const totpgroup_credential *credential,
	const struct credential_option *secret, struct hmac **hmac, struct error *error)
{
	struct key key = {NULL, 0, 0};
	enum hmac_algorithm algorithm;
	int status;

	*hmac = NULL;
	status = decode(secret, &key, error);
	if (status == 0)
		status = read_algorithm(credential, &algorithm, error);
	if (status == 0)
		status = open_handle(&key, algorithm, hmac, error);
	wipe_free(key.bytes, key.size);
	return status;
}

int credential_open_hmac(
	const totpgroup_credential *credential, struct hmac **hmac, struct error *error)
{
	const struct credential_option secret = credential_secret(credential);

	return credential_open_hmac_for(credential, &secret, hmac, error);
}

int credential_open_digest(
	const struct credential_option *secret, struct hmac **hmac, struct error *error)
{
	struct key key = {NULL, 0, 0};
	int status;

	*hmac = NULL;
	status = decode(secret, &key, error);
	if (status == 0)
		status = open_handle(&key, HMAC_SHA256, hmac, error);
	wipe_free(key.bytes, key.size);
	return status;
}
