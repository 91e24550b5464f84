/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base32.h"
#include "core/device.h"
#include "exchange/otp_key.h"
#include "totpgroup.h"

#define DEFAULT_DIGITS 6
#define DEFAULT_PERIOD 30

/* How far from now to look for the last code, in steps: as far behind now as a code
 * is still accepted here, and as far ahead as the widest usual window of pam_oath. */
#define SPENT_STEPS_BEFORE 2
#define SPENT_STEPS_AFTER  20

/* Looks for the step that the last code belongs to. */
static int find_last_step(
	const struct otp_key *key, int64_t now_step, bool *found, int64_t *step)
{
	const struct otp_range range = {
		now_step - SPENT_STEPS_BEFORE, now_step + SPENT_STEPS_AFTER};
	struct hmac *hmac = NULL;
	int status;

	*found = false;
	if (strlen(key->last_code) != key->digits)
		return 0;
	status = hmac_open(&hmac, key->algorithm, key->secret, key->secret_length);
	if (status == 0)
		status = otp_search(
			hmac, range, now_step, key->last_code, key->digits, found, step);
	hmac_close(hmac);
	return status;
}

/* The keys of one user. */
struct keys {
	const struct otp_key *const *key;
	size_t count;
};

/* Finds the last step of all that is known to be spent. */
static int find_last_spent(
	const struct keys *keys, int64_t now_step, bool *found, int64_t *last)
{
	int status = 0;

	*found = false;
	for (size_t i = 0; i < keys->count && status == 0; i++) {
		bool one_found = false;
		int64_t step = 0;

		status = find_last_step(keys->key[i], now_step, &one_found, &step);
		if (one_found && (!*found || step > *last))
			*last = step;
		*found |= one_found;
	}
	return status;
}

/* The steps before the last one are spent too: the other program does not accept
 * earlier codes again, and does not tell which of them were used. */
static int append_reuse(const struct keys *keys, int64_t now, struct text *text)
{
	int64_t now_step = otp_time_step(now > 0 ? now : 0, keys->key[0]->period);
	int64_t last = 0;
	bool found;
	int status = find_last_spent(keys, now_step, &found, &last);

	if (status != 0)
		return status;
	(void)text_append_string(text, "\" DISALLOW_REUSE");
	for (int64_t step = now_step - SPENT_STEPS_BEFORE; found && step <= last; step++)
		if (step >= 0)
			(void)text_append_format(text, " %" PRId64, step);
	return text_append_string(text, "\n");
}

/* Whether an earlier key has the secret of the key with that index. */
static bool is_repeated(const struct keys *keys, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (otp_key_same_secret(keys->key[i], keys->key[index]))
			return true;
	return false;
}

/* Whether a device but the one with that index has the name. The first one without a name has
 * one, too. */
static bool is_name_of_another(const struct keys *keys, const char *name, size_t index)
{
	bool taken = false;

	for (size_t i = 0; i < keys->count && !taken; i++) {
		const char *other = keys->key[i]->device;

		if (other == NULL && i == 0)
			other = DEVICE_FIRST;
		taken = i != index && other != NULL && strcmp(other, name) == 0 &&
			!is_repeated(keys, i);
	}
	return taken;
}

/* Whether that device keeps its name: the first that has it does. */
static bool keeps_name(const struct keys *keys, size_t index)
{
	const char *name = keys->key[index]->device;
	struct keys before = {keys->key, index};

	return name != NULL && !is_name_of_another(&before, name, index);
}

/* Appends the line of a further device, the number-th, whose key has that index. */
static void append_device(
	const struct keys *keys, size_t index, size_t number, struct text *text)
{
	const struct otp_key *key = keys->key[index];
	char name[32];

	(void)text_append_string(text, "\" " DEVICE_KEY " ");
	(void)base32_append(text, key->secret, key->secret_length);
	if (keeps_name(keys, index)) {
		(void)text_append_format(text, " %s\n", key->device);
		return;
	}
	do
		snprintf(name, sizeof name, "device %zu", number++);
	while (is_name_of_another(keys, name, index));
	(void)text_append_format(text, " %s\n", name);
}

static void append_devices(const struct keys *keys, struct text *text)
{
	const char *first = keys->key[0]->device;
	size_t number = 1;

	if (first != NULL && strcmp(first, DEVICE_FIRST) != 0)
		(void)text_append_format(text, "\" LABEL %s\n", first);
	for (size_t i = 1; i < keys->count; i++)
		if (!is_repeated(keys, i))
			append_device(keys, i, ++number, text);
}

/* Whether a key before that one has the code. */
static bool is_code_repeated(const struct keys *keys, size_t index, uint32_t code)
{
	for (size_t i = 0; i < index; i++)
		for (size_t j = 0; j < keys->key[i]->emergency_code_count; j++)
			if (keys->key[i]->emergency_codes[j] == code)
				return true;
	return false;
}

static void append_codes(const struct keys *keys, struct text *text)
{
	for (size_t i = 0; i < keys->count; i++)
		for (size_t j = 0; j < keys->key[i]->emergency_code_count; j++)
			if (!is_code_repeated(keys, i, keys->key[i]->emergency_codes[j]))
				(void)text_append_format(text, "%08" PRIu32 "\n",
					keys->key[i]->emergency_codes[j]);
}

static int64_t next_counter(const struct keys *keys)
{
	int64_t counter = 1;

	for (size_t i = 0; i < keys->count; i++)
		if (keys->key[i]->counter > counter)
			counter = keys->key[i]->counter;
	return counter;
}

static int append_lines(const struct keys *keys, int64_t now, struct text *text)
{
	const struct otp_key *key = keys->key[0];
	int status = 0;

	(void)base32_append(text, key->secret, key->secret_length);
	(void)text_append_string(text, "\n\" RATE_LIMIT 3 30\n");
	if (key->algorithm != HMAC_SHA1)
		(void)text_append_format(
			text, "\" ALGORITHM %s\n", hmac_algorithm_name(key->algorithm));
	if (key->digits != DEFAULT_DIGITS)
		(void)text_append_format(text, "\" DIGITS %u\n", key->digits);
	if (key->hotp) {
		(void)text_append_format(
			text, "\" HOTP_COUNTER %" PRId64 "\n", next_counter(keys));
	} else {
		if (key->period != DEFAULT_PERIOD)
			(void)text_append_format(text, "\" STEP_SIZE %u\n", key->period);
		status = append_reuse(keys, now, text);
		(void)text_append_string(text, "\" TOTP_AUTH\n");
	}
	append_devices(keys, text);
	append_codes(keys, text);
	return status != 0 ? status : text->status;
}

static bool is_complete(const struct otp_key *key)
{
	return key->secret_length > 0 && key->secret_length <= OTP_KEY_SECRET_MAX &&
	       key->digits >= OTP_DIGITS_MIN && key->digits <= OTP_DIGITS_MAX &&
	       key->period >= OTP_PERIOD_MIN && key->period <= OTP_PERIOD_MAX &&
	       key->counter >= 0 && key->counter <= CREDENTIAL_HOTP_COUNTER_MAX &&
	       hmac_algorithm_name(key->algorithm) != NULL;
}

bool otp_key_same_secret(const struct otp_key *a, const struct otp_key *b)
{
	return a->secret_length == b->secret_length && a->secret_length > 0 &&
	       memcmp(a->secret, b->secret, a->secret_length) == 0;
}

/* The period does not matter for codes that change with each use. */
bool otp_key_same_kind(const struct otp_key *a, const struct otp_key *b)
{
	return a->algorithm == b->algorithm && a->digits == b->digits && a->hotp == b->hotp &&
	       (a->hotp || a->period == b->period);
}

size_t otp_keys_device_count(const struct otp_key *const *keys, size_t count)
{
	const struct keys all = {keys, count};
	size_t devices = 0;

	for (size_t i = 0; i < count; i++) {
		if (!otp_key_same_kind(keys[0], keys[i]))
			return 0;
		devices += !is_repeated(&all, i);
	}
	return devices > DEVICES_MAX || (devices > 1 && keys[0]->hotp) ? 0 : devices;
}

int otp_keys_to_credential(const struct otp_key *const *keys, size_t count, int64_t now,
	struct text *text, struct error *error)
{
	const struct keys all = {keys, count};
	size_t before = text->length;
	int status;

	for (size_t i = 0; i < count; i++)
		if (!is_complete(keys[i]))
			return error_set(error, TOTPGROUP_EARGUMENT, "the key is not complete");
	if (otp_keys_device_count(keys, count) == 0)
		return error_set(
			error, TOTPGROUP_EARGUMENT, "the keys cannot be devices of one user");
	status = append_lines(&all, now, text);
	if (status != 0)
		error_set(error, status, "%s", totpgroup_strerror(status));
	else if (text->length - before > CREDENTIAL_TEXT_MAX)
		status = error_set(error, TOTPGROUP_EFORMAT, "too many emergency codes");
	if (status != 0)
		text_cut(text, before);
	return status;
}

int otp_key_to_credential(
	const struct otp_key *key, int64_t now, struct text *text, struct error *error)
{
	return otp_keys_to_credential(&key, 1, now, text, error);
}
