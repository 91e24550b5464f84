/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The part of credential.h that makes HMAC keys from secrets. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base32.h"
#include "base/wipe.h"
#include "core/credential.h"

int credential_algorithm(const totpgroup_credential *credential, enum hmac_algorithm *algorithm,
	struct error *error)
{
	struct credential_option option;

	*algorithm = HMAC_SHA1;
	if (!credential_find(credential, "ALGORITHM", &option))
		return 0;
	for (int i = HMAC_SHA1; i <= HMAC_SHA512; i++) {
		const char *name = hmac_algorithm_name((enum hmac_algorithm)i);

		if (option.length == strlen(name) &&
			memcmp(option.value, name, option.length) == 0) {
			*algorithm = (enum hmac_algorithm)i;
			return 0;
		}
	}
	return error_set(error, TOTPGROUP_EFORMAT,
		"line %u: ALGORITHM must be SHA1, SHA256 or SHA512", option.line);
}

int credential_open_hmac_for(const totpgroup_credential *credential,
	const struct credential_option *secret, struct hmac **hmac, struct error *error)
{
	enum hmac_algorithm algorithm = HMAC_SHA256;
	size_t length, size = secret->length * 5 / 8 + 1;
	uint8_t *key = malloc(size);
	int status = 0;

	*hmac = NULL;
	if (key == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (base32_decode(secret->value, secret->length, key, &length) != 0 || length == 0)
		status = error_set(
			error, TOTPGROUP_EFORMAT, "line %u: not a base32 secret", secret->line);
	else if (credential != NULL)
		status = credential_algorithm(credential, &algorithm, error);
	if (status == 0) {
		status = hmac_open(hmac, algorithm, key, length);
		if (status != 0)
			error_set(error, status,
				status == TOTPGROUP_EMEMORY
					? "out of memory"
					: "libgcrypt does not compute this HMAC on this host");
	}
	wipe_free(key, size);
	return status;
}

int credential_open_hmac(
	const totpgroup_credential *credential, struct hmac **hmac, struct error *error)
{
	const struct credential_option secret = credential_secret(credential);

	return credential_open_hmac_for(credential, &secret, hmac, error);
}
