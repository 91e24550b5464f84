/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "new_credential.h"

#include <inttypes.h>

#include "base/random.h"
#include "totpgroup.h"

/* Eight digits, the first of them not 0: the module tells an emergency code
 * from others by that. */
#define EMERGENCY_CODE_FIRST 10000000U
#define EMERGENCY_CODE_COUNT 90000000U

static bool is_drawn(const struct new_credential *credential, uint32_t code)
{
	for (unsigned int i = 0; i < credential->emergency_code_count; i++)
		if (credential->emergency_codes[i] == code)
			return true;
	return false;
}

static int draw_emergency_code(struct new_credential *credential)
{
	uint32_t number;
	int result;

	do {
		result = random_below(EMERGENCY_CODE_COUNT, &number);
		if (result != 0)
			return result;
		number += EMERGENCY_CODE_FIRST;
	} while (is_drawn(credential, number));
	credential->emergency_codes[credential->emergency_code_count++] = number;
	return 0;
}

int new_credential_draw(
	struct new_credential *credential, unsigned int emergency_codes, struct error *error)
{
	int result = random_bytes(credential->key, sizeof(credential->key));

	if (result == 0)
		base32_encode(credential->key, sizeof(credential->key), credential->secret);
	while (result == 0 && credential->emergency_code_count < emergency_codes)
		result = draw_emergency_code(credential);
	if (result != 0)
		return error_set(error, result, "no random numbers are to be had: %s",
			totpgroup_strerror(result));
	return 0;
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

int new_credential_append(const struct new_credential *credential, struct text *text)
{
	int result = text_append_format(text, "%s\n", credential->secret);

	if (result == 0)
		result = append_limits(credential, text);
	if (result == 0)
		result = append_type(credential, text);
	for (unsigned int i = 0; result == 0 && i < credential->emergency_code_count; i++)
		result = text_append_format(
			text, "%08" PRIu32 "\n", credential->emergency_codes[i]);
	return result;
}
