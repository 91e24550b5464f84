/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What libgcrypt, and liboath in the tests, write for us. They are not built with the memory sanitizer,
 * which would call each digest and each code uninitialised. These functions stand before theirs by
 * -Wl,--wrap, and say that what a call wrote is written: no more than that. What the program passes to
 * them is checked first, so that a byte that nobody wrote is not hidden in a digest.
 * scripts/check-tools links this file into the test programs. Those that replace such a function
 * themselves have theirs, as these are weak.
 */
#include <gcrypt.h>
#include <liboath/oath.h>
#include <sanitizer/msan_interface.h>

#define WRAPPED(type, name, parameters)                                                        \
	type __real_##name parameters;                                                         \
	__attribute__((weak)) type __wrap_##name parameters;                                   \
	__attribute__((weak)) type __wrap_##name parameters

WRAPPED(gcry_error_t, gcry_mac_open,
	(gcry_mac_hd_t * handle, int algorithm, unsigned int flags, gcry_ctx_t context))
{
	gcry_error_t status = __real_gcry_mac_open(handle, algorithm, flags, context);

	__msan_unpoison(handle, sizeof *handle);
	return status;
}

WRAPPED(gcry_error_t, gcry_mac_setkey, (gcry_mac_hd_t handle, const void *key, size_t length))
{
	__msan_check_mem_is_initialized(key, length);
	return __real_gcry_mac_setkey(handle, key, length);
}

WRAPPED(gcry_error_t, gcry_mac_write, (gcry_mac_hd_t handle, const void *data, size_t length))
{
	__msan_check_mem_is_initialized(data, length);
	return __real_gcry_mac_write(handle, data, length);
}

WRAPPED(gcry_error_t, gcry_mac_read, (gcry_mac_hd_t handle, void *digest, size_t *length))
{
	gcry_error_t status = __real_gcry_mac_read(handle, digest, length);

	__msan_unpoison(length, sizeof *length);
	if (status == 0)
		__msan_unpoison(digest, *length);
	return status;
}

WRAPPED(gcry_error_t, gcry_md_hash_buffers,
	(int algorithm, unsigned int flags, void *digest, const gcry_buffer_t *pieces,
		int count))
{
	gcry_error_t status;

	for (int i = 0; i < count; i++)
		__msan_check_mem_is_initialized(
			(const char *)pieces[i].data + pieces[i].off, pieces[i].len);
	status = __real_gcry_md_hash_buffers(algorithm, flags, digest, pieces, count);
	if (status == 0)
		__msan_unpoison(digest, gcry_md_get_algo_dlen(algorithm));
	return status;
}

WRAPPED(gcry_error_t, gcry_kdf_derive,
	(const void *text, size_t length, int algorithm, int variant, const void *salt,
		size_t salt_length, unsigned long rounds, size_t size, void *derived))
{
	gcry_error_t status;

	__msan_check_mem_is_initialized(text, length);
	__msan_check_mem_is_initialized(salt, salt_length);
	status = __real_gcry_kdf_derive(
		text, length, algorithm, variant, salt, salt_length, rounds, size, derived);
	if (status == 0)
		__msan_unpoison(derived, size);
	return status;
}

WRAPPED(gcry_error_t, gcry_cipher_open,
	(gcry_cipher_hd_t * handle, int algorithm, int mode, unsigned int flags))
{
	gcry_error_t status = __real_gcry_cipher_open(handle, algorithm, mode, flags);

	__msan_unpoison(handle, sizeof *handle);
	return status;
}

WRAPPED(gcry_error_t, gcry_cipher_encrypt,
	(gcry_cipher_hd_t handle, void *out, size_t size, const void *in, size_t length))
{
	gcry_error_t status;

	/* Without an input it is in the place of the output. */
	if (in == NULL)
		__msan_check_mem_is_initialized(out, size);
	else
		__msan_check_mem_is_initialized(in, length);
	status = __real_gcry_cipher_encrypt(handle, out, size, in, length);
	if (status == 0)
		__msan_unpoison(out, in == NULL ? size : length);
	return status;
}

WRAPPED(gcry_error_t, gcry_cipher_decrypt,
	(gcry_cipher_hd_t handle, void *out, size_t size, const void *in, size_t length))
{
	gcry_error_t status;

	if (in == NULL)
		__msan_check_mem_is_initialized(out, size);
	else
		__msan_check_mem_is_initialized(in, length);
	status = __real_gcry_cipher_decrypt(handle, out, size, in, length);
	if (status == 0)
		__msan_unpoison(out, in == NULL ? size : length);
	return status;
}

WRAPPED(gcry_error_t, gcry_cipher_gettag, (gcry_cipher_hd_t handle, void *tag, size_t size))
{
	gcry_error_t status = __real_gcry_cipher_gettag(handle, tag, size);

	if (status == 0)
		__msan_unpoison(tag, size);
	return status;
}

WRAPPED(int, oath_hotp_generate,
	(const char *secret, size_t length, uint64_t counter, unsigned int digits,
		bool checksum, size_t offset, char *code))
{
	int status = __real_oath_hotp_generate(
		secret, length, counter, digits, checksum, offset, code);

	if (status == OATH_OK)
		__msan_unpoison(code, digits + 1);
	return status;
}

WRAPPED(int, oath_totp_generate,
	(const char *secret, size_t length, time_t now, unsigned int period, time_t start,
		unsigned int digits, char *code))
{
	int status =
		__real_oath_totp_generate(secret, length, now, period, start, digits, code);

	if (status == OATH_OK)
		__msan_unpoison(code, digits + 1);
	return status;
}

WRAPPED(int, oath_totp_generate2,
	(const char *secret, size_t length, time_t now, unsigned int period, time_t start,
		unsigned int digits, int flags, char *code))
{
	int status = __real_oath_totp_generate2(
		secret, length, now, period, start, digits, flags, code);

	if (status == OATH_OK)
		__msan_unpoison(code, digits + 1);
	return status;
}

WRAPPED(int, oath_base32_encode,
	(const char *data, size_t length, char **text, size_t *text_length))
{
	size_t written;
	int status = __real_oath_base32_encode(data, length, text, &written);

	__msan_unpoison(&written, sizeof written);
	__msan_unpoison(text, sizeof *text);
	if (status == OATH_OK)
		__msan_unpoison(*text, written + 1);
	if (text_length != NULL)
		*text_length = written;
	return status;
}

WRAPPED(int, oath_base32_decode,
	(const char *text, size_t length, char **data, size_t *data_length))
{
	size_t written;
	int status = __real_oath_base32_decode(text, length, data, &written);

	__msan_unpoison(&written, sizeof written);
	__msan_unpoison(data, sizeof *data);
	if (status == OATH_OK)
		__msan_unpoison(*data, written);
	if (data_length != NULL)
		*data_length = written;
	return status;
}
