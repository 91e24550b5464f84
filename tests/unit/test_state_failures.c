/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "state_support.h"

#include <gcrypt.h>

#include "allocation.h"
#include "hashed_codes.h"

/* A secret and a state with every kind of line. */
#define SECRET_TEXT SECRET "\n\" RATE_LIMIT 3 30\n\" TOTP_AUTH\n" A_1 B_1 "12345678\n87654321\n"
#define STATE_ID    "b0862033bb0e8d129ce994e10895a7ba"
#define STATE_TEXT                                                                             \
	"totpgroup-state 1\n\" SECRET " STATE_ID "\n\" RATE_LIMIT 5\n\" DISALLOW_REUSE 7\n"    \
	"\" SPENT 8a65ef5ed0867fc5f3a4f65272d17d70 8e292fe872b0f9b382c9dd0fc0017ff5\n"         \
	"\" SECRET 00000000000000000000000000000000\n\" TIME_SKEW 1\n\" END\n"

static unsigned int calls, call_to_fail;

static bool hmac_fails(void)
{
	return ++calls == call_to_fail;
}

gcry_error_t __real_gcry_mac_open(gcry_mac_hd_t *, int, unsigned int, gcry_ctx_t);
gcry_error_t __wrap_gcry_mac_open(gcry_mac_hd_t *, int, unsigned int, gcry_ctx_t);
gcry_error_t __wrap_gcry_mac_open(
	gcry_mac_hd_t *handle, int algorithm, unsigned int flags, gcry_ctx_t context)
{
	return hmac_fails() ? GPG_ERR_NOT_SUPPORTED
			    : __real_gcry_mac_open(handle, algorithm, flags, context);
}

gcry_error_t __real_gcry_mac_read(gcry_mac_hd_t, void *, size_t *);
gcry_error_t __wrap_gcry_mac_read(gcry_mac_hd_t, void *, size_t *);
gcry_error_t __wrap_gcry_mac_read(gcry_mac_hd_t handle, void *buffer, size_t *length)
{
	return hmac_fails() ? GPG_ERR_NOT_SUPPORTED
			    : __real_gcry_mac_read(handle, buffer, length);
}

static int apply(totpgroup_credential **effective, struct error *error)
{
	struct text secret = text_from(SECRET_TEXT), state = text_from(STATE_TEXT);
	bool damaged;
	int status;

	status = state_apply(&secret, &state, effective, &damaged, error);
	assert_false(damaged);
	text_free(&secret);
	text_free(&state);
	return status;
}

/* Every call fails in turn, until all succeed. */
static unsigned int fail_each(
	unsigned int *to_fail, int expected, int (*work)(struct error *error))
{
	unsigned int failures = 0;

	for (unsigned int i = 1;; i++) {
		struct error error = ERROR_INIT;
		int status;

		calls = 0;
		*to_fail = i;
		status = work(&error);
		*to_fail = 0;
		if (status == 0)
			return failures;
		failures++;
		assert_int_equal(status, expected);
		assert_int_equal(error.code, expected);
		assert_message(
			&error, expected == TOTPGROUP_EMEMORY ? "out of memory" : "libgcrypt");
	}
}

/* Texts that are made before anything fails. */
static struct text secret_text, state_text;

static int work_apply(struct error *error)
{
	totpgroup_credential *effective = (totpgroup_credential *)error;
	bool damaged;
	int status = state_apply(&secret_text, &state_text, &effective, &damaged, error);

	if (status != 0)
		assert_null(effective);
	totpgroup_credential_free(effective);
	return status;
}

static totpgroup_credential *decided;

static int work_extract(struct error *error)
{
	struct text next = TEXT_INIT;
	int status = state_extract(&secret_text, &state_text, decided, &next, error);

	if (status != 0)
		assert_null(next.data);
	text_free(&next);
	return status;
}

static void every_failure_is_reported(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(apply(&decided, &error), 0);
	secret_text = text_from(SECRET_TEXT);
	state_text = text_from(STATE_TEXT);
	assert_true(fail_each(&allocation_to_fail, TOTPGROUP_EMEMORY, work_apply) > 10);
	assert_true(fail_each(&allocation_to_fail, TOTPGROUP_EMEMORY, work_extract) > 7);
	assert_true(fail_each(&call_to_fail, TOTPGROUP_ECRYPTO, work_apply) > 4);
	assert_true(fail_each(&call_to_fail, TOTPGROUP_ECRYPTO, work_extract) > 2);
	text_free(&secret_text);
	text_free(&state_text);
	totpgroup_credential_free(decided);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
