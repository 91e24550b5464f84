/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/otp_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/base32.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/wipe.h"
#include "core/device.h"
#include "core/emergency.h"
#include "totpgroup.h"

void otp_key_drop_emergency_codes(struct otp_key *key)
{
	wipe_free(key->emergency_codes,
		key->emergency_code_count * sizeof key->emergency_codes[0]);
	key->emergency_codes = NULL;
	key->emergency_code_count = 0;
}

void otp_key_free(struct otp_key *key)
{
	free(key->name);
	free(key->issuer);
	free(key->device);
	wipe_free(key->secret, key->secret_length);
	otp_key_drop_emergency_codes(key);
	WIPE_OBJECT(key);
	*key = (struct otp_key)OTP_KEY_INIT;
}

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

int otp_key_set_secret(
	struct otp_key *key, const uint8_t *bytes, size_t length, struct error *error)
{
	uint8_t *copy;

	if (length == 0)
		return error_set(error, TOTPGROUP_EFORMAT, "the secret is empty");
	if (length > OTP_KEY_SECRET_MAX)
		return error_set(error, TOTPGROUP_EFORMAT, "the secret is longer than %d bytes",
			OTP_KEY_SECRET_MAX);
	copy = malloc(length);
	if (copy == NULL)
		return out_of_memory(error);
	memcpy(copy, bytes, length);
	wipe_free(key->secret, key->secret_length);
	key->secret = copy;
	key->secret_length = length;
	return 0;
}

int otp_key_set_credential_secret(
	struct otp_key *key, const char *characters, size_t length, struct error *error)
{
	size_t size = length * 5 / 8 + 1;
	uint8_t *bytes = malloc(size);
	size_t decoded;
	int status;

	if (bytes == NULL)
		return out_of_memory(error);
	if (base32_decode(characters, length, bytes, &decoded) == 0)
		status = otp_key_set_secret(key, bytes, decoded, error);
	else
		status = error_set(error, TOTPGROUP_EFORMAT, "the secret is not base32");
	wipe_free(bytes, size);
	return status;
}

/* Reads base32 without blanks. */
static int set_exact(
	struct otp_key *key, const char *characters, size_t length, struct error *error)
{
	while (length > 0 && characters[length - 1] == '=')
		length--;
	switch (base32_check(characters, length)) {
	case BASE32_EXACT:
		return otp_key_set_credential_secret(key, characters, length, error);
	case BASE32_CUT:
		return error_set(error, TOTPGROUP_EFORMAT,
			"the secret is cut short: base32 has no text of that length");
	case BASE32_FOREIGN:
	default:
		return error_set(error, TOTPGROUP_EFORMAT,
			"the secret is not base32, which has the letters A to Z and the "
			"digits 2 to 7: 0, 1 and 8 are often misread");
	}
}

int otp_key_set_base32(
	struct otp_key *key, const char *characters, size_t length, struct error *error)
{
	struct text compact = TEXT_INIT;
	int status;

	for (size_t at = 0; at < length;) {
		size_t blank = utf8_blank_length(characters + at, length - at);

		if (blank == 0)
			(void)text_append(&compact, characters + at, 1);
		at += blank > 0 ? blank : 1;
	}
	status = text_append_string(&compact, "");
	if (status == 0)
		status = set_exact(key, compact.data, compact.length, error);
	else
		out_of_memory(error);
	text_free(&compact);
	return status;
}

static int set_string(char **string, const char *what, const char *characters, size_t length,
	struct error *error)
{
	char *copy = NULL;

	if (ascii_has_control(characters, length))
		return error_set(
			error, TOTPGROUP_EFORMAT, "the %s holds a control character", what);
	if (length > 0) {
		copy = strndup(characters, length);
		if (copy == NULL)
			return out_of_memory(error);
	}
	free(*string);
	*string = copy;
	return 0;
}

int otp_key_set_name(struct otp_key *key, const char *name, size_t length, struct error *error)
{
	return set_string(&key->name, "account's name", name, length, error);
}

int otp_key_set_issuer(
	struct otp_key *key, const char *issuer, size_t length, struct error *error)
{
	return set_string(&key->issuer, "issuer", issuer, length, error);
}

int otp_key_set_device(
	struct otp_key *key, const char *name, size_t length, struct error *error)
{
	if (length > 0 && !device_name_is_allowed(name, length))
		return error_set(error, TOTPGROUP_EFORMAT,
			"the device's name must be 1 to %d bytes that can be shown, without a "
			"blank at either end",
			DEVICE_NAME_MAX);
	return set_string(&key->device, "device's name", name, length, error);
}

/* Whether the label begins with the issuer that was set before, and a colon. Programs that
 * write a blank as '+' do so in the label, too. */
static bool has_prefix(const struct otp_key *key, const char *label, size_t length)
{
	size_t prefix = key->issuer != NULL ? strlen(key->issuer) : 0;

	if (prefix == 0 || length <= prefix || label[prefix] != ':')
		return false;
	for (size_t i = 0; i < prefix; i++)
		if (label[i] != key->issuer[i] && !(label[i] == '+' && key->issuer[i] == ' '))
			return false;
	return true;
}

int otp_key_set_label(struct otp_key *key, const char *label, size_t length, size_t colon,
	struct error *error)
{
	size_t name = colon < length ? colon + 1 : 0;
	int status = 0;

	if (has_prefix(key, label, length))
		name = strlen(key->issuer) + 1;
	else if (name > 0 && key->issuer != NULL && colon > 0)
		key->notes |= OTP_KEY_ISSUERS_DIFFER;
	else if (name > 0 && key->issuer == NULL)
		status = otp_key_set_issuer(key, label, colon, error);
	/* Blanks may separate the colon from the account name. */
	while (name > 0 && name < length && label[name] == ' ')
		name++;
	if (status != 0)
		return status;
	return otp_key_set_name(key, label + name, length - name, error);
}

int otp_key_add_emergency_code(
	struct otp_key *key, const char *digits, size_t length, struct error *error)
{
	size_t count = key->emergency_code_count;
	uint32_t *codes;
	int64_t code;

	if (length != EMERGENCY_CODE_LENGTH ||
		!number_parse(digits, length, 10000000, 99999999, &code))
		return error_set(error, TOTPGROUP_EFORMAT,
			"an emergency code is not eight digits, the first of them not 0");
	/* Not realloc(), which does not wipe the old memory. */
	codes = calloc(count + 1, sizeof codes[0]);
	if (codes == NULL)
		return out_of_memory(error);
	if (count > 0)
		memcpy(codes, key->emergency_codes, count * sizeof codes[0]);
	codes[count] = (uint32_t)code;
	wipe_free(key->emergency_codes, count * sizeof codes[0]);
	key->emergency_codes = codes;
	key->emergency_code_count = count + 1;
	return 0;
}

int otp_key_refuse_letters(
	struct otp_key *key, const char *kind, size_t length, struct error *error)
{
	(void)key;
	if (!ascii_is_word(kind, length, "steam"))
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT,
		"codes of Steam have letters, and no login here takes them");
}

int otp_key_set_type(struct otp_key *key, const char *type, size_t length, struct error *error)
{
	if (otp_key_refuse_letters(key, type, length, error) != 0)
		return error->code;
	key->hotp = ascii_is_word(type, length, "hotp");
	if (key->hotp || ascii_is_word(type, length, "totp"))
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT, "the type is neither totp nor hotp");
}

static int set_number(unsigned int *to, const char *what, const char *number, size_t length,
	unsigned int minimum, unsigned int maximum, struct error *error)
{
	int64_t value;

	if (!number_parse(number, length, minimum, maximum, &value))
		return error_set(error, TOTPGROUP_EFORMAT, "the %s must be %u to %u", what,
			minimum, maximum);
	*to = (unsigned int)value;
	return 0;
}

int otp_key_set_digits(
	struct otp_key *key, const char *number, size_t length, struct error *error)
{
	return set_number(&key->digits, "number of digits", number, length, OTP_DIGITS_MIN,
		OTP_DIGITS_MAX, error);
}

int otp_key_set_period(
	struct otp_key *key, const char *number, size_t length, struct error *error)
{
	return set_number(
		&key->period, "period", number, length, OTP_PERIOD_MIN, OTP_PERIOD_MAX, error);
}

int otp_key_set_counter(
	struct otp_key *key, const char *number, size_t length, struct error *error)
{
	if (number_parse(number, length, 0, CREDENTIAL_HOTP_COUNTER_MAX, &key->counter))
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT, "the counter must be 0 to %lld",
		(long long)CREDENTIAL_HOTP_COUNTER_MAX);
}

int otp_key_set_algorithm(
	struct otp_key *key, const char *name, size_t length, struct error *error)
{
	static const char hmac[] = "HMAC";
	static const struct {
		enum hmac_algorithm algorithm;
		const char *name;
		const char *with_dash;
	} known[] = {
		{HMAC_SHA1, "SHA1", "SHA-1"},
		{HMAC_SHA256, "SHA256", "SHA-256"},
		{HMAC_SHA512, "SHA512", "SHA-512"},
	};

	if (length > strlen(hmac) && ascii_is_word(name, strlen(hmac), hmac)) {
		name += strlen(hmac);
		length -= strlen(hmac);
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (ascii_is_word(name, length, known[i].name) ||
			ascii_is_word(name, length, known[i].with_dash)) {
			key->algorithm = known[i].algorithm;
			return 0;
		}
	return error_set(
		error, TOTPGROUP_EFORMAT, "the algorithm must be SHA1, SHA256 or SHA512");
}
