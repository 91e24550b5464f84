/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/otp_key_credential.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base32.h"
#include "base/lines.h"
#include "base/wipe.h"
#include "core/credential.h"
#include "core/device.h"
#include "totpgroup.h"

#define DEFAULT_DIGITS 6
#define DEFAULT_PERIOD 30

static int append_secret(const struct otp_key *key, struct text *text)
{
	size_t size = BASE32_LENGTH(key->secret_length) + 1;
	char *characters = malloc(size);
	int status;

	if (characters == NULL)
		return TOTPGROUP_EMEMORY;
	base32_encode(key->secret, key->secret_length, characters);
	status = text_append_format(text, "%s\n", characters);
	wipe_free(characters, size);
	return status;
}

static int append_parameters(const struct otp_key *key, struct text *text)
{
	int status = text_append_format(text, "\" RATE_LIMIT 3 30\n");

	if (status == 0 && key->algorithm != HMAC_SHA1)
		status = text_append_format(
			text, "\" ALGORITHM %s\n", hmac_algorithm_name(key->algorithm));
	if (status == 0 && key->digits != DEFAULT_DIGITS)
		status = text_append_format(text, "\" DIGITS %u\n", key->digits);
	return status;
}

/* How far from now another program may have accepted a code, in steps: as far
 * as people set the window of pam_oath, and before now as far as a code is
 * still good here. */
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

/* The steps before the last one are spent too: the other program does not go
 * back in time, and does not say which of them were used. */
static int append_reuse(const struct otp_key *key, int64_t now, struct text *text)
{
	int64_t first = otp_time_step(now > 0 ? now : 0, key->period);
	int64_t last = 0;
	bool found;
	int status = find_last_step(key, first, &found, &last);

	if (status == 0)
		status = text_append_format(text, "\" DISALLOW_REUSE");
	for (first -= SPENT_STEPS_BEFORE; status == 0 && found && first <= last; first++)
		if (first >= 0)
			status = text_append_format(text, " %" PRId64, first);
	return status == 0 ? text_append(text, "\n", 1) : status;
}

static int append_type(const struct otp_key *key, int64_t now, struct text *text)
{
	int status = 0;

	if (key->hotp)
		return text_append_format(text, "\" HOTP_COUNTER %" PRId64 "\n",
			key->counter > 0 ? key->counter : 1);
	if (key->period != DEFAULT_PERIOD)
		status = text_append_format(text, "\" STEP_SIZE %u\n", key->period);
	if (status == 0)
		status = append_reuse(key, now, text);
	return status == 0 ? text_append_format(text, "\" TOTP_AUTH\n") : status;
}

static int append_lines(const struct otp_key *key, int64_t now, struct text *text)
{
	int status = append_secret(key, text);

	if (status == 0)
		status = append_parameters(key, text);
	if (status == 0)
		status = append_type(key, now, text);
	for (size_t i = 0; status == 0 && i < key->emergency_code_count; i++)
		status = text_append_format(text, "%08" PRIu32 "\n", key->emergency_codes[i]);
	return status;
}

static bool is_complete(const struct otp_key *key)
{
	return key->secret_length > 0 && key->secret_length <= OTP_KEY_SECRET_MAX &&
	       key->digits >= OTP_DIGITS_MIN && key->digits <= OTP_DIGITS_MAX &&
	       key->period >= OTP_PERIOD_MIN && key->period <= OTP_PERIOD_MAX &&
	       key->counter >= 0 && key->counter <= CREDENTIAL_HOTP_COUNTER_MAX &&
	       hmac_algorithm_name(key->algorithm) != NULL;
}

int otp_key_to_credential(
	const struct otp_key *key, int64_t now, struct text *text, struct error *error)
{
	size_t before = text->length;
	int status;

	if (!is_complete(key))
		return error_set(error, TOTPGROUP_EARGUMENT, "the account is not complete");
	status = append_lines(key, now, text);
	if (status != 0)
		error_set(error, status, "%s", totpgroup_strerror(status));
	else if (text->length - before > CREDENTIAL_TEXT_MAX)
		status = error_set(error, TOTPGROUP_EFORMAT, "too many emergency codes");
	if (status != 0 && text->length > before)
		(void)text_splice(text, before, text->length - before, NULL, 0);
	return status;
}

/* The lines that a key holds in its own members. */
static bool is_known(const char *line, size_t length)
{
	static const char *const keys[] = {
		"ALGORITHM", "DIGITS", "STEP_SIZE", "TOTP_AUTH", "HOTP_COUNTER"};
	const char *word;
	size_t word_length;

	if (length < 2 || memcmp(line, "\" ", 2) != 0)
		return false;
	line += 2;
	length -= 2;
	if (!lines_next_word(&line, &length, &word, &word_length))
		return false;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strlen(keys[i]) == word_length && memcmp(word, keys[i], word_length) == 0)
			return true;
	return false;
}

/* What is left out with an option line. */
static unsigned int note_for(const char *line, size_t length)
{
	static const struct {
		const char *start;
		enum otp_key_note note;
	} notes[] = {
		{"\" SCRATCH_HASH ", OTP_KEY_EMERGENCY_CODES_LEFT_OUT},
		{"\" " DEVICE_KEY " ", OTP_KEY_DEVICES_LEFT_OUT},
	};

	for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
		if (length >= strlen(notes[i].start) &&
			memcmp(line, notes[i].start, strlen(notes[i].start)) == 0)
			return notes[i].note;
	return OTP_KEY_STATE_LEFT_OUT;
}

/* Any line but the option lines above and live emergency codes is left out. */
static int read_line(
	struct otp_key *key, const char *line, size_t length, bool *live, struct error *error)
{
	const char *word;
	size_t word_length;

	if (length == 0 || is_known(line, length))
		return 0;
	if (line[0] == '"') {
		key->notes |= note_for(line, length);
		return 0;
	}
	/* What stands below a foreign line is no emergency code any more, and
	 * must not become one again. */
	if (*live && lines_next_word(&line, &length, &word, &word_length) && length == 0) {
		struct error ignored = ERROR_INIT;
		int status = otp_key_add_emergency_code(key, word, word_length, &ignored);

		if (status != TOTPGROUP_EFORMAT) {
			*error = ignored;
			return status;
		}
	}
	*live = false;
	key->notes |= OTP_KEY_STATE_LEFT_OUT;
	return 0;
}

static int read_lines(struct otp_key *key, const char *text, size_t length, struct error *error)
{
	struct lines lines = {.text = text, .length = length};
	bool live = true;
	const char *line;
	size_t line_length;
	int status;

	if (!lines_next(&lines, &line, &line_length))
		return error_set(error, TOTPGROUP_EFORMAT, "line 1: no secret");
	status = otp_key_set_base32(key, line, line_length, error);
	while (status == 0 && lines_next(&lines, &line, &line_length))
		status = read_line(key, line, line_length, &live, error);
	return status;
}

/* The module's own reading, so that a key is what the module would use. */
static int read_parameters(
	struct otp_key *key, const totpgroup_credential *credential, struct error *error)
{
	struct credential_parameters parameters;
	struct credential_option option;
	int status = credential_parameters(credential, &parameters, error);

	if (status != 0)
		return status;
	if (!parameters.totp && parameters.hotp_counter == 0)
		return error_set(error, TOTPGROUP_EFORMAT,
			"neither \" TOTP_AUTH nor \" HOTP_COUNTER is in it, so it takes no "
			"codes of an app");
	key->digits = parameters.digits;
	key->hotp = !parameters.totp;
	key->counter = parameters.hotp_counter;
	key->period = key->hotp ? DEFAULT_PERIOD : parameters.period;
	if (!credential_find(credential, "ALGORITHM", &option))
		return 0;
	return otp_key_set_algorithm(key, option.value, option.length, error);
}

int otp_key_from_credential(
	struct otp_key *key, const char *text, size_t length, struct error *error)
{
	totpgroup_credential *credential = NULL;
	struct hmac *hmac = NULL;
	int status = credential_load(&credential, text, length, error);

	if (status == 0)
		status = credential_open_hmac(credential, &hmac, error);
	if (status == 0)
		status = read_parameters(key, credential, error);
	if (status == 0)
		status = read_lines(key, text, length, error);
	hmac_close(hmac);
	totpgroup_credential_free(credential);
	return status;
}
