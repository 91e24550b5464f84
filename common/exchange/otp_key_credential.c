/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/otp_key.h"

#include <string.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "core/device.h"
#include "core/emergency_hash.h"
#include "core/judge.h"
#include "totpgroup.h"

#define DEFAULT_PERIOD 30

/* Whether the key says what an option line says, or every new credential does. */
static bool is_known(const struct otp_key *key, const struct word *name, struct word value)
{
	static const char *const known[] = {
		"ALGORITHM", "DIGITS", "STEP_SIZE", "TOTP_AUTH", "HOTP_COUNTER"};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (word_is(name, known[i]))
			return true;
	if (word_is(name, "LABEL"))
		return key->device != NULL;
	return (word_is(name, "RATE_LIMIT") && word_is(&value, "3 30")) ||
	       (word_is(name, "DISALLOW_REUSE") && value.length == 0);
}

static struct word trim(struct word value)
{
	while (value.length > 0 && ascii_is_blank(value.start[0])) {
		value.start++;
		value.length--;
	}
	while (value.length > 0 && ascii_is_blank(value.start[value.length - 1]))
		value.length--;
	return value;
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
	if (is_known(key, &name, trim((struct word){line, length})))
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

/* Reads the name of the first device. One that is none is left out. */
static int read_device(struct otp_key *key, const totpgroup_credential *credential)
{
	struct credential_option option;
	struct error ignored = ERROR_INIT;
	struct word name;
	int status;

	if (!credential_find(credential, "LABEL", &option))
		return 0;
	name = trim((struct word){option.value, option.length});
	status = otp_key_set_device(key, name.start, name.length, &ignored);
	return status == TOTPGROUP_EFORMAT ? 0 : status;
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
	if (status == 0 && read_device(key, credential) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status == 0)
		status = read_lines(key, text, length, error);
	totpgroup_credential_free(credential);
	return status;
}
