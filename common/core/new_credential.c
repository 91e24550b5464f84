/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/new_credential.h"

#include <inttypes.h>

#include "base/crypto.h"
#include "totpgroup.h"

static size_t key_length(enum hmac_algorithm algorithm)
{
	switch (algorithm) {
	case HMAC_SHA256:
		return 32;
	case HMAC_SHA512:
		return 64;
	default:
		return 20;
	}
}

void new_credential_choose_kind(struct new_credential *credential,
	enum hmac_algorithm algorithm, unsigned int digits, int seconds)
{
	credential->algorithm = algorithm;
	credential->digits = digits;
	credential->step_size = seconds != NEW_CREDENTIAL_PERIOD ? seconds : 0;
}

int new_credential_draw(struct new_credential *credential, struct error *error)
{
	int status;

	credential->key_length = key_length(credential->algorithm);
	status = random_bytes(credential->key, credential->key_length);
	if (status != 0)
		return error_set(error, status, "cannot draw random numbers: %s",
			totpgroup_strerror(status));
	base32_encode(credential->key, credential->key_length, credential->secret);
	return 0;
}

bool new_credential_is_ours(const struct new_credential *credential)
{
	return credential->algorithm != HMAC_SHA1 ||
	       credential->digits != NEW_CREDENTIAL_DIGITS ||
	       credential->step_size > NEW_CREDENTIAL_COMMON_PERIOD_MAX;
}

unsigned int new_credential_period(const struct new_credential *credential)
{
	if (credential->step_size == 0)
		return NEW_CREDENTIAL_PERIOD;
	return (unsigned int)credential->step_size;
}

static void append_totp(const struct new_credential *credential, struct text *text)
{
	if (credential->step_size != 0)
		(void)text_append_format(text, "\" STEP_SIZE %d\n", credential->step_size);
	if (credential->disallow_reuse && credential->spent_step == 0)
		(void)text_append_string(text, "\" DISALLOW_REUSE\n");
	else if (credential->disallow_reuse)
		(void)text_append_format(
			text, "\" DISALLOW_REUSE %" PRId64 "\n", credential->spent_step);
	(void)text_append_string(text, "\" TOTP_AUTH\n");
}

int new_credential_append(
	const struct new_credential *credential, struct text *text, struct error *error)
{
	(void)text_append_format(text, "%s\n", credential->secret);
	if (credential->rate_limit != 0)
		(void)text_append_format(text, "\" RATE_LIMIT %d %d\n", credential->rate_limit,
			credential->rate_time);
	if (credential->window_size != 0)
		(void)text_append_format(text, "\" WINDOW_SIZE %d\n", credential->window_size);
	if (credential->algorithm != HMAC_SHA1)
		(void)text_append_format(
			text, "\" ALGORITHM %s\n", hmac_algorithm_name(credential->algorithm));
	if (credential->digits != NEW_CREDENTIAL_DIGITS)
		(void)text_append_format(text, "\" DIGITS %u\n", credential->digits);
	if (credential->pending_until != 0)
		(void)text_append_format(
			text, "\" PENDING_UNTIL %" PRId64 "\n", credential->pending_until);
	if (!credential->time_based)
		(void)text_append_string(text, "\" HOTP_COUNTER 1\n");
	else
		append_totp(credential, text);
	if (credential->device != NULL)
		(void)text_append_format(text, "\" LABEL %s\n", credential->device);
	if (text->status != 0)
		return error_set(error, text->status, "%s", totpgroup_strerror(text->status));
	return emergency_codes_append(&credential->emergency_codes, text, error);
}
