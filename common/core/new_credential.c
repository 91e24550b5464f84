/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/new_credential.h"

#include <inttypes.h>

#include "base/random.h"
#include "base/hmac.h"
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
	int result;

	credential->key_length = key_length(credential->algorithm);
	result = random_bytes(credential->key, credential->key_length);
	if (result != 0)
		return error_set(error, result, "no random numbers are to be had: %s",
			totpgroup_strerror(result));
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

static int append_limits(const struct new_credential *credential, struct text *text)
{
	int result = 0;

	if (credential->rate_limit != 0)
		result = text_append_format(text, "\" RATE_LIMIT %d %d\n",
			credential->rate_limit, credential->rate_time);
	if (result == 0 && credential->window_size != 0)
		result = text_append_format(
			text, "\" WINDOW_SIZE %d\n", credential->window_size);
	return result;
}

static int append_reuse(const struct new_credential *credential, struct text *text)
{
	if (!credential->disallow_reuse)
		return 0;
	if (credential->spent_step == 0)
		return text_append_format(text, "\" DISALLOW_REUSE\n");
	return text_append_format(
		text, "\" DISALLOW_REUSE %" PRId64 "\n", credential->spent_step);
}

static int append_type(const struct new_credential *credential, struct text *text)
{
	int result = 0;

	if (!credential->time_based)
		return text_append_format(text, "\" HOTP_COUNTER 1\n");
	if (credential->step_size != 0)
		result = text_append_format(text, "\" STEP_SIZE %d\n", credential->step_size);
	if (result == 0)
		result = append_reuse(credential, text);
	if (result == 0)
		result = text_append_format(text, "\" TOTP_AUTH\n");
	return result;
}

static int append_kind(const struct new_credential *credential, struct text *text)
{
	int result = 0;

	if (credential->algorithm != HMAC_SHA1)
		result = text_append_format(
			text, "\" ALGORITHM %s\n", hmac_algorithm_name(credential->algorithm));
	if (result == 0 && credential->digits != NEW_CREDENTIAL_DIGITS)
		result = text_append_format(text, "\" DIGITS %u\n", credential->digits);
	if (result == 0 && credential->pending_until != 0)
		result = text_append_format(
			text, "\" PENDING_UNTIL %" PRId64 "\n", credential->pending_until);
	return result;
}

int new_credential_append(
	const struct new_credential *credential, struct text *text, struct error *error)
{
	int result = text_append_format(text, "%s\n", credential->secret);

	if (result == 0)
		result = append_limits(credential, text);
	if (result == 0)
		result = append_kind(credential, text);
	if (result == 0)
		result = append_type(credential, text);
	if (result == 0 && credential->device != NULL)
		result = text_append_format(text, "\" LABEL %s\n", credential->device);
	if (result != 0)
		return error_set(error, result, "%s", totpgroup_strerror(result));
	return emergency_codes_append(&credential->emergency_codes, text, error);
}
