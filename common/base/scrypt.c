/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/scrypt.h"

#include <gcrypt.h>
#include <string.h>

#include "base/hmac.h"
#include "totpgroup.h"

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
	status = crypto_ready();
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
