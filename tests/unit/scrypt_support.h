/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Counts derivations, and makes them fail when a test says so. Programs that include this
 * are linked with -Wl,--wrap=gcry_kdf_derive. */
#ifndef TOTPGROUP_TESTS_SCRYPT_SUPPORT_H
#define TOTPGROUP_TESTS_SCRYPT_SUPPORT_H

#include <gcrypt.h>

gpg_error_t __real_gcry_kdf_derive(const void *password, size_t password_length, int algorithm,
	int subalgorithm, const void *salt, size_t salt_length, unsigned long iterations,
	size_t key_length, void *key);
gpg_error_t __wrap_gcry_kdf_derive(const void *password, size_t password_length, int algorithm,
	int subalgorithm, const void *salt, size_t salt_length, unsigned long iterations,
	size_t key_length, void *key);

/* How many derivations there were; their error, 0 for success; and whether they do no
 * work and give zeros. */
static unsigned int derivations;
static gpg_err_code_t derivation_error;
static int derivation_is_fake;

gpg_error_t __wrap_gcry_kdf_derive(const void *password, size_t password_length, int algorithm,
	int subalgorithm, const void *salt, size_t salt_length, unsigned long iterations,
	size_t key_length, void *key)
{
	derivations++;
	if (derivation_error != 0) {
		memset(key, 0x5a, key_length);
		return gpg_error(derivation_error);
	}
	if (derivation_is_fake) {
		memset(key, 0, key_length);
		return 0;
	}
	return __real_gcry_kdf_derive(password, password_length, algorithm, subalgorithm, salt,
		salt_length, iterations, key_length, key);
}

#endif
