/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/otpauth_uri.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base32.h"
#include "base/wipe.h"
#include "totpgroup.h"

/* What every authenticator app assumes for a parameter that is left out. */
#define DEFAULT_DIGITS 6
#define DEFAULT_PERIOD 30

static int append_string(struct text *text, const char *string)
{
	return text_append(text, string, strlen(string));
}

/* RFC 3986 section 2.3. Not isalnum(), which asks the locale. */
static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

/* Apps show '%40' in the label as it is, so '@' may stay there: also_allowed. */
static int append_escaped(struct text *text, const char *string, char also_allowed)
{
	int status = 0;

	for (; *string != '\0' && status == 0; string++) {
		if (is_unreserved(*string) || *string == also_allowed)
			status = text_append(text, string, 1);
		else
			status = text_append_format(
				text, "%%%02X", (unsigned int)(unsigned char)*string);
	}
	return status;
}

static bool has_issuer(const struct otpauth_uri *uri)
{
	return uri->issuer != NULL && uri->issuer[0] != '\0';
}

static bool is_hotp(const struct otpauth_uri *uri)
{
	return uri->hotp || uri->parameters.hotp_counter > 0;
}

static int append_label(struct text *text, const struct otpauth_uri *uri)
{
	int status;

	if (has_issuer(uri)) {
		status = append_escaped(text, uri->issuer, '@');
		if (status == 0)
			status = append_string(text, ":");
		if (status != 0)
			return status;
	}
	return append_escaped(text, uri->account_name, '@');
}

/* The file may hold blanks, small letters and the digits that stand for
 * letters; apps want the plain form, so the secret is decoded and encoded
 * again. */
static int append_secret(struct text *text, const char *secret)
{
	size_t size = strlen(secret) + 1;
	uint8_t *bytes = malloc(size);
	char *plain = malloc(BASE32_LENGTH(size) + 1);
	size_t length;
	int status = TOTPGROUP_EMEMORY;

	if (bytes == NULL || plain == NULL)
		goto out;
	status = base32_decode(secret, size - 1, bytes, &length);
	if (status != 0)
		goto out;
	status = TOTPGROUP_EFORMAT;
	if (length == 0)
		goto out;
	base32_encode(bytes, length, plain);
	status = append_string(text, plain);
	wipe_free_string(plain);
	plain = NULL;
out:
	wipe_free(bytes, size);
	free(plain);
	return status;
}

static int append_issuer(struct text *text, const struct otpauth_uri *uri)
{
	int status;

	if (!has_issuer(uri))
		return 0;
	status = append_string(text, "&issuer=");
	return status != 0 ? status : append_escaped(text, uri->issuer, '\0');
}

static int append_algorithm(struct text *text, enum hmac_algorithm algorithm)
{
	switch (algorithm) {
	case HMAC_SHA1:
		return 0;
	case HMAC_SHA256:
		return append_string(text, "&algorithm=SHA256");
	case HMAC_SHA512:
		return append_string(text, "&algorithm=SHA512");
	}
	return TOTPGROUP_EARGUMENT;
}

static int append_digits(struct text *text, unsigned int digits)
{
	return digits == DEFAULT_DIGITS ? 0 : text_append_format(text, "&digits=%u", digits);
}

/* HOTP needs its counter; a TOTP period of 30 s need not be said. */
static int append_moving_factor(struct text *text, const struct otpauth_uri *uri)
{
	const struct credential_parameters *parameters = &uri->parameters;

	if (is_hotp(uri))
		return text_append_format(text, "&counter=%" PRId64, parameters->hotp_counter);
	if (parameters->period == DEFAULT_PERIOD)
		return 0;
	return text_append_format(text, "&period=%u", parameters->period);
}

static int append_uri(struct text *text, const struct otpauth_uri *uri)
{
	int status;

	if ((status = append_string(
		     text, is_hotp(uri) ? "otpauth://hotp/" : "otpauth://totp/")) != 0 ||
		(status = append_label(text, uri)) != 0 ||
		(status = append_string(text, "?secret=")) != 0 ||
		(status = append_secret(text, uri->secret)) != 0 ||
		(status = append_issuer(text, uri)) != 0 ||
		(status = append_algorithm(text, uri->algorithm)) != 0 ||
		(status = append_digits(text, uri->parameters.digits)) != 0)
		return status;
	return append_moving_factor(text, uri);
}

int otpauth_uri_append(struct text *text, const struct otpauth_uri *uri)
{
	size_t before = text->length;
	int status;

	if (uri->account_name[0] == '\0')
		return TOTPGROUP_EARGUMENT;
	status = append_uri(text, uri);
	/* Half a URI is of no use, and taking text away needs no memory. */
	if (status != 0 && text->length > before)
		(void)text_splice(text, before, text->length - before, NULL, 0);
	return status;
}

int otpauth_uri_append_key(struct text *text, const struct otp_key *key)
{
	size_t size = BASE32_LENGTH(key->secret_length) + 1;
	char *secret = malloc(size);
	int status;

	if (secret == NULL)
		return TOTPGROUP_EMEMORY;
	base32_encode(key->secret, key->secret_length, secret);
	status = otpauth_uri_append(
		text, &(struct otpauth_uri){
			      .secret = secret,
			      .issuer = key->issuer,
			      .account_name = key->name != NULL ? key->name : "",
			      .algorithm = key->algorithm,
			      .parameters =
				      {
					      .digits = key->digits,
					      .period = key->period,
					      .totp = !key->hotp,
					      .hotp_counter = key->counter,
				      },
			      .hotp = key->hotp,
		      });
	wipe_free(secret, size);
	return status;
}
