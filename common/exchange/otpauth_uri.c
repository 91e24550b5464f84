/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/otpauth_uri.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base32.h"
#include "base/wipe.h"
#include "exchange/percent.h"
#include "totpgroup.h"

/* What every authenticator app assumes for a parameter that is left out. */
#define DEFAULT_DIGITS 6
#define DEFAULT_PERIOD 30

static bool is_hotp(const struct otpauth_uri *uri)
{
	return uri->hotp || uri->parameters.hotp_counter > 0;
}

/* A credential may write its secret with blanks, small letters and digits in place of
 * letters. Apps expect the plain form, so the secret is decoded and encoded again. */
static int append_secret(struct text *text, const char *secret)
{
	size_t size = strlen(secret) + 1;
	uint8_t *bytes = malloc(size);
	size_t length;
	int status = TOTPGROUP_EMEMORY;

	if (bytes != NULL)
		status = base32_decode(secret, size - 1, bytes, &length);
	if (status == 0)
		status = length == 0 ? TOTPGROUP_EFORMAT : base32_append(text, bytes, length);
	wipe_free(bytes, size);
	return status;
}

static int append_parts(struct text *text, const struct otpauth_uri *uri)
{
	const struct credential_parameters *parameters = &uri->parameters;
	bool issuer = uri->issuer != NULL && uri->issuer[0] != '\0';
	int status;

	(void)text_append_string(text, is_hotp(uri) ? "otpauth://hotp/" : "otpauth://totp/");
	/* Some apps show '%40' in the label as it is. */
	if (issuer) {
		(void)percent_encode(text, uri->issuer, '@');
		(void)text_append_string(text, ":");
	}
	(void)percent_encode(text, uri->account_name, '@');
	(void)text_append_string(text, "?secret=");
	status = append_secret(text, uri->secret);
	if (issuer) {
		(void)text_append_string(text, "&issuer=");
		(void)percent_encode(text, uri->issuer, '\0');
	}
	if (uri->algorithm != HMAC_SHA1)
		(void)text_append_format(
			text, "&algorithm=%s", hmac_algorithm_name(uri->algorithm));
	if (parameters->digits != DEFAULT_DIGITS)
		(void)text_append_format(text, "&digits=%u", parameters->digits);
	if (is_hotp(uri))
		(void)text_append_format(text, "&counter=%" PRId64, parameters->hotp_counter);
	else if (parameters->period != DEFAULT_PERIOD)
		(void)text_append_format(text, "&period=%u", parameters->period);
	return status != 0 ? status : text->status;
}

int otpauth_uri_append(struct text *text, const struct otpauth_uri *uri)
{
	size_t before = text->length;
	int status;

	if (uri->account_name[0] == '\0' || hmac_algorithm_name(uri->algorithm) == NULL)
		return TOTPGROUP_EARGUMENT;
	status = append_parts(text, uri);
	if (status != 0)
		text_cut(text, before);
	return status;
}

int otpauth_uri_append_key(struct text *text, const struct otp_key *key)
{
	struct text secret = TEXT_INIT;
	struct otpauth_uri uri = {
		.issuer = key->issuer,
		.account_name = key->name != NULL ? key->name : "",
		.algorithm = key->algorithm,
		.parameters = {.digits = key->digits,
			.period = key->period,
			.totp = !key->hotp,
			.hotp_counter = key->counter},
		.hotp = key->hotp,
	};
	int status = base32_append(&secret, key->secret, key->secret_length);

	uri.secret = secret.data;
	if (status == 0)
		status = otpauth_uri_append(text, &uri);
	text_free(&secret);
	return status;
}
