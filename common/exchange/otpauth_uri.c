/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/otpauth_uri.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/base32.h"
#include "base/lines.h"
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

struct uri_parts {
	struct word type;
	struct word label;
	struct word query;
};

struct parameter {
	const char *name;
	otp_key_setter *set;
	bool totp; /* has a meaning for TOTP */
	bool hotp; /* and for HOTP */
};

static const struct parameter parameters[] = {
	{"secret", otp_key_set_base32, true, true},
	{"issuer", otp_key_set_issuer, true, true},
	{"algorithm", otp_key_set_algorithm, true, true},
	{"digits", otp_key_set_digits, true, true},
	{"period", otp_key_set_period, true, false},
	{"counter", otp_key_set_counter, false, true},
};

#define PARAMETERS (sizeof parameters / sizeof parameters[0])

static int split_uri(
	struct uri_parts *parts, const char *uri, size_t length, struct error *error)
{
	static const char scheme[] = "otpauth://";
	struct word rest = {uri, length};
	struct word path;

	if (length < strlen(scheme) || !ascii_is_word(uri, strlen(scheme), scheme))
		return error_set(error, TOTPGROUP_EFORMAT, "does not begin with %s", scheme);
	rest.start += strlen(scheme);
	rest.length -= strlen(scheme);
	rest = word_take_until(&rest, '#');
	path = word_take_until(&rest, '?');
	parts->query = rest;
	parts->type = word_take_until(&path, '/');
	parts->label = path;
	return 0;
}

static int decode_part(
	struct text *text, const char *what, struct word part, struct error *error)
{
	int status = percent_decode(text, part.start, part.length);

	if (status == TOTPGROUP_EFORMAT)
		return error_set(error, status,
			"the %s has a %% that two hexadecimal digits do not follow", what);
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

static const struct parameter *find_parameter(struct word name)
{
	for (size_t i = 0; i < PARAMETERS; i++)
		if (ascii_is_word(name.start, name.length, parameters[i].name))
			return &parameters[i];
	return NULL;
}

static int read_parameter(struct otp_key *key, const struct parameter *parameter,
	struct word value, struct error *error)
{
	struct text decoded = TEXT_INIT;
	int status;

	if (key->hotp ? !parameter->hotp : !parameter->totp)
		return 0;
	status = decode_part(&decoded, parameter->name, value, error);
	if (status == 0 && decoded.length == 0 && parameter->set != otp_key_set_issuer)
		status =
			error_set(error, TOTPGROUP_EFORMAT, "the %s is empty", parameter->name);
	else if (status == 0)
		status = parameter->set(key, decoded.data, decoded.length, error);
	text_free(&decoded);
	return status;
}

/* Reads all parameters. *seen gets a bit for each row of the table. */
static int read_query(
	struct otp_key *key, struct word query, unsigned int *seen, struct error *error)
{
	int status = 0;

	*seen = 0;
	while (status == 0 && query.length > 0) {
		struct word value = word_take_until(&query, '&');
		struct word name = word_take_until(&value, '=');
		const struct parameter *parameter = find_parameter(name);
		unsigned int bit;

		if (parameter == NULL)
			continue;
		bit = 1U << (parameter - parameters);
		if ((*seen & bit) != 0)
			return error_set(error, TOTPGROUP_EFORMAT, "the %s is there twice",
				parameter->name);
		*seen |= bit;
		status = read_parameter(key, parameter, value, error);
	}
	return status;
}

static int require_parameter(unsigned int seen, const char *name, struct error *error)
{
	struct word part = {name, strlen(name)};

	if ((seen & 1U << (find_parameter(part) - parameters)) != 0)
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT, "the %s is missing", name);
}

/* The issuer of a label, before the first colon or, without one, the first %3A; the
 * whole label where there is neither. */
static struct word label_issuer(struct word label)
{
	struct word rest = label;
	struct word issuer = word_take_until(&rest, ':');

	if (issuer.length < label.length)
		return issuer;
	for (size_t i = 0; i + 3 <= label.length; i++)
		if (ascii_is_word(label.start + i, 3, "%3a"))
			return (struct word){label.start, i};
	return label;
}

static int read_label(struct otp_key *key, struct word label, struct error *error)
{
	struct text issuer = TEXT_INIT;
	struct text whole = TEXT_INIT;
	struct word before = label_issuer(label);
	size_t colon;
	int status = decode_part(&issuer, "label", before, error);

	if (status == 0)
		status = decode_part(&whole, "label", label, error);
	if (status != 0)
		goto out;
	colon = before.length < label.length ? issuer.length : whole.length;
	status = otp_key_set_label(
		key, whole.length > 0 ? whole.data : "", whole.length, colon, error);
out:
	text_free(&issuer);
	text_free(&whole);
	return status;
}

int otpauth_uri_parse(struct otp_key *key, const char *uri, size_t length, struct error *error)
{
	struct uri_parts parts = {{"", 0}, {"", 0}, {"", 0}};
	unsigned int seen = 0;
	int status = split_uri(&parts, uri, length, error);

	if (status == 0)
		status = otp_key_set_type(key, parts.type.start, parts.type.length, error);
	if (status == 0)
		status = read_query(key, parts.query, &seen, error);
	if (status == 0)
		status = require_parameter(seen, "secret", error);
	if (status == 0 && key->hotp)
		status = require_parameter(seen, "counter", error);
	/* After the parameters, because their issuer counts more than the label's. */
	if (status == 0)
		status = read_label(key, parts.label, error);
	return status;
}
