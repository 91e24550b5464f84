/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Credentials for the tests of the core, and codes for them that liboath
 * computed. */
#ifndef TOTPGROUP_CREDENTIAL_SUPPORT_H
#define TOTPGROUP_CREDENTIAL_SUPPORT_H

#include "test_support.h"

#include <liboath/oath.h>

#include "core/credential.h"
#include "totpgroup.h"

/* A secret, in base32 and as its bytes. */
#define SECRET	     "JBSWY3DPEHPK3PXP"
#define SECRET_BYTES "Hello!\xde\xad\xbe\xef"
#define SECRET_SIZE  (sizeof SECRET_BYTES - 1)

/* Those of two further devices. */
#define SECRET_2       "GEZDGNBVGY3TQOJQ"
#define SECRET_2_BYTES "1234567890"
#define SECRET_3       "MFRGGZDFMZTWQ2LK"
#define SECRET_3_BYTES "abcdefghij"

/* Room for a code of up to eight digits. */
typedef char code_text[9];

static inline totpgroup_credential *load_bytes(const char *text, size_t length)
{
	totpgroup_credential *credential;
	struct error error = ERROR_INIT;

	assert_int_equal(credential_load(&credential, text, length, &error), 0);
	assert_non_null(credential);
	return credential;
}

static inline totpgroup_credential *load(const char *text)
{
	return load_bytes(text, strlen(text));
}

static inline void assert_credential(
	const totpgroup_credential *credential, const char *expected)
{
	assert_string_equal(credential->text.data, expected);
	assert_int_equal(credential->text.length, strlen(expected));
}

/* A message is one line, and contains a text. */
static inline void assert_message(const struct error *error, const char *part)
{
	if (strstr(error->message, part) == NULL || strchr(error->message, '\n') != NULL)
		fail_msg("the message \"%s\" does not say \"%s\"", error->message, part);
	assert_int_not_equal(error->code, 0);
}

/* The code that liboath computes for a counter; flags are those of oath_totp_generate2(),
 * 0 for SHA-1. device 0 is the first one. */
static inline void put_code_of(
	size_t device, int64_t counter, unsigned int digits, int flags, code_text code)
{
	static const char *const secrets[] = {SECRET_BYTES, SECRET_2_BYTES, SECRET_3_BYTES};

	assert_int_equal(oath_totp_generate2(secrets[device], SECRET_SIZE, (time_t)counter, 1,
				 0, digits, flags, code),
		OATH_OK);
}

static inline void put_code(int64_t counter, unsigned int digits, int flags, code_text code)
{
	put_code_of(0, counter, digits, flags, code);
}

/* For cmocka_run_group_tests(). */
static inline int set_up_liboath(void **state)
{
	(void)state;
	return oath_init() == OATH_OK ? 0 : -1;
}

static inline int tear_down_liboath(void **state)
{
	(void)state;
	return oath_done() == OATH_OK ? 0 : -1;
}

#endif
