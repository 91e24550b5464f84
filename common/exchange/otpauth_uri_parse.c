/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "base/similar.h"
#include "exchange/otpauth_uri.h"
#include "exchange/percent.h"
#include "totpgroup.h"

struct uri_parts {
	struct word type;
	struct word label;
	struct word query;
};

struct parameter {
	const char *name; /* first, for similar_name() */
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
	{"encoder", otp_key_refuse_letters, true, true},
	{NULL, NULL, false, false},
};

#define PARAMETERS (sizeof parameters / sizeof parameters[0] - 1)

/* Words that people use for a parameter, and what it is called. */
static const struct {
	const char *word;
	const char *name;
} other_words[] = {
	{"digest", "algorithm"},
	{"hash", "algorithm"},
	{"interval", "period"},
	{"step", "period"},
	{"length", "digits"},
};

#define OTHER_WORDS (sizeof other_words / sizeof other_words[0])

static int split_uri(
	struct uri_parts *parts, const char *uri, size_t length, struct error *error)
{
	static const char scheme[] = "otpauth://";
	struct word rest = {uri, length};
	struct word whole, path;

	if (length < strlen(scheme) || !ascii_is_word(uri, strlen(scheme), scheme))
		return error_set(error, TOTPGROUP_EFORMAT, "does not begin with %s", scheme);
	rest.start += strlen(scheme);
	rest.length -= strlen(scheme);
	whole = rest;
	rest = word_take_until(&whole, '#');
	if (rest.length > 0 && whole.length > 0 && rest.start[rest.length - 1] == '&')
		return error_set(
			error, TOTPGROUP_EFORMAT, "has &#, which no link has: write & alone");
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

/* A parameter whose name begins with these letters, which are more than two. */
static const char *find_abbreviated(const char *letters, size_t length)
{
	for (size_t i = 0; length > 2 && i < PARAMETERS; i++)
		if (length < strlen(parameters[i].name) &&
			memcmp(letters, parameters[i].name, length) == 0)
			return parameters[i].name;
	return NULL;
}

/* The parameter that is meant by a name, in small letters, that is none; or NULL. */
static const char *find_meant(const char *name, size_t length)
{
	const char *meant = find_abbreviated(name, length);

	for (size_t i = 0; meant == NULL && i < OTHER_WORDS; i++)
		if (ascii_is_word(name, length, other_words[i].word))
			meant = other_words[i].name;
	if (meant == NULL)
		meant = similar_name(parameters, sizeof parameters[0], name, length);
	return meant;
}

static char small_letter(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Other programs have parameters of their own, which are ignored, but none of ours may be
 * lost because it is misspelt. */
static int refuse_misspelt(const struct text *name, struct error *error)
{
	char small[SIMILAR_NAME_MAXIMUM + 1] = "";
	const char *meant;

	if (name->length == 0 || name->length > SIMILAR_NAME_MAXIMUM ||
		ascii_has_control(name->data, name->length))
		return 0;
	for (size_t i = 0; i < name->length; i++) {
		small[i] = small_letter(name->data[i]);
	}
	meant = find_meant(small, name->length);
	if (meant == NULL)
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT, "there is no parameter '%s'; %s is meant",
		name->data, meant);
}

/* In the parameters a '+' is a blank, and %2B a plus sign. */
static int decode_value(
	struct text *text, const char *what, struct word part, struct error *error)
{
	struct word rest = part;
	int status = 0;

	while (status == 0 && rest.length > 0) {
		struct word piece = word_take_until(&rest, '+');
		bool plus = piece.start + piece.length < part.start + part.length;

		status = decode_part(text, what, piece, error);
		if (status == 0 && plus && text_append(text, " ", 1) != 0)
			status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	}
	return status;
}

static int read_parameter(struct otp_key *key, const struct parameter *parameter,
	struct word value, struct error *error)
{
	struct text decoded = TEXT_INIT;
	int status;

	if (key->hotp ? !parameter->hotp : !parameter->totp)
		return 0;
	status = decode_value(&decoded, parameter->name, value, error);
	if (status == 0 && decoded.length == 0 && parameter->set != otp_key_set_issuer &&
		parameter->set != otp_key_refuse_letters)
		status =
			error_set(error, TOTPGROUP_EFORMAT, "the %s is empty", parameter->name);
	else if (status == 0)
		status = parameter->set(
			key, decoded.data != NULL ? decoded.data : "", decoded.length, error);
	text_free(&decoded);
	return status;
}

/* Takes the next parameter off the front of a query. HTML writes &amp; for &, and texts that
 * were copied from it still have that. */
static struct word take_parameter(struct word *query)
{
	struct word parameter = word_take_until(query, '&');

	while (parameter.length >= 4 && ascii_is_word(parameter.start, 4, "amp;")) {
		parameter.start += 4;
		parameter.length -= 4;
	}
	return parameter;
}

static bool is_same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return ascii_is_word(a, strlen(a), b);
}

/* Reads two values of a parameter apart from all others. same says whether they mean the
 * same. */
static int compare_values(const struct parameter *parameter, struct word before,
	struct word value, bool *same, struct error *error)
{
	struct otp_key one = OTP_KEY_INIT, other = OTP_KEY_INIT;
	int status;

	/* The kind for which the parameter has a meaning. */
	one.hotp = other.hotp = !parameter->totp;
	status = read_parameter(&one, parameter, before, error);
	if (status == 0)
		status = read_parameter(&other, parameter, value, error);
	*same = status == 0 && otp_key_same_kind(&one, &other) &&
		one.counter == other.counter && is_same_text(one.issuer, other.issuer) &&
		(one.secret == NULL || otp_key_same_secret(&one, &other));
	otp_key_free(&one);
	otp_key_free(&other);
	return status;
}

/* A parameter may be there again with what was said before, also in another spelling. */
static int check_repeated(const struct parameter *parameter, struct word before,
	struct word value, struct error *error)
{
	bool same = true;
	int status = compare_values(parameter, before, value, &same, error);

	if (status == 0 && !same)
		status = error_set(error, TOTPGROUP_EFORMAT,
			"the %s is there twice, with different values", parameter->name);
	return status;
}

/* Decodes a name and finds its parameter; NULL for another program's. */
static int look_up(struct word name, const struct parameter **parameter, struct error *error)
{
	struct error ignored = ERROR_INIT;
	struct text decoded = TEXT_INIT;
	int status = decode_value(&decoded, "name of a parameter", name, &ignored);

	*parameter = NULL;
	if (status == TOTPGROUP_EMEMORY)
		error_set(error, status, "%s", ignored.message);
	else if (status == 0 && decoded.length > 0)
		*parameter = find_parameter((struct word){decoded.data, decoded.length});
	if (status == 0 && *parameter == NULL)
		status = refuse_misspelt(&decoded, error);
	text_free(&decoded);
	return status == TOTPGROUP_EFORMAT && error->code == 0 ? 0 : status;
}

/* Reads all parameters. seen gets the value of each; its start is NULL for none. */
static int read_query(struct otp_key *key, struct word query, struct word seen[PARAMETERS],
	struct error *error)
{
	int status = 0;

	while (status == 0 && query.length > 0) {
		struct word value = take_parameter(&query);
		struct word name = word_take_until(&value, '=');
		const struct parameter *parameter;
		struct word *before;

		status = look_up(name, &parameter, error);
		if (status != 0 || parameter == NULL)
			continue;
		before = &seen[parameter - parameters];
		if (before->start != NULL)
			status = check_repeated(parameter, *before, value, error);
		*before = value;
		if (status == 0)
			status = read_parameter(key, parameter, value, error);
	}
	return status;
}

static bool has_parameter(const struct word seen[PARAMETERS], const char *name)
{
	struct word part = {name, strlen(name)};

	return seen[find_parameter(part) - parameters].start != NULL;
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

static bool begins_with(const char *value, size_t length, const char *start)
{
	return length >= strlen(start) && ascii_is_word(value, strlen(start), start);
}

int otpauth_uri_or_secret(
	struct otp_key *key, const char *value, size_t length, struct error *error)
{
	if (begins_with(value, length, "otpauth://"))
		return otpauth_uri_parse(key, value, length, error);
	if (begins_with(value, length, "steam://"))
		return otp_key_refuse_letters(key, "steam", strlen("steam"), error);
	return otp_key_set_base32(key, value, length, error);
}

int otpauth_uri_parse(struct otp_key *key, const char *uri, size_t length, struct error *error)
{
	struct uri_parts parts = {{"", 0}, {"", 0}, {"", 0}};
	struct word seen[PARAMETERS] = {{NULL, 0}};
	int status = split_uri(&parts, uri, length, error);

	if (status == 0)
		status = otp_key_set_type(key, parts.type.start, parts.type.length, error);
	if (status == 0)
		status = read_query(key, parts.query, seen, error);
	if (status == 0 && !has_parameter(seen, "secret"))
		status = error_set(error, TOTPGROUP_EFORMAT, "the secret is missing");
	if (key->hotp && !has_parameter(seen, "counter"))
		key->notes |= OTP_KEY_COUNTER_ASSUMED;
	/* After the parameters, because their issuer counts more than the label's. */
	if (status == 0)
		status = read_label(key, parts.label, error);
	return status;
}
