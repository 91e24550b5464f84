/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/otp_key.h"

#include <inttypes.h>
#include <string.h>

#include "base/base32.h"
#include "base/lines.h"
#include "core/device.h"
#include "core/emergency_hash.h"
#include "core/judge.h"
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

/* The steps before the last one are spent too: the other program does not accept
 * earlier codes again, and does not tell which of them were used. */
static int append_reuse(const struct otp_key *key, int64_t now, struct text *text)
{
	int64_t now_step = otp_time_step(now > 0 ? now : 0, key->period);
	int64_t last = 0;
	bool found;
	int status = find_last_step(key, now_step, &found, &last);

	if (status != 0)
		return status;
	(void)text_append_string(text, "\" DISALLOW_REUSE");
	for (int64_t step = now_step - SPENT_STEPS_BEFORE; found && step <= last; step++)
		if (step >= 0)
			(void)text_append_format(text, " %" PRId64, step);
	return text_append_string(text, "\n");
}

static int append_lines(const struct otp_key *key, int64_t now, struct text *text)
{
	int status = 0;

	(void)base32_append(text, key->secret, key->secret_length);
	(void)text_append_string(text, "\n\" RATE_LIMIT 3 30\n");
	if (key->algorithm != HMAC_SHA1)
		(void)text_append_format(
			text, "\" ALGORITHM %s\n", hmac_algorithm_name(key->algorithm));
	if (key->digits != DEFAULT_DIGITS)
		(void)text_append_format(text, "\" DIGITS %u\n", key->digits);
	if (key->hotp) {
		(void)text_append_format(text, "\" HOTP_COUNTER %" PRId64 "\n",
			key->counter > 0 ? key->counter : 1);
	} else {
		if (key->period != DEFAULT_PERIOD)
			(void)text_append_format(text, "\" STEP_SIZE %u\n", key->period);
		status = append_reuse(key, now, text);
		(void)text_append_string(text, "\" TOTP_AUTH\n");
	}
	for (size_t i = 0; i < key->emergency_code_count; i++)
		(void)text_append_format(text, "%08" PRIu32 "\n", key->emergency_codes[i]);
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

int otp_key_to_credential(
	const struct otp_key *key, int64_t now, struct text *text, struct error *error)
{
	size_t before = text->length;
	int status;

	if (!is_complete(key))
		return error_set(error, TOTPGROUP_EARGUMENT, "the key is not complete");
	status = append_lines(key, now, text);
	if (status != 0)
		error_set(error, status, "%s", totpgroup_strerror(status));
	else if (text->length - before > CREDENTIAL_TEXT_MAX)
		status = error_set(error, TOTPGROUP_EFORMAT, "too many emergency codes");
	if (status != 0)
		text_cut(text, before);
	return status;
}

/* Whether the key has a member for an option line of that name. */
static bool is_known(const struct word *name)
{
	static const char *const known[] = {
		"ALGORITHM", "DIGITS", "STEP_SIZE", "TOTP_AUTH", "HOTP_COUNTER"};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (word_is(name, known[i]))
			return true;
	return false;
}

/* Notes an option line that is left out. */
static void note_option(struct otp_key *key, const char *line, size_t length)
{
	struct word name = {"", 0};

	if (length > 2 && line[1] == ' ') {
		line += 2;
		length -= 2;
		(void)lines_next_word(&line, &length, &name.start, &name.length);
	}
	if (is_known(&name))
		return;
	if (length > 0 && word_is(&name, EMERGENCY_HASH_KEY))
		key->notes |= OTP_KEY_EMERGENCY_CODES_LEFT_OUT;
	else if (length > 0 && word_is(&name, DEVICE_KEY))
		key->notes |= OTP_KEY_DEVICES_LEFT_OUT;
	else
		key->notes |= OTP_KEY_STATE_LEFT_OUT;
}

/* Reads a line below the secret. *live is whether emergency codes are valid there:
 * one below a foreign line is not, and must not become valid again. */
static int read_line(
	struct otp_key *key, const char *line, size_t length, bool *live, struct error *error)
{
	struct error why = ERROR_INIT;
	struct word word;

	if (length == 0)
		return 0;
	if (line[0] == '"') {
		note_option(key, line, length);
		return 0;
	}
	if (*live && lines_next_word(&line, &length, &word.start, &word.length) &&
		length == 0) {
		int status = otp_key_add_emergency_code(key, word.start, word.length, &why);

		if (status == 0)
			return 0;
		if (status != TOTPGROUP_EFORMAT)
			return error_set(error, status, "%s", why.message);
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
	status = otp_key_set_credential_secret(key, line, line_length, error);
	while (status == 0 && lines_next(&lines, &line, &line_length))
		status = read_line(key, line, line_length, &live, error);
	return status;
}

/* Reads as the module does, so that the key gives the codes that it accepts. */
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
	int status = credential_load(&credential, text, length, error);

	/* A text that no login would take is not taken over either. */
	if (status == 0)
		status = credential_judge(credential, error);
	if (status == 0)
		status = read_parameters(key, credential, error);
	if (status == 0)
		status = read_lines(key, text, length, error);
	totpgroup_credential_free(credential);
	return status;
}
