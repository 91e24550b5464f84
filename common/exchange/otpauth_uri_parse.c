/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/otpauth_uri_parse.h"

#include <string.h>

#include "base/ascii.h"
#include "exchange/percent.h"
#include "totpgroup.h"

/* A piece of the URI. */
struct part {
	const char *start;
	size_t length;
};

struct uri_parts {
	struct part type;
	struct part label;
	struct part query;
};

/* One row for each parameter that is known. */
struct parameter {
	const char *name;
	int (*set)(struct otp_key *key, const char *value, size_t length, struct error *error);
	/* Whether it means anything for this type of key. */
	bool totp;
	bool hotp;
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

/* Takes what is before the first such character, and the character, off the
 * front; everything where there is none. */
static struct part take_until(struct part *rest, char character)
{
	const char *end =
		rest->length > 0 ? memchr(rest->start, character, rest->length) : NULL;
	struct part taken = *rest;

	if (end == NULL) {
		rest->start += rest->length;
		rest->length = 0;
		return taken;
	}
	taken.length = (size_t)(end - rest->start);
	rest->start = end + 1;
	rest->length -= taken.length + 1;
	return taken;
}

static int split(struct uri_parts *parts, const char *uri, size_t length, struct error *error)
{
	static const char scheme[] = "otpauth://";
	struct part rest = {uri, length};
	struct part path;

	if (length < strlen(scheme) || !ascii_is_word(uri, strlen(scheme), scheme))
		return error_set(error, TOTPGROUP_EFORMAT, "does not begin with %s", scheme);
	rest.start += strlen(scheme);
	rest.length -= strlen(scheme);
	rest = take_until(&rest, '#');
	path = take_until(&rest, '?');
	parts->query = rest;
	parts->type = take_until(&path, '/');
	parts->label = path;
	return 0;
}

static int decode(struct text *text, const char *what, struct part part, struct error *error)
{
	int status = percent_decode(text, part.start, part.length);

	if (status == TOTPGROUP_EFORMAT)
		return error_set(error, status,
			"the %s has a %% that two hexadecimal digits do not follow", what);
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

static const struct parameter *find_parameter(struct part name)
{
	for (size_t i = 0; i < PARAMETERS; i++)
		if (ascii_is_word(name.start, name.length, parameters[i].name))
			return &parameters[i];
	return NULL;
}

static int read_parameter(struct otp_key *key, const struct parameter *parameter,
	struct part value, struct error *error)
{
	struct text decoded = TEXT_INIT;
	int status;

	if (key->hotp ? !parameter->hotp : !parameter->totp)
		return 0;
	status = decode(&decoded, parameter->name, value, error);
	if (status == 0 && decoded.length == 0 && parameter->set != otp_key_set_issuer)
		status =
			error_set(error, TOTPGROUP_EFORMAT, "the %s is empty", parameter->name);
	else if (status == 0)
		status = parameter->set(key, decoded.data, decoded.length, error);
	text_free(&decoded);
	return status;
}

/* Reads all parameters; seen has a bit for each row of the table. */
static int read_query(
	struct otp_key *key, struct part query, unsigned int *seen, struct error *error)
{
	int status = 0;

	*seen = 0;
	while (status == 0 && query.length > 0) {
		struct part value = take_until(&query, '&');
		struct part name = take_until(&value, '=');
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

static int require(unsigned int seen, const char *name, struct error *error)
{
	struct part part = {name, strlen(name)};

	if ((seen & 1U << (find_parameter(part) - parameters)) != 0)
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT, "the %s is missing", name);
}

/* The first colon as it is, or else as %3A, ends the issuer. */
static struct part label_issuer(struct part label)
{
	struct part rest = label;
	struct part issuer = take_until(&rest, ':');

	if (issuer.length < label.length)
		return issuer;
	for (size_t i = 0; i + 3 <= label.length; i++)
		if (ascii_is_word(label.start + i, 3, "%3a"))
			return (struct part){label.start, i};
	return label;
}

static int read_label(struct otp_key *key, struct part label, struct error *error)
{
	struct text issuer = TEXT_INIT;
	struct text whole = TEXT_INIT;
	struct part before = label_issuer(label);
	size_t colon;
	int status = decode(&issuer, "label", before, error);

	if (status == 0)
		status = decode(&whole, "label", label, error);
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

static int read_type(struct otp_key *key, struct part type, struct error *error)
{
	key->hotp = ascii_is_word(type.start, type.length, "hotp");
	if (key->hotp || ascii_is_word(type.start, type.length, "totp"))
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT, "the type is neither totp nor hotp");
}

int otpauth_uri_parse(struct otp_key *key, const char *uri, size_t length, struct error *error)
{
	struct uri_parts parts = {{"", 0}, {"", 0}, {"", 0}};
	unsigned int seen = 0;
	int status = split(&parts, uri, length, error);

	if (status == 0)
		status = read_type(key, parts.type, error);
	if (status == 0)
		status = read_query(key, parts.query, &seen, error);
	if (status == 0)
		status = require(seen, "secret", error);
	if (status == 0 && key->hotp)
		status = require(seen, "counter", error);
	/* After the parameters, because the issuer among them counts more. */
	if (status == 0)
		status = read_label(key, parts.label, error);
	return status;
}
